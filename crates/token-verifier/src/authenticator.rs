use std::sync::Arc;

use tidegate_config::{AuthMethod, AuthSettings};
use tidegate_http_client::ClientSetupError;
use tidegate_oauth_types::jose::UnusablePem;
use tidegate_types::{
    ClientName, Clock, Credential, GrantId, ScopeSet, ServiceCode, WorkspaceSlug,
};

use crate::{DevelopmentAuthenticator, JwtAuthenticator, Subject};

/// Tells who calls. A team with an identity system of its own implements this one.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync + std::fmt::Debug {
    /// Checks a bearer token; `None` when the request had no `Authorization: Bearer` header.
    ///
    /// Cancel safe. Called on every request, so an implementation remembers what it has checked.
    ///
    /// # Errors
    /// An [`AuthFailure`], which tells the caller nothing about why a token was refused (RFC 6750 §3.1).
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure>;

    /// The deployment's own keys changed: what was verified by them is not good any more without another look.
    /// Nothing to do for whoever knows no such keys.
    fn keys_changed(&self) {}
}

/// What a good credential says. It names a user, but proves no membership of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// What kind of credential it was.
    pub kind: TokenKind,
    /// Who it is of: for the workspace to find among its users. Of our own tokens, the account's id.
    pub subject: Subject,
    /// The client that the token was issued to (`client_id`, `azp`, `cid` or `appid`), or `unnamed`.
    pub client: ClientName,
    /// What the token lets its bearer do.
    pub scopes: ScopeSet,
    /// How it was proved, with the token's id.
    pub credential: Credential,
    /// When it ends, in seconds since the Unix epoch; `None` for the development user and for API tokens
    /// without an end.
    pub expires_at_unix_secs: Option<i64>,
    /// The grant or API token whose standing the manager decides, for our own tokens.
    pub grant: Option<GrantId>,
    /// The one workspace that it is for.
    pub workspace: Option<WorkspaceSlug>,
}

/// Kinds of credentials, by who vouches for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Nobody does: the development user.
    Development,
    /// An issuer that is not ours.
    External,
    /// Our authorization server: an access token under a grant.
    OAuth,
    /// Our manager: an API token.
    ApiToken,
    /// The configuration: a static token, accepted while clients move to others.
    Static,
}

/// Why nobody was authenticated, in the words that a caller may see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthFailure {
    /// No token came.
    #[error("a bearer token is needed")]
    Missing,
    /// A token came and was refused.
    #[error("the bearer token is not valid")]
    Refused,
    /// The token is good, and lacks a scope that every token must have.
    #[error("the bearer token lacks a required scope")]
    InsufficientScope {
        /// All scopes that are required, for the challenge (RFC 6750 §3).
        required: Arc<[String]>,
    },
    /// The token could not be checked; it may be good.
    #[error("the bearer token cannot be checked now")]
    Unavailable,
}

impl AuthFailure {
    /// The kind of failure that the edge shows.
    pub const fn service_code(&self) -> ServiceCode {
        match self {
            Self::Missing | Self::Refused => ServiceCode::Unauthenticated,
            Self::InsufficientScope { .. } => ServiceCode::InsufficientScope,
            Self::Unavailable => ServiceCode::Unavailable,
        }
    }
}

/// Why an authenticator could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// `auth.jwt.public_key` is no public key of the algorithm.
    #[error("auth.jwt.public_key cannot be used")]
    PublicKey(#[source] UnusablePem),
    /// The HTTP client for `auth.jwt.jwks_uri`.
    #[error("the HTTP client for auth.jwt.jwks_uri could not be built")]
    Client(#[source] ClientSetupError),
    /// Tokens are asked for, and nobody issues them.
    #[error("auth.enabled asks for tokens, and neither a manager nor auth.jwt says whose")]
    Nobody,
}

/// The authenticator that the settings ask for; `None` where the manager's tokens alone are accepted.
///
/// # Errors
/// When a key cannot be read. JWKS are fetched on the first use, so that an issuer that is down
/// does not keep the server from starting.
pub fn from_settings(
    settings: &AuthSettings,
    clock: Arc<dyn Clock>,
) -> Result<Option<Arc<dyn Authenticator>>, SetupError> {
    Ok(match &settings.method {
        AuthMethod::Development(user) => {
            Some(Arc::new(DevelopmentAuthenticator::new(&user.username)))
        }
        AuthMethod::Jwt(settings) => Some(Arc::new(JwtAuthenticator::new(settings, clock)?)),
        AuthMethod::OwnTokens => None,
    })
}
