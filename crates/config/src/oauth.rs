//! `[oauth]`: the authorization server.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_types::SecretString;
use url::Url;

use crate::guards::Rate;
use crate::manager::ManagerSettings;
use crate::reader::Reader;

/// How the authorization server issues tokens, and to whom. Counts only where there is a manager.
#[derive(Debug, Clone)]
pub struct OauthSettings {
    /// Life of an access token.
    pub access_token: Duration,
    /// Life of a refresh token from its last rotation.
    pub refresh_token: Duration,
    /// Life of a grant, whatever happens.
    pub grant: Duration,
    /// How long after its rotation a refresh token brings the same successor again; 0 never does.
    pub refresh_repeat_window: Duration,
    /// How often at the most.
    pub refresh_repeats: u32,
    /// How long a person may take to decide.
    pub transaction: Duration,
    /// Life of an authorization code.
    pub code: Duration,
    /// Life of a device code and its user code.
    pub device_code: Duration,
    /// What access tokens are signed with.
    pub signing_algorithm: SigningAlgorithm,
    /// How long a key signs before the next one does.
    pub signing_key_life: Duration,
    /// Clients that register themselves; `None`: they may not.
    pub registration: Option<RegistrationSettings>,
    /// Clients that a document describes; `None`: they are not known.
    pub client_documents: Option<ClientDocumentSettings>,
    /// Whose assertions are taken for tokens (ID-JAG).
    pub assertion_issuers: Vec<AssertionIssuer>,
    /// How often who may ask.
    pub limits: OauthLimits,
}

/// `[oauth.limits]`: requests of one address, or of whom else the name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthLimits {
    /// Authorization requests of an address.
    pub authorize: Rate,
    /// Token requests of an address, before the client is known.
    pub token: Rate,
    /// Token requests of a client that proved itself.
    pub token_of_client: Rate,
    /// Registrations of an address.
    pub registration: Rate,
    /// Registrations of everybody together.
    pub registration_of_all: Rate,
    /// Revocations and introspections of an address.
    pub inspection: Rate,
    /// Device authorizations of an address.
    pub device: Rate,
    /// User codes that an account enters.
    pub user_code: Rate,
    /// Documents that an address has fetched.
    pub client_document: Rate,
}

impl OauthLimits {
    fn read(reader: &mut Reader) -> Self {
        Self {
            authorize: rate(reader, "authorize"),
            token: rate(reader, "token"),
            token_of_client: rate(reader, "token_of_client"),
            registration: rate(reader, "registration"),
            registration_of_all: rate(reader, "registration_of_all"),
            inspection: rate(reader, "inspection"),
            device: rate(reader, "device"),
            user_code: rate(reader, "user_code"),
            client_document: rate(reader, "client_document"),
        }
    }
}

fn rate(reader: &mut Reader, name: &str) -> Rate {
    let mut number = |key: &str| {
        let number = reader.number(&format!("oauth.limits.{name}.{key}"), 1, 100_000_000);
        NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
    };
    Rate {
        per_minute: number("per_minute"),
        burst: number("burst"),
    }
}

/// Signature of access tokens (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256.
    Es256,
    /// RSA PKCS #1 v1.5, for resource servers that know nothing newer.
    Rs256,
}

/// `[oauth.registration]`: dynamic client registration (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationSettings {
    /// New registrations of one address a day.
    pub per_address_per_day: u64,
}

/// `[oauth.client_documents]`: client id metadata documents.
#[derive(Debug, Clone)]
pub struct ClientDocumentSettings {
    /// Hosts whose documents are clients, in lower case; empty: any.
    pub hosts: Vec<String>,
    /// Hosts that documents and keys are fetched from though their addresses are private: `name` or `name:port`, in
    /// lower case. From them plain HTTP is taken as well.
    pub private_hosts: Vec<String>,
    /// Certificates (PEM) to trust besides the operating system's.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for a document.
    pub timeout: Duration,
    /// What is asked to find out whether documents can be fetched at all; `None`: they are taken to be.
    pub check_url: Option<Url>,
    /// A forward proxy that documents are fetched through.
    pub proxy: Option<SecretString>,
}

/// `[oauth.assertion_issuers.<name>]`: an identity provider whose assertions are taken (ID-JAG).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionIssuer {
    /// What the operator calls it.
    pub name: String,
    /// `iss`.
    pub issuer: String,
    /// Its keys.
    pub jwks_uri: Url,
    /// Whether an account is found by the assertion's verified address, where none is tied to its subject.
    pub links_by_email: bool,
}

impl OauthSettings {
    pub(crate) fn read(reader: &mut Reader, manager: Option<&ManagerSettings>) -> Self {
        const DAY: i64 = 86_400;
        let settings = Self {
            access_token: reader.secs("oauth.access_token_secs", 60, DAY),
            refresh_token: reader.secs("oauth.refresh_token_secs", 300, 366 * DAY),
            grant: reader.secs("oauth.grant_secs", 300, 366 * DAY),
            refresh_repeat_window: reader.secs("oauth.refresh_repeat_window_secs", 0, 300),
            refresh_repeats: reader.number("oauth.refresh_repeats", 0, 1000),
            transaction: reader.secs("oauth.transaction_secs", 60, 3600),
            code: reader.secs("oauth.code_secs", 5, 600),
            device_code: reader.secs("oauth.device_code_secs", 60, 1800),
            signing_algorithm: match reader.choice("oauth.signing_algorithm", &["ES256", "RS256"]) {
                1 => SigningAlgorithm::Rs256,
                _ => SigningAlgorithm::Es256,
            },
            signing_key_life: reader.secs("oauth.signing_key_secs", DAY, 366 * DAY),
            registration: registration(reader),
            client_documents: client_documents(reader),
            assertion_issuers: assertion_issuers(reader),
            limits: OauthLimits::read(reader),
        };
        settings.check(reader);
        if manager.is_some() {
            check_public_url(reader);
        }
        settings
    }

