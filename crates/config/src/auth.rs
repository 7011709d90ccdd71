use std::time::Duration;

use tidegate_types::{ExposeSecret, SecretString, WorkspaceSlug};
use url::Url;

use crate::reader::{Reader, is_safe};

/// `[auth]`: how callers prove who they are.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// By which method.
    pub method: AuthMethod,
    /// Tokens of an older set-up that go on for a while; none while everyone is the development user.
    pub static_tokens: Vec<StaticToken>,
    /// Verified tokens that are remembered, of whichever issuer; 0 remembers none.
    pub token_cache_entries: u64,
    /// Whether the log tells why a token was refused.
    pub debug_errors: bool,
}

/// One way to tell who calls.
#[derive(Debug, Clone)]
pub enum AuthMethod {
    /// Everyone is one configured user.
    Development(DevelopmentUser),
    /// A bearer JWT of another issuer; beside a manager, its own tokens as well.
    Jwt(Box<JwtSettings>),
    /// The manager's tokens alone.
    OwnTokens,
}

/// `[auth.static_tokens.<name>]`: a bearer token that never ends and may do whatever its user may.
#[derive(Debug, Clone)]
pub struct StaticToken {
    /// What the operator calls it; stands in the audit.
    pub name: String,
    /// At least 16 characters.
    pub token: SecretString,
    /// `ab_user.username`.
    pub user: String,
    /// The one workspace that it is for; any without.
    pub workspace: Option<WorkspaceSlug>,
}

/// The user that everyone is while authentication is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevelopmentUser {
    /// `ab_user.username`, not empty.
    pub username: String,
}

/// `[auth.jwt]`.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    /// What signatures are checked with, which also pins the algorithm.
    pub key: JwtKey,
    /// Value that `iss` must have; `None` accepts any.
    pub issuer: Option<String>,
    /// Values of which `aud` must name one; empty accepts any.
    pub audience: Vec<String>,
    /// Scopes that every token must have.
    pub required_scopes: Vec<String>,
    /// Whether a token without any `mcp:*` scope has none of them, rather than all.
    pub require_mcp_scopes: bool,
    /// Whether the log tells why a token was refused.
    pub debug_errors: bool,
    /// Forgiven difference of clocks.
    pub leeway: Duration,
    /// Verified tokens that are remembered; 0 remembers none.
    pub token_cache_entries: u64,
}

/// The key of an issuer.
#[derive(Debug, Clone)]
pub enum JwtKey {
    /// RS256, by a key set behind a URL.
    Jwks(JwksSettings),
    /// RS256, by a public key in PEM.
    PublicKey(String),
    /// HS256, by a secret of at least 32 bytes (RFC 7518 §3.2).
    Secret(SecretString),
}

/// Where keys are fetched from, and how often.
#[derive(Debug, Clone)]
pub struct JwksSettings {
    /// The key set (RFC 7517 §5).
    pub uri: Url,
    /// Keys are used so long before they are fetched again.
    pub ttl: Duration,
    /// Shortest time between two fetches.
    pub min_refetch: Duration,
    /// Old keys are used so long after `ttl` while the URL cannot be reached.
    pub stale: Duration,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl AuthSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let jwt = JwtSettings::read(reader);
        let development = DevelopmentUser::read(reader);
        let static_tokens = StaticToken::read_all(reader);
        let (token_cache_entries, debug_errors) = (jwt.token_cache_entries, jwt.debug_errors);
        // Whoever wrote something there that cannot be read most likely wanted it on; the mistake is told already.
        if !reader.flag("auth.enabled") && !reader.is_misunderstood("auth.enabled") {
            development.check(reader);
            if let Some(token) = static_tokens.first() {
                reader.refuse_name(
                    &format!("auth.static_tokens.{}", token.name),
                    "auth.enabled = true, since everyone is the development user now",
                );
            }
            return Self {
                method: AuthMethod::Development(development),
                static_tokens: Vec::new(),
                token_cache_entries,
                debug_errors,
            };
        }
        let method = if JwtKey::is_configured(reader) {
            AuthMethod::Jwt(Box::new(jwt))
        } else {
            AuthMethod::OwnTokens
        };
        Self {
            method,
            static_tokens,
            token_cache_entries,
            debug_errors,
        }
    }
}

impl StaticToken {
    fn read_all(reader: &mut Reader) -> Vec<Self> {
        let names = reader.names_below("auth.static_tokens");
        names
            .into_iter()
            .map(|name| Self::read(reader, name))
            .collect()
    }

    fn read(reader: &mut Reader, name: String) -> Self {
        let key = |key: &str| format!("auth.static_tokens.{name}.{key}");
        let token = reader.secret(&key("token")).unwrap_or_default();
        if token.expose_secret().len() < 16 {
            reader.refuse(&key("token"), "a text of at least 16 characters");
        }
        let user = reader.text(&key("user"));
        if user.is_empty() {
            reader.refuse(&key("user"), "the user name that the token acts as");
        }
        let workspace = reader.workspace(&key("workspace"));
        Self {
            name,
            token,
            user,
            workspace,
        }
    }
}

impl DevelopmentUser {
    fn read(reader: &mut Reader) -> Self {
        let mut username = reader.text("auth.development_user");
        if username.is_empty() && !reader.has_file() {
            "admin".clone_into(&mut username);
        }
        Self { username }
    }

