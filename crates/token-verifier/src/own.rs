//! Our own tokens: access tokens that this deployment's authorization server signed, and API tokens of its manager.

mod api_tokens;
mod keys;
mod resources;

use std::sync::Arc;
use std::time::Duration;

use tidegate_oauth_types::{AccessTokenClaims, ResourceMap, SecretKind, Target, TokenProblem};
use tidegate_types::{ClientName, Clock, Credential, GrantId, TokenId, WorkspaceSlug};

use crate::own::api_tokens::KnownApiTokens;
use crate::own::keys::KeyRing;
pub use crate::own::resources::LiveResources;
use crate::token_cache::{TokenCache, digest_of};
use crate::{
    ApiTokenFound, ApiTokens, AuthFailure, Authenticator, OwnKeys, TokenKind, VerifiedToken,
};

/// Longer tokens are refused unread.
const MOST_BYTES: usize = 8 * 1024;

/// Forgiven difference between the clocks of our nodes.
const LEEWAY: Duration = Duration::from_secs(10);

/// Checks tokens of our own. What a token says is not enough for anything: it names a grant, and whether that counts
/// is decided on every use by [`crate::GrantStatusSource`].
#[derive(Debug)]
pub struct OwnTokenAuthenticator {
    resources: LiveResources,
    keys: KeyRing,
    api_tokens: KnownApiTokens,
    verified: TokenCache,
    clock: Arc<dyn Clock>,
    debug_errors: bool,
}

/// What an [`OwnTokenAuthenticator`] is made of.
#[derive(Debug, Clone)]
pub struct OwnTokenParts {
    /// The issuer and the resources that tokens may be for.
    pub resources: ResourceMap,
    /// The keys that access tokens are signed with.
    pub keys: Arc<dyn OwnKeys>,
    /// API tokens by the hash of their secret.
    pub api_tokens: Arc<dyn ApiTokens>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Verified tokens that are remembered.
    pub token_cache_entries: u64,
    /// Whether the log tells why a token was refused.
    pub debug_errors: bool,
}

/// Why a token issued by this server was refused. For the log only, and only when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum OwnRefusal {
    #[error("it is longer than {MOST_BYTES} bytes")]
    TooLong,
    #[error(transparent)]
    Token(#[from] TokenProblem),
    #[error("its audience is no resource of this deployment")]
    Audience,
    #[error("its audience is another workspace's than its own")]
    OtherWorkspace,
    #[error("it is not an API token")]
    MalformedSecret,
    #[error("no API token has this secret")]
    UnknownSecret,
    #[error("the API token has expired")]
    ExpiredSecret,
    #[error("it cannot be checked now")]
    Unavailable,
}

impl OwnTokenAuthenticator {
    /// Keys are read on the first use, so that a manager that is away does not keep the server from starting.
    pub fn new(parts: OwnTokenParts) -> Self {
        Self {
            resources: LiveResources::new(parts.resources),
            keys: KeyRing::new(parts.keys, Arc::clone(&parts.clock)),
            api_tokens: KnownApiTokens::new(parts.api_tokens, parts.token_cache_entries),
            verified: TokenCache::new(parts.token_cache_entries),
            clock: parts.clock,
            debug_errors: parts.debug_errors,
        }
    }

    /// Takes the resources from where somebody else replaces them as workspaces come and go.
    #[must_use]
    pub fn with_resources(mut self, resources: LiveResources) -> Self {
        self.resources = resources;
        self
    }

    /// Whether the token claims to be one of ours, unchecked. If so, nobody else's check counts.
    pub(crate) fn claims_as_own(&self, bearer: &str) -> bool {
        bearer.starts_with(SecretKind::ApiToken.prefix())
            || issuer_of(bearer).as_deref() == Some(self.resources.load().issuer())
    }

    /// An access token that was verified already, by keys that are still good. Nearly every request's is: this reads
    /// nothing of it but its hash.
    pub(crate) fn known(&self, bearer: &str) -> Option<Arc<VerifiedToken>> {
        if bearer.len() > MOST_BYTES || bearer.starts_with(SecretKind::ApiToken.prefix()) {
            return None;
        }
        let generation = self.keys.generation()?;
        let now = self.clock.unix_secs();
        self.verified.get(&digest_of(bearer), generation, now)
    }