    /// Lives fit into each other.
    fn check(&self, reader: &mut Reader) {
        let pairs = [
            (
                self.code,
                "oauth.code_secs",
                self.transaction,
                "oauth.transaction_secs",
            ),
            (
                self.access_token,
                "oauth.access_token_secs",
                self.refresh_token,
                "oauth.refresh_token_secs",
            ),
            (
                self.refresh_repeat_window,
                "oauth.refresh_repeat_window_secs",
                self.refresh_token,
                "oauth.refresh_token_secs",
            ),
        ];
        for (less, key, more, of) in pairs {
            if less >= more {
                reader.refuse(key, &format!("less than {of}, which is {}", more.as_secs()));
            }
        }
        if self.refresh_token > self.grant {
            reader.refuse(
                "oauth.refresh_token_secs",
                &format!(
                    "at most oauth.grant_secs, which is {}",
                    self.grant.as_secs()
                ),
            );
        }
    }
}

/// The issuer is the origin of `server.public_url`: codes and tokens must not travel in the open.
fn check_public_url(reader: &mut Reader) {
    const KEY: &str = "server.public_url";
    let listen = crate::ListenAddress {
        host: reader.text("server.host"),
        port: 0,
    };
    let reason = "since people sign in here and tokens are sent there";
    let is_set = !reader.text(KEY).is_empty();
    if !is_set && !listen.is_loopback() {
        reader.refuse(KEY, &format!("an https:// URL, {reason}"));
    }
    if let Some(url) = reader.safe_url(KEY, reason)
        && (url.path() != "/" || url.query().is_some())
    {
        reader.refuse(
            KEY,
            "an origin without path and query, since the endpoints of OAuth are at its root",
        );
    }
}

fn registration(reader: &mut Reader) -> Option<RegistrationSettings> {
    let settings = RegistrationSettings {
        per_address_per_day: reader.number("oauth.registration.per_address_per_day", 1, 10_000_000),
    };
    reader
        .flag("oauth.registration.enabled")
        .then_some(settings)
}

fn client_documents(reader: &mut Reader) -> Option<ClientDocumentSettings> {
    let settings = ClientDocumentSettings {
        hosts: hosts(reader, "oauth.client_documents.hosts"),
        private_hosts: hosts(reader, "oauth.client_documents.private_hosts"),
        ca_file: Some(reader.text("oauth.client_documents.ca_file"))
            .filter(|file| !file.is_empty())
            .map(PathBuf::from),
        timeout: reader.millis("oauth.client_documents.timeout_ms", 100, 30_000),
        check_url: check_url(reader),
        proxy: proxy(reader),
    };
    reader
        .flag("oauth.client_documents.enabled")
        .then_some(settings)
}

/// Where nothing is set and only documents of some hosts are taken, the first of them.
fn check_url(reader: &mut Reader) -> Option<Url> {
    const KEY: &str = "oauth.client_documents.check_url";
    match reader.text(KEY).as_str() {
        "off" => None,
        "" => {
            let hosts = reader.texts("oauth.client_documents.hosts");
            let host = hosts.first().map_or(USUAL_HOST, String::as_str);
            // One of an intranet may have a port of its own.
            let private = reader.texts("oauth.client_documents.private_hosts");
            let with_port = private.iter().find(|private| {
                private
                    .split_once(':')
                    .is_some_and(|(name, _)| name.eq_ignore_ascii_case(host))
            });
            let host = with_port.map_or(host, String::as_str);
            Url::parse(&format!("https://{host}/")).ok()
        }
        _ => {
            let url = reader.http_url(KEY);
            if url.as_ref().is_some_and(|url| url.scheme() != "https") {
                reader.refuse(KEY, "an https:// URL, or \"off\"");
            }
            url
        }
    }
}

/// Of the client that is most often connected.
const USUAL_HOST: &str = "claude.ai";

fn proxy(reader: &mut Reader) -> Option<SecretString> {
    const KEY: &str = "oauth.client_documents.proxy";
    let proxy = reader.secret(KEY)?;
    reader.check_secret_url(
        KEY,
        &["http", "https"],
        "http://[user:password@]host:port of a forward proxy",
    );
    Some(proxy)
}

fn hosts(reader: &mut Reader, key: &str) -> Vec<String> {
    let hosts = reader.texts(key);
    if hosts
        .iter()
        .any(|host| host.is_empty() || host.contains(['/', '@', ' ', '*']))
    {
        reader.refuse(key, "\"name\" or \"name:port\", without scheme, path and *");
    }
    hosts
        .into_iter()
        .map(|host| host.to_ascii_lowercase())
        .collect()
}

fn assertion_issuers(reader: &mut Reader) -> Vec<AssertionIssuer> {
    let names = reader.names_below("oauth.assertion_issuers");
    names
        .into_iter()
        .filter_map(|name| {
            let key = |key: &str| format!("oauth.assertion_issuers.{name}.{key}");
            let issuer = reader.text(&key("issuer"));
            if issuer.is_empty() {
                reader.refuse(&key("issuer"), "the value of iss in its assertions");
            }
            let uri = key("jwks_uri");
            if reader.text(&uri).is_empty() {
                reader.refuse(&uri, "the URL of its keys");
            }
            let reason = "since whoever can change the answer can sign in as anyone";
            Some(AssertionIssuer {
                jwks_uri: reader.safe_url(&uri, reason)?,
                links_by_email: reader.flag(&key("links_by_email")),
                issuer,
                name,
            })
        })
        .collect()
}
