mod jwt;
mod preset;

use tidegate_types::{ExposeSecret, SecretString, WorkspaceSlug};

use crate::reader::Reader;

pub use jwt::{
    ClientScopes, JwksSettings, JwtAlgorithm, JwtKey, JwtSettings, TokenTypes, UserRules,
};
pub use preset::{IssuerPreset, TokenShape};

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
        let method = if JwtSettings::is_configured(reader) {
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
        if !reader.serves() {
            return;
        }
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
