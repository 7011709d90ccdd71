use serde_json::Value;

use super::{ASSERTION_ALGORITHMS, Algorithm, VerificationKey, from_strict_json};
use crate::{ErrorCode, OAuthError};

const MOST_BYTES: usize = 256 * 1024;
const MOST_KEYS: usize = 100;

/// Public keys of somebody else (RFC 7517 §5). Keys that cannot be used are left out: a set may serve other purposes.
#[derive(Debug, Clone, Default)]
pub struct JwkSet(Vec<VerificationKey>);

/// No key of a set is for a token, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the set has no key for it")]
pub struct NoKey;

impl JwkSet {
    /// Reads a set as it was fetched.
    ///
    /// # Errors
    /// `invalid_client_metadata`: more than 256 KiB, or not an object with a list `keys`.
    pub fn parse(bytes: &[u8]) -> Result<Self, OAuthError> {
        if bytes.len() > MOST_BYTES {
            return Err(not_a_set("it is larger than 256 KiB"));
        }
        let value: Value = from_strict_json(bytes)
            .ok_or_else(|| not_a_set("it is not JSON, or has a member twice"))?;
        Self::from_value(&value)
    }

    /// Reads a set that stands in other JSON.
    ///
    /// # Errors
    /// `invalid_client_metadata`: not an object with a list `keys`.
    pub fn from_value(set: &Value) -> Result<Self, OAuthError> {
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or_else(|| not_a_set("it has no list `keys`"))?;
        Ok(Self(
            keys.iter()
                .take(MOST_KEYS)
                .filter_map(VerificationKey::from_jwk)
                .collect(),
        ))
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any key is for any of these.
    pub fn has_key_for(&self, algorithms: &[Algorithm]) -> bool {
        self.0
            .iter()
            .any(|key| algorithms.iter().any(|algorithm| key.is_for(*algorithm)))
    }

    /// The key that may have signed: the one of that id; without an id, the only one for the algorithm.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&VerificationKey, NoKey> {
        let mut candidates = self.0.iter().filter(|key| {
            key.is_for(algorithm) && id.is_none_or(|id| key.id.as_deref() == Some(id))
        });
        match (candidates.next(), candidates.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(NoKey),
        }
    }

    /// What may sign here, for metadata.
    pub fn algorithms() -> impl Iterator<Item = &'static str> {
        ASSERTION_ALGORITHMS
            .iter()
            .map(|algorithm| algorithm.as_str())
    }
}

fn not_a_set(why: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidClientMetadata,
        format!("the key set cannot be used: {why}"),
    )
}