    /// Checks what only matters when the development user is in force.
    fn check(&self, reader: &mut Reader) {
        const PUBLIC: &str = "auth.allow_on_public_address";
        if self.username.is_empty() {
            reader.refuse(
                "auth.development_user",
                "a user name, or auth.enabled = true",
            );
        }
        let listen = crate::ListenAddress {
            host: reader.text("server.host"),
            port: 0,
        };
        if !listen.is_loopback() && !reader.flag(PUBLIC) {
            reader.refuse(
                "server.host",
                "a loopback address such as 127.0.0.1 while auth.enabled is off, since everyone who reaches it acts as the \
                 development user; or auth.enabled = true; or auth.allow_on_public_address = true",
            );
        }
    }
}

impl JwtSettings {
    fn read(reader: &mut Reader) -> Self {
        Self {
            key: JwtKey::read(reader),
            issuer: Some(reader.text("auth.jwt.issuer")).filter(|issuer| !issuer.is_empty()),
            audience: reader.texts("auth.jwt.audience"),
            required_scopes: reader.texts("auth.jwt.required_scopes"),
            require_mcp_scopes: reader.flag("auth.jwt.require_mcp_scopes"),
            debug_errors: reader.flag("auth.jwt.debug_errors"),
            leeway: reader.secs("auth.jwt.leeway_secs", 0, 300),
            token_cache_entries: reader.number("auth.jwt.token_cache_entries", 0, 10_000_000),
        }
    }
}

impl JwtKey {
    /// Whether tokens of another issuer are accepted. Whoever sets anything about such tokens and forgets the key
    /// has to be told, and not to get other tokens instead.
    fn is_configured(reader: &mut Reader) -> bool {
        const TEXTS: [&str; 4] = [
            "auth.jwt.jwks_uri",
            "auth.jwt.public_key",
            "auth.jwt.secret",
            "auth.jwt.issuer",
        ];
        TEXTS.iter().any(|key| !reader.text(key).is_empty())
            || !reader.texts("auth.jwt.audience").is_empty()
            || !reader.texts("auth.jwt.required_scopes").is_empty()
            || reader.flag("auth.jwt.require_mcp_scopes")
            || reader.text("auth.jwt.algorithm") != "RS256"
    }

    /// The one key that is configured; problems only matter with `auth.enabled`.
    fn read(reader: &mut Reader) -> Self {
        let is_enabled = reader.flag("auth.enabled") && Self::is_configured(reader);
        let uri = reader.http_url("auth.jwt.jwks_uri");
        let public_key = reader.text("auth.jwt.public_key").replace("\\n", "\n");
        let secret = reader.secret("auth.jwt.secret").unwrap_or_default();
        let jwks = |reader: &mut Reader, uri: Url| JwksSettings {
            uri,
            ttl: reader.secs("auth.jwt.jwks_ttl_secs", 1, 86_400),
            min_refetch: reader.secs("auth.jwt.jwks_min_refetch_secs", 1, 3600),
            stale: reader.secs("auth.jwt.jwks_stale_secs", 0, 7 * 86_400),
            timeout: reader.millis("auth.jwt.jwks_timeout_ms", 10, 60_000),
        };
        let is_hs256 = reader.choice("auth.jwt.algorithm", &["RS256", "HS256"]) == 1;
        if !is_enabled {
            // Read for their ranges only.
            drop(uri.map(|uri| jwks(reader, uri)));
            return Self::Secret(secret);
        }
        if is_hs256 {
            if secret.expose_secret().len() < 32 {
                reader.refuse(
                    "auth.jwt.secret",
                    "a secret of at least 32 bytes with HS256 (RFC 7518 §3.2)",
                );
            }
            if uri.is_some() || !public_key.is_empty() {
                reader.refuse(
                    "auth.jwt.algorithm",
                    "\"RS256\" with jwks_uri or public_key; HS256 uses auth.jwt.secret alone",
                );
            }
            return Self::Secret(secret);
        }
        if !secret.expose_secret().is_empty() {
            reader.refuse(
                "auth.jwt.secret",
                "no secret with RS256, or auth.jwt.algorithm = \"HS256\"",
            );
        }
        match (uri, public_key.is_empty()) {
            (Some(uri), true) => {
                check_scheme(reader, &uri);
                Self::Jwks(jwks(reader, uri))
            }
            (None, false) => {
                if !public_key.contains("-----BEGIN ") || !public_key.contains("-----END ") {
                    reader.refuse(
                        "auth.jwt.public_key",
                        "a public key in PEM with its BEGIN and END lines",
                    );
                }
                Self::PublicKey(public_key)
            }
            (Some(_), false) => {
                reader.refuse(
                    "auth.jwt.public_key",
                    "either jwks_uri or public_key, not both",
                );
                Self::PublicKey(public_key)
            }
            (None, true) => {
                reader.refuse(
                    "auth.jwt.jwks_uri",
                    "jwks_uri or public_key with RS256, since something else of [auth.jwt] is set; or nothing there, for the tokens of the manager alone",
                );
                Self::PublicKey(public_key)
            }
        }
    }
}

fn check_scheme(reader: &mut Reader, uri: &Url) {
    if !is_safe(uri) && !reader.flag("auth.jwt.allow_insecure_jwks") {
        reader.refuse(
            "auth.jwt.jwks_uri",
            "https://, since whoever can change the answer can sign in as anyone; or auth.jwt.allow_insecure_jwks = true",
        );
    }
}
