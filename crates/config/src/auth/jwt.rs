//! `[auth.jwt]`: bearer JWTs of another issuer.

use std::time::Duration;

use tidegate_types::{ExposeSecret, Scope, SecretString};
use url::Url;

use super::preset::{IssuerPreset, TokenShape};
use crate::reader::{Reader, is_safe};

/// `[auth.jwt]`.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    /// What signatures are checked with.
    pub key: JwtKey,
    /// The algorithms that tokens may be signed with, of those that the key is for.
    pub algorithms: Vec<JwtAlgorithm>,
    /// What the operator calls the issuer: where clients sign in. `None`: nothing is said of one.
    pub issuer: Option<String>,
    /// Values of which `iss` must be one; empty accepts any.
    pub issuers: Vec<String>,
    /// Values of which `aud` must name one; empty accepts any.
    pub audience: Vec<String>,
    /// Which user a token is of.
    pub user: UserRules,
    /// What a token may say that it is.
    pub token_types: TokenTypes,
    /// What else tokens of the issuer tell of themselves.
    pub shape: TokenShape,
    /// Claims that hold scopes.
    pub scope_claims: Vec<String>,
    /// Scopes that every token must have.
    pub required_scopes: Vec<String>,
    /// What clients are told to ask the issuer for.
    pub client_scopes: ClientScopes,
    /// Whether a token without any `mcp:*` scope has none of them, rather than all.
    pub require_mcp_scopes: bool,
    /// Whether the log tells why a token was refused.
    pub debug_errors: bool,
    /// Forgiven difference of clocks.
    pub leeway: Duration,
    /// Verified tokens that are remembered; 0 remembers none.
    pub token_cache_entries: u64,
}

/// Which of a token's claims name its user, and how users are compared with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRules {
    /// Claims in the order in which they count, as names or as paths with dots.
    pub claims: Vec<String>,
    /// Whether the first that the token has decides alone. Else the next is tried where nobody goes by one: safe only
    /// for claims that an operator chose.
    pub only_first: bool,
    /// Whether user names are compared without regard to case, as Superset's own sign-in does.
    pub ignores_case: bool,
}

/// `typ`s of tokens that are taken (RFC 8725 §3.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTypes {
    /// In lower case, without `application/`.
    pub named: Vec<String>,
    /// Whether a token may leave it out.
    pub may_be_absent: bool,
}

/// Scopes, as clients hear of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientScopes {
    /// In the metadata (RFC 9728 §2, `scopes_supported`); empty leaves it out, since the issuer's scopes are not known.
    pub supported: Vec<String>,
    /// In challenges (RFC 6750 §3); empty leaves it out.
    pub challenged: Vec<String>,
}

/// The key of an issuer.
#[derive(Debug, Clone)]
pub enum JwtKey {
    /// Public keys behind a URL.
    Jwks(JwksSettings),
    /// A public key in PEM.
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

/// A signature algorithm (RFC 7518 §3.1, RFC 8037) by its name in `alg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JwtAlgorithm(&'static str);

impl JwtAlgorithm {
    /// HMAC with SHA-256.
    pub const HS256: Self = Self("HS256");
    /// RSA PKCS #1 v1.5 with SHA-256.
    pub const RS256: Self = Self("RS256");

