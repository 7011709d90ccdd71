//! The keys that signatures are checked with.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};
use tidegate_config::JwtKey;
use tidegate_types::{Clock, ExposeSecret};

use crate::SetupError;
use crate::claims::Refusal;
use crate::jwks::Jwks;

/// Where the key of a token comes from. Each kind pins its algorithm, so that the public key of an
/// issuer can never be used as an HMAC secret (RFC 8725 §3.1).
#[derive(Debug)]
pub(crate) enum KeySource {
    Jwks(Arc<Jwks>),
    Rsa(Arc<DecodingKey>),
    Hmac(Arc<DecodingKey>),
}

impl KeySource {
    pub(crate) fn new(key: &JwtKey, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(match key {
            JwtKey::Jwks(settings) => Self::Jwks(Arc::new(Jwks::new(settings.clone(), clock)?)),
            JwtKey::PublicKey(pem) => {
                let key =
                    DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(SetupError::PublicKey)?;
                Self::Rsa(Arc::new(key))
            }
            JwtKey::Secret(secret) => {
                let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
                Self::Hmac(Arc::new(key))
            }
        })
    }

    /// The one algorithm that is accepted.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Jwks(_) | Self::Rsa(_) => Algorithm::RS256,
            Self::Hmac(_) => Algorithm::HS256,
        }
    }

    /// The key with this id. A single configured key fits every id.
    pub(crate) async fn find(&self, key_id: Option<&str>) -> Result<Arc<DecodingKey>, Refusal> {
        match self {
            Self::Jwks(jwks) => jwks.find(key_id).await,
            Self::Rsa(key) | Self::Hmac(key) => Ok(Arc::clone(key)),
        }
    }
}
