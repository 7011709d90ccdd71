use std::sync::Arc;

use tidegate_config::JwtSettings;
use tidegate_oauth_types::jose::{Compact, CompactProblem};
use tidegate_types::Clock;

use crate::claims::{Claims, TokenRefusal};
use crate::keys::Keys;
use crate::kind;
use crate::token_cache::{TokenCache, digest_of, hex_of};
use crate::{AuthFailure, Authenticator, SetupError, VerifiedToken};

/// Longer tokens are refused before anything is done for them.
const MOST_BYTES: usize = 8 * 1024;

/// The keys of another issuer come and go without a word: what they verified is believed for its time.
const GENERATION: u64 = 0;

/// Bearer JWTs of one issuer.
#[derive(Debug)]
pub struct JwtAuthenticator {
    settings: JwtSettings,
    required_scopes: Arc<[String]>,
    keys: Keys,
    verified: TokenCache,
    clock: Arc<dyn Clock>,
}

impl JwtAuthenticator {
    /// Reads the key, or prepares to fetch it.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn new(settings: &JwtSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            required_scopes: settings.required_scopes.clone().into(),
            keys: Keys::new(settings, Arc::clone(&clock))?,
            verified: TokenCache::new(settings.token_cache_entries),
            settings: settings.clone(),
            clock,
        })
    }

    async fn verify(&self, bearer: &str) -> Result<Arc<VerifiedToken>, TokenRefusal> {
        if bearer.len() > MOST_BYTES {
            return Err(TokenRefusal::TooLong);
        }
        let digest = digest_of(bearer);
        let now = self.clock.unix_secs();
        if let Some(token) = self.verified.get(&digest, GENERATION, now) {
            return Ok(token);
        }
        let claims = self.check_signature(bearer).await?;
        let token = Arc::new(claims.verify(&self.settings, now, &hex_of(&digest))?);
        self.verified
            .put(digest, GENERATION, Arc::clone(&token), now);
        Ok(token)
    }

    /// Before the key is looked up, what the header tells is looked at, so that a token that is none of ours costs no
    /// fetch.
    async fn check_signature(&self, bearer: &str) -> Result<Claims, TokenRefusal> {
        let token = Compact::parse(bearer, self.keys.algorithms())?;
        kind::check_type(token.kind.as_deref(), &self.settings.token_types)?;
        let key = self
            .keys
            .find(token.key_id.as_deref(), token.algorithm)
            .await?;
        Ok(Claims(token.verify(&key)?))
    }
}

impl From<CompactProblem> for TokenRefusal {
    fn from(problem: CompactProblem) -> Self {
        match problem {
            CompactProblem::TooLong => Self::TooLong,
            CompactProblem::Malformed => Self::Malformed,
            CompactProblem::Algorithm => Self::Algorithm,
            CompactProblem::CriticalHeader => Self::CriticalHeader,
            CompactProblem::Signature => Self::Signature,
        }
    }
}

#[async_trait::async_trait]
impl Authenticator for JwtAuthenticator {
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<VerifiedToken>, AuthFailure> {
        let bearer = bearer
            .filter(|token| !token.is_empty())
            .ok_or(AuthFailure::Missing)?;
        self.verify(bearer).await.map_err(|refusal| {
            if self.settings.debug_errors {
                tracing::warn!(reason = %refusal, "a bearer token was refused");
            }
            match refusal {
                TokenRefusal::Scope => AuthFailure::InsufficientScope {
                    required: Arc::clone(&self.required_scopes),
                },
                TokenRefusal::KeysUnavailable => AuthFailure::Unavailable,
                _ => AuthFailure::Refused,
            }
        })
    }
}

#[cfg(test)]
mod tests;
