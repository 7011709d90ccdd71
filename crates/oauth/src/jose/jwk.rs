use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{ASSERTION_ALGORITHMS, Algorithm, from_strict_json};
use crate::{ErrorCode, OAuthError};

/// A public key, ready to check with, pinned to its algorithm or, for an RSA key without `alg`, to two.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) id: Option<String>,
    by_algorithm: Vec<(Algorithm, Arc<ParsedPublicKey>)>,
}

impl PublicKey {
    /// A key from a JWK (RFC 7517 §4); `None` when it is not one to check signatures with, or too weak, or holds
    /// private parts: a private key that was published is anybody's.
    pub(crate) fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let is_private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .iter()
            .any(|name| jwk.get(name).is_some());
        let is_for_signatures = match jwk.get("use") {
            None => true,
            Some(usage) => usage == "sig",
        };
        let may_verify = match jwk.get("key_ops") {
            None => true,
            Some(operations) => operations
                .as_array()
                .is_some_and(|operations| operations.iter().any(|one| one == "verify")),
        };
        if is_private || !is_for_signatures || !may_verify {
            return None;
        }
        let of_kind: &[Algorithm] = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => &[Algorithm::Es256],
            ("EC", Some("P-384")) => &[Algorithm::Es384],
            ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
            ("RSA", None) => &[Algorithm::Rs256, Algorithm::Ps256],
            _ => return None,
        };
        let algorithms: Vec<Algorithm> = match jwk.get("alg") {
            None => of_kind.to_vec(),
            Some(name) => {
                let named = name.as_str()?;
                // RFC 9864 names the curve.
                let named = if named == "Ed25519" { "EdDSA" } else { named };
                let algorithm = named.parse().ok()?;
                of_kind.contains(&algorithm).then(|| vec![algorithm])?
            }
        };
        let id = match jwk.get("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let by_algorithm = algorithms
            .into_iter()
            .map(|algorithm| {
                let key = if let Some(parameters) = algorithm.rsa() {
                    rsa_key(&number("n")?, &number("e")?)?
                        .to_parsed_public_key(parameters)
                        .ok()?
                } else {
                    let bytes = match algorithm {
                        Algorithm::EdDsa => number("x")?,
                        _ => point(&number("x")?, &number("y")?, algorithm)?,
                    };
                    ParsedPublicKey::new(algorithm.other_than_rsa()?, &bytes).ok()?
                };
                Some((algorithm, Arc::new(key)))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self { id, by_algorithm })
    }

    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.by_algorithm.iter().any(|(one, _)| *one == algorithm)
    }

    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.by_algorithm
            .iter()
            .find(|(one, _)| *one == algorithm)
            .is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }
}

/// 2048 to 8192 bits; below is weak, above costs time. The exponent that all use: odd ones up to 4 bytes.
fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Option<RsaPublicKeyComponents<Vec<u8>>> {
    let start = modulus.iter().position(|byte| *byte != 0)?;
    let modulus = modulus[start..].to_vec();
    let exponent_start = exponent.iter().position(|byte| *byte != 0)?;
    let exponent = exponent[exponent_start..].to_vec();
    let is_sound = (256..=1024).contains(&modulus.len())
        && exponent.len() <= 4
        && exponent.last().is_some_and(|last| last % 2 == 1)
        && exponent != [1];
    is_sound.then_some(RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    })
}

/// An uncompressed point (SEC 1 §2.3.3). Coordinates have their full length (RFC 7518 §6.2.1.2).
fn point(x: &[u8], y: &[u8], algorithm: Algorithm) -> Option<Vec<u8>> {
    let length = if algorithm == Algorithm::Es384 {
        48
    } else {
        32
    };
    (x.len() == length && y.len() == length).then(|| [&[4], x, y].concat())
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

const MOST_BYTES: usize = 256 * 1024;
const MOST_KEYS: usize = 100;

/// Public keys of somebody else (RFC 7517 §5). Keys that cannot be used are left out: a set may serve other purposes.
#[derive(Debug, Clone, Default)]
pub struct JwkSet(Vec<PublicKey>);

/// No key of a set is for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoKey;

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
                .filter_map(PublicKey::from_jwk)
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

    /// The keys that may have signed: the one of that id; without an id, the only one for the algorithm.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&PublicKey, NoKey> {
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