    /// The name in `alg`.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// What `auth.jwt.algorithm` may be. The public ones, then the shared secret, then all public ones.
const ALGORITHMS: [&str; 11] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256", "any",
];

/// Where nothing says otherwise: Superset's order, without `client_id`, which names no user.
const DEFAULT_USER_CLAIMS: [&str; 5] = ["sub", "email", "username", "preferred_username", "upn"];
const DEFAULT_SCOPE_CLAIMS: [&str; 3] = ["scope", "scp", "scopes"];

/// How `auth.jwt.token_types` says that a token may be without one.
const ABSENT: &str = "none";

impl JwtSettings {
    /// Whether tokens of another issuer are accepted. Whoever sets anything about such tokens and forgets the key
    /// has to be told, and not to get other tokens instead.
    pub(super) fn is_configured(reader: &Reader) -> bool {
        const TEXTS: [&str; 5] = [
            "auth.jwt.preset",
            "auth.jwt.jwks_uri",
            "auth.jwt.public_key",
            "auth.jwt.secret",
            "auth.jwt.issuer",
        ];
        const LISTS: [&str; 5] = [
            "auth.jwt.audience",
            "auth.jwt.required_scopes",
            "auth.jwt.user_claim",
            "auth.jwt.scope_claim",
            "auth.jwt.scopes_supported",
        ];
        TEXTS.iter().any(|key| !reader.text(key).is_empty())
            || LISTS.iter().any(|key| !reader.texts(key).is_empty())
            || reader.flag("auth.jwt.require_mcp_scopes")
            || reader.text("auth.jwt.algorithm") != "RS256"
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let is_enabled = reader.flag("auth.enabled") && Self::is_configured(reader);
        let preset = preset(reader);
        let issuer = reader.text("auth.jwt.issuer");
        let audience = reader.texts("auth.jwt.audience");
        if let Some(preset) = preset.filter(|_| is_enabled) {
            if let Some(expected) = preset.problem_of_issuer(&issuer) {
                reader.refuse("auth.jwt.issuer", expected);
            } else {
                reader.safe_url(
                    "auth.jwt.issuer",
                    "since people's identity comes from there",
                );
            }
            if let Some(expected) = preset.problem_of_audience(&audience) {
                reader.refuse("auth.jwt.audience", expected);
            }
        }
        if is_enabled && !issuer.is_empty() && Url::parse(&issuer).is_err() {
            reader.notice(
                "auth.jwt.issuer is no URL, so that clients cannot sign in there by themselves: they need tokens from elsewhere".to_owned(),
            );
        }
        let (key, algorithms) = JwtKey::read(reader, preset, is_enabled);
        let required_scopes = scopes(reader, "auth.jwt.required_scopes");
        let supported = scopes(reader, "auth.jwt.scopes_supported");
        let require_mcp_scopes = reader.flag("auth.jwt.require_mcp_scopes");
        let issuers = match preset {
            _ if issuer.is_empty() => Vec::new(),
            Some(preset) => preset.issuers(&issuer),
            None => vec![issuer.clone()],
        };
        Self {
            key,
            algorithms,
            issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
            issuers,
            audience: match preset {
                Some(preset) => preset.audiences(audience),
                None => audience,
            },
            user: UserRules::read(reader, preset),
            token_types: TokenTypes::read(reader),
            shape: preset.map(IssuerPreset::shape).unwrap_or_default(),
            scope_claims: claims(
                reader,
                "auth.jwt.scope_claim",
                preset.map_or(&DEFAULT_SCOPE_CLAIMS, |preset| preset.scope_claims()),
            ),
            client_scopes: ClientScopes::of(&required_scopes, supported, require_mcp_scopes),
            required_scopes,
            require_mcp_scopes,
            debug_errors: reader.flag("auth.jwt.debug_errors"),
            leeway: reader.secs("auth.jwt.leeway_secs", 0, 300),
            token_cache_entries: reader.number("auth.jwt.token_cache_entries", 0, 10_000_000),
        }
    }
}

fn preset(reader: &mut Reader) -> Option<IssuerPreset> {
    const KEY: &str = "auth.jwt.preset";
    let name = reader.text(KEY);
    let found = IssuerPreset::NAMES
        .into_iter()
        .find(|(known, _)| *known == name);
    if found.is_none() && !name.is_empty() {
        let names = IssuerPreset::NAMES.map(|(name, _)| format!("{name:?}"));
        reader.refuse(KEY, &names.join(" or "));
    }
    found.map(|(_, preset)| preset)
}

/// Names of claims: those that are set, else the usual ones.
fn claims(reader: &mut Reader, key: &str, usual: &[&str]) -> Vec<String> {
    let set = reader.texts(key);
    if set.is_empty() {
        return usual.iter().map(|&claim| claim.to_owned()).collect();
    }
    if set
        .iter()
        .any(|claim| claim.trim() != claim || claim.is_empty())
    {
        reader.refuse(key, "names of claims, each without blanks around it");
    }
    set
}

/// Scopes, of which none may end a quoted text of a header (RFC 6749 §3.3).
fn scopes(reader: &mut Reader, key: &str) -> Vec<String> {
    let scopes = reader.texts(key);
    let is_scope = |scope: &String| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    };
    if !scopes.iter().all(is_scope) {
        reader.refuse(key, "scopes of visible ASCII without quotes and blanks");
    }
    scopes
}

impl UserRules {
    fn read(reader: &mut Reader, preset: Option<IssuerPreset>) -> Self {
        const CASE: &str = "auth.jwt.username_case";
        let is_usual = reader.texts("auth.jwt.user_claim").is_empty() && preset.is_none();
        let usual = preset.map_or(&DEFAULT_USER_CLAIMS[..], |preset| preset.user_claims());
        let ignores_case = match reader.text(CASE).as_str() {
            "" => preset.is_some(),
            _ => reader.choice(CASE, &["exact", "ignore"]) == 1,
        };
        Self {
            claims: claims(reader, "auth.jwt.user_claim", usual),
            only_first: is_usual,
            ignores_case,
        }
    }
}

impl TokenTypes {
    fn read(reader: &mut Reader) -> Self {
        const KEY: &str = "auth.jwt.token_types";
        let all: Vec<String> = reader
            .texts(KEY)
            .iter()
            .map(|name| {
                let name = name.to_ascii_lowercase();
                name.strip_prefix("application/")
                    .map(str::to_owned)
                    .unwrap_or(name)
            })
            .collect();
        if all.is_empty() || all.iter().any(String::is_empty) {
            reader.refuse(KEY, "values of `typ`, or \"none\" for tokens without one");
        }
        Self {
            may_be_absent: all.iter().any(|name| name == ABSENT),
            named: all.into_iter().filter(|name| name != ABSENT).collect(),
        }
    }
}

