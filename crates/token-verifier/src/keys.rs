//! The keys that signatures are checked with.

use std::sync::Arc;

use tidegate_config::{JwtKey, JwtSettings};
use tidegate_oauth_types::Algorithm;
use tidegate_oauth_types::jose::VerificationKey;
use tidegate_types::{Clock, ExposeSecret};

use crate::SetupError;
use crate::claims::TokenRefusal;
use crate::jwks::Jwks;

/// Where the key of a token comes from, and what it may be signed with. A key is pinned to the algorithms of its
/// kind, so that the public key of an issuer can never be used as an HMAC secret (RFC 8725 §3.1).
#[derive(Debug)]
pub(crate) struct Keys {
    source: Source,
    algorithms: Vec<Algorithm>,
}

#[derive(Debug)]
enum Source {
    Jwks(Arc<Jwks>),
    /// A single configured key, which fits every key id.
    Fixed(Arc<VerificationKey>),
}

impl Keys {
    pub(crate) fn new(settings: &JwtSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let algorithms: Vec<Algorithm> = settings
            .algorithms
            .iter()
            .filter_map(|name| name.as_str().parse().ok())
            .collect();
        let source = match &settings.key {
            JwtKey::Jwks(jwks) => Source::Jwks(Arc::new(Jwks::new(
                jwks.clone(),
                algorithms.clone(),
                clock,
            )?)),
            JwtKey::PublicKey(pem) => {
                let algorithm = algorithms.first().copied().unwrap_or(Algorithm::Rs256);
                let key = VerificationKey::from_pem(algorithm, pem);
                Source::Fixed(Arc::new(key.map_err(SetupError::PublicKey)?))
            }
            JwtKey::Secret(secret) => {
                let key = VerificationKey::from_secret(secret.expose_secret().as_bytes());
                Source::Fixed(Arc::new(key))
            }
        };
        Ok(Self { source, algorithms })
    }

    /// What tokens may be signed with.
    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// The key that may have signed.
    pub(crate) async fn find(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerificationKey>, TokenRefusal> {
        match &self.source {
            Source::Jwks(jwks) => jwks.find(key_id, algorithm).await,
            Source::Fixed(key) => Ok(Arc::clone(key)),
        }
    }
}
