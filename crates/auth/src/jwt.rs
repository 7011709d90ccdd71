use std::collections::HashSet;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation};
use tidegate_config::JwtSettings;
use tidegate_types::Clock;

use crate::claims::{RawClaims, Refusal};
use crate::keys::KeySource;
use crate::token_cache::{TokenCache, digest_of, hex_of};
use crate::{AuthFailure, Authenticator, SetupError, VerifiedToken};

/// Longer tokens are refused unread: real ones stay far below, and reading costs memory and time.
const MOST_BYTES: usize = 8 * 1024;

/// The keys of another issuer come and go without a word: what they verified is believed for its time.
const GENERATION: u64 = 0;

/// Bearer JWTs of one issuer, by the one algorithm that its key is for.
#[derive(Debug)]
pub struct JwtAuthenticator {
    settings: JwtSettings,
    required_scopes: Arc<[String]>,
    keys: KeySource,
    validation: Validation,
    verified: TokenCache,
    clock: Arc<dyn Clock>,
}

impl JwtAuthenticator {
    /// Reads the key, or prepares to fetch it.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn new(settings: &JwtSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let keys = KeySource::new(&settings.key, Arc::clone(&clock))?;
        Ok(Self {
            required_scopes: settings.required_scopes.clone().into(),
            validation: signature_only(keys.algorithm()),
            verified: TokenCache::new(settings.token_cache_entries),
            settings: settings.clone(),
            keys,
            clock,
        })
    }

    async fn verify(&self, bearer: &str) -> Result<Arc<VerifiedToken>, Refusal> {
        if bearer.len() > MOST_BYTES {
            return Err(Refusal::TooLong { most: MOST_BYTES });
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

    async fn check_signature(&self, bearer: &str) -> Result<RawClaims, Refusal> {
        let header = jsonwebtoken::decode_header(bearer).map_err(|_| Refusal::Malformed)?;
        // Before the key is looked up, so that a wrong algorithm costs no fetch.
        if header.alg != self.keys.algorithm() {
            return Err(Refusal::Algorithm {
                found: format!("{:?}", header.alg),
                expected: format!("{:?}", self.keys.algorithm()),
            });
        }
        // RFC 7515 §4.1.11: what must be understood and is not makes the token invalid.
        if header.crit.is_some() {
            return Err(Refusal::CriticalHeader);
        }
        let key = self.keys.find(header.kid.as_deref()).await?;
        jsonwebtoken::decode(bearer, &key, &self.validation)
            .map(|token| token.claims)
            .map_err(|err| match err.kind() {
                jsonwebtoken::errors::ErrorKind::Json(_) => {
                    Refusal::Claims("one has the wrong type")
                }
                _ => Refusal::Signature,
            })
    }
}

/// Claims are checked by ourselves: by our clock, and alike for every kind of key.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
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
                Refusal::Scope => AuthFailure::InsufficientScope {
                    required: Arc::clone(&self.required_scopes),
                },
                Refusal::KeysUnavailable => AuthFailure::Unavailable,
                _ => AuthFailure::Refused,
            }
        })
    }
}

#[cfg(test)]
mod tests;