impl ClientScopes {
    /// What is required is known to exist; a client that is challenged asks for that, or for what there is.
    fn of(required: &[String], mut supported: Vec<String>, require_mcp_scopes: bool) -> Self {
        if require_mcp_scopes && required.is_empty() && supported.is_empty() {
            // Without it a token opens nothing.
            supported.push(Scope::Read.to_string());
        }
        let challenged = if required.is_empty() {
            supported.clone()
        } else {
            required.to_vec()
        };
        let mut all = supported;
        let missing = required.iter().filter(|scope| !all.contains(scope));
        let missing: Vec<String> = missing.cloned().collect();
        all.extend(missing);
        Self {
            supported: all,
            challenged,
        }
    }
}

impl JwtKey {
    /// The one key that is configured, and what it is used with; problems only matter with `auth.enabled`.
    fn read(
        reader: &mut Reader,
        preset: Option<IssuerPreset>,
        is_enabled: bool,
    ) -> (Self, Vec<JwtAlgorithm>) {
        let own_uri = reader.http_url("auth.jwt.jwks_uri");
        let public_key = reader.text("auth.jwt.public_key").replace("\\n", "\n");
        let secret = reader.secret("auth.jwt.secret").unwrap_or_default();
        let jwks = |reader: &mut Reader, uri: Url| JwksSettings {
            uri,
            ttl: reader.secs("auth.jwt.jwks_ttl_secs", 1, 86_400),
            min_refetch: reader.secs("auth.jwt.jwks_min_refetch_secs", 1, 3600),
            stale: reader.secs("auth.jwt.jwks_stale_secs", 0, 7 * 86_400),
            timeout: reader.millis("auth.jwt.jwks_timeout_ms", 10, 60_000),
        };
        let chosen = ALGORITHMS[reader.choice("auth.jwt.algorithm", &ALGORITHMS)];
        if !is_enabled {
            // Read for their ranges only.
            drop(own_uri.map(|uri| jwks(reader, uri)));
            return (Self::Secret(secret), Vec::new());
        }
        if chosen == "HS256" {
            check_secret(reader, &secret, own_uri.is_some() || !public_key.is_empty());
            return (Self::Secret(secret), vec![JwtAlgorithm::HS256]);
        }
        let algorithms = match chosen {
            "any" => ALGORITHMS
                .into_iter()
                .filter(|name| !matches!(*name, "HS256" | "any"))
                .map(JwtAlgorithm)
                .collect(),
            one => vec![JwtAlgorithm(one)],
        };
        if !secret.expose_secret().is_empty() {
            reader.refuse(
                "auth.jwt.secret",
                &format!("no secret with {chosen}, or auth.jwt.algorithm = \"HS256\""),
            );
        }
        let uri = match preset {
            Some(preset) if own_uri.is_none() && public_key.is_empty() => {
                preset.key_set(&reader.text("auth.jwt.issuer"))
            }
            _ => own_uri,
        };
        let key = match (uri, public_key.is_empty()) {
            (Some(uri), true) => {
                check_scheme(reader, &uri);
                Self::Jwks(jwks(reader, uri))
            }
            (uri, is_empty) => {
                check_public_key(reader, &public_key, uri.is_some(), is_empty, chosen);
                Self::PublicKey(public_key)
            }
        };
        (key, algorithms)
    }
}

fn check_secret(reader: &mut Reader, secret: &SecretString, has_other_key: bool) {
    if secret.expose_secret().len() < 32 {
        reader.refuse(
            "auth.jwt.secret",
            "a secret of at least 32 bytes with HS256 (RFC 7518 §3.2)",
        );
    }
    if has_other_key {
        reader.refuse(
            "auth.jwt.algorithm",
            "\"RS256\" with jwks_uri or public_key; HS256 uses auth.jwt.secret alone",
        );
    }
}

/// A public key, where there is no key set, or one beside it.
fn check_public_key(
    reader: &mut Reader,
    public_key: &str,
    has_uri: bool,
    is_empty: bool,
    algorithm: &str,
) {
    const KEY: &str = "auth.jwt.public_key";
    if has_uri {
        reader.refuse(KEY, "either jwks_uri or public_key, not both");
    } else if is_empty {
        reader.refuse(
            "auth.jwt.jwks_uri",
            "jwks_uri or public_key, since something else of [auth.jwt] is set; or nothing there, for the tokens of the manager alone",
        );
    } else if !public_key.contains("-----BEGIN ") || !public_key.contains("-----END ") {
        reader.refuse(KEY, "a public key in PEM with its BEGIN and END lines");
    } else if algorithm == "any" {
        reader.refuse(
            "auth.jwt.algorithm",
            "the algorithm of public_key, for instance \"ES256\"; \"any\" is for the keys of a jwks_uri",
        );
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