    async fn verify(&self, bearer: &str) -> Result<Arc<VerifiedToken>, OwnRefusal> {
        if bearer.len() > MOST_BYTES {
            return Err(OwnRefusal::TooLong);
        }
        if bearer.starts_with(SecretKind::ApiToken.prefix()) {
            return self.verify_secret(bearer).await;
        }
        if let Some(token) = self.known(bearer) {
            return Ok(token);
        }
        let digest = digest_of(bearer);
        let now = self.clock.unix_secs();
        let ring = self.keys.for_token(bearer).await?;
        let resources = self.resources.load();
        let claims = ring.keys.verify(bearer, resources.issuer(), now, LEEWAY)?;
        let token = Arc::new(token_of(&resources, claims)?);
        // Under the ring's generation, so that what a key signed that was taken out is forgotten with it.
        self.verified
            .put(digest, ring.generation, Arc::clone(&token), now);
        Ok(token)
    }

    async fn verify_secret(&self, bearer: &str) -> Result<Arc<VerifiedToken>, OwnRefusal> {
        let found = self.api_tokens.find(bearer).await?;
        let is_over = |expires_at: i64| expires_at <= self.clock.unix_secs();
        if found.expires_at.is_some_and(is_over) {
            return Err(OwnRefusal::ExpiredSecret);
        }
        let ApiTokenFound {
            id,
            account,
            workspace,
            scopes,
            expires_at,
        } = found;
        Ok(Arc::new(VerifiedToken {
            kind: TokenKind::ApiToken,
            subject: account.as_str().into(),
            client: ClientName(id.as_str().into()),
            scopes,
            credential: Credential::Token(token_id_of(&id)),
            expires_at_unix_secs: expires_at,
            grant: Some(id),
            workspace,
        }))
    }
}

fn token_of(
    resources: &ResourceMap,
    claims: AccessTokenClaims,
) -> Result<VerifiedToken, OwnRefusal> {
    let target = resources.find(&claims.aud);
    let workspace = match (target.ok_or(OwnRefusal::Audience)?, claims.workspace) {
        (Target::Generic, workspace) => workspace,
        (Target::Workspace(slug), None) => Some(slug),
        (Target::Workspace(slug), Some(own)) if slug == own => Some(slug),
        (Target::Workspace(_), Some(_)) => return Err(OwnRefusal::OtherWorkspace),
    };
    Ok(VerifiedToken {
        kind: TokenKind::OAuth,
        subject: claims.sub.as_str().into(),
        client: ClientName(claims.client_id.as_str().into()),
        scopes: claims.scope,
        credential: Credential::Token(claims.jti),
        expires_at_unix_secs: Some(claims.exp),
        grant: Some(claims.gid),
        workspace,
    })
}

/// The name that a grant or API token has where tokens are named: in session validation, and as an API token's
/// own. Tokens of other issuers never have it.
pub fn token_id_of(grant: &GrantId) -> TokenId {
    format!("{GRANT_PREFIX}{grant}")
        .parse()
        .expect("a grant's id is visible ASCII, and short")
}

/// What names of grants begin with where tokens are named.
pub(crate) const GRANT_PREFIX: &str = "grant:";

/// The workspace that a request is for: the one it names, which must be the token's if that has one, or else the
/// token's.
///
/// # Errors
/// The token is another workspace's: it is as good as none.
pub fn workspace_of<'a>(
    token: &'a VerifiedToken,
    named: Option<&'a WorkspaceSlug>,
) -> Result<Option<&'a WorkspaceSlug>, AuthFailure> {
    match (token.workspace.as_ref(), named) {
        (Some(own), Some(named)) if own != named => Err(AuthFailure::Refused),
        (own, named) => Ok(named.or(own)),
    }
}

/// `iss` of something that looks like a JWT; nothing is checked.
fn issuer_of(token: &str) -> Option<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[derive(serde::Deserialize)]
    struct Issued {
        iss: Option<String>,
    }
    if token.len() > MOST_BYTES {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Issued>(&payload).ok()?.iss
}

#[async_trait::async_trait]
impl Authenticator for OwnTokenAuthenticator {
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure> {
        let bearer = bearer
            .filter(|token| !token.is_empty())
            .ok_or(AuthFailure::Missing)?;
        self.verify(bearer).await.map_err(|refusal| {
            if self.debug_errors {
                tracing::warn!(reason = %refusal, "a token issued by this server was refused");
            }
            match refusal {
                OwnRefusal::Unavailable => AuthFailure::Unavailable,
                _ => AuthFailure::Refused,
            }
        })
    }

    fn keys_changed(&self) {
        self.keys.forget();
    }
}

#[cfg(test)]
mod tests;
