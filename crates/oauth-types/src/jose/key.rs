use std::fmt;

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;

use super::Algorithm;
use super::algorithm::RSA_ALGORITHMS;

/// A key to check signatures with, read and found sound, and the algorithms that it is for: never those of another
/// kind of key (RFC 8725 §3.1).
#[derive(Clone)]
pub struct VerificationKey {
    /// `kid`.
    pub(crate) id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// A text is not the public key of an algorithm in PEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a public key for {0} in PEM")]
pub struct UnusablePem(pub Algorithm);

impl VerificationKey {
    /// A key from a JWK (RFC 7517 §4); `None` when it is not one to check signatures with, or too weak, or holds
    /// private parts: a private key that was published is anybody's.
    pub(crate) fn from_jwk(jwk: &Value) -> Option<Self> {
        // `null` is how some write that a member is not there.
        let member = |name: &str| jwk.get(name).filter(|value| !value.is_null());
        let text = |name: &str| member(name).and_then(Value::as_str);
        let is_private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .iter()
            .any(|name| member(name).is_some());
        let is_for_signatures = member("use").is_none_or(|usage| usage == "sig");
        let may_verify = member("key_ops").is_none_or(|operations| {
            operations
                .as_array()
                .is_some_and(|operations| operations.iter().any(|one| one == "verify"))
        });
        if is_private || !is_for_signatures || !may_verify {
            return None;
        }
        let of_kind: &[Algorithm] = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => &[Algorithm::Es256],
            ("EC", Some("P-384")) => &[Algorithm::Es384],
            ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
            ("RSA", None) => RSA_ALGORITHMS,
            _ => return None,
        };
        let algorithms = match member("alg") {
            None => of_kind.to_vec(),
            Some(name) => {
                let named = name.as_str()?;
                // RFC 9864 names the curve.
                let named = if named == "Ed25519" { "EdDSA" } else { named };
                let algorithm = named.parse().ok()?;
                of_kind.contains(&algorithm).then(|| vec![algorithm])?
            }
        };
        let id = match member("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let algorithm = *algorithms.first()?;
        let key = match algorithm {
            Algorithm::Es256 => ec_key(&number("x")?, &number("y")?, 32),
            Algorithm::Es384 => ec_key(&number("x")?, &number("y")?, 48),
            Algorithm::EdDsa => Some(DecodingKey::from_ed_der(&number("x")?)),
            _ => rsa_key(&number("n")?, &number("e")?),
        }?;
        if !is_rsa(algorithm) {
            is_sound(algorithm, &key).then_some(())?;
        }
        Some(Self {
            id,
            algorithms,
            key,
        })
    }

    /// A key from PEM (RFC 7468), for this algorithm alone. It has no id, and fits tokens that name any.
    ///
    /// # Errors
    /// Not PEM, not of this kind, or an RSA key of other than 2048 to 8192 bits.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, UnusablePem> {
        let pem = pem.as_bytes();
        let key = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 => DecodingKey::from_ec_pem(pem),
            Algorithm::EdDsa => DecodingKey::from_ed_pem(pem),
            Algorithm::Hs256 => return Err(UnusablePem(algorithm)),
            _ => DecodingKey::from_rsa_pem(pem),
        };
        let key = key.map_err(|_| UnusablePem(algorithm))?;
        if !is_sound(algorithm, &key) {
            return Err(UnusablePem(algorithm));
        }
        Ok(Self {
            id: None,
            algorithms: vec![algorithm],
            key,
        })
    }

    /// A secret that is shared with whoever signs, for HS256 alone.
    pub fn from_secret(secret: &[u8]) -> Self {
        Self {
            id: None,
            algorithms: vec![Algorithm::Hs256],
            key: DecodingKey::from_secret(secret),
        }
    }

    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Whether a signature in base64url is of this key over a message.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        let library = algorithm.in_library();
        self.is_for(algorithm)
            && jsonwebtoken::crypto::verify(signature, message, &self.key, library)
                .is_ok_and(|matches| matches)
    }
}

const fn is_rsa(algorithm: Algorithm) -> bool {
    !matches!(
        algorithm,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa | Algorithm::Hs256
    )
}

/// Whether the cryptographic library takes the key: a point on its curve, an RSA key of a fit length.
fn is_sound(algorithm: Algorithm, key: &DecodingKey) -> bool {
    algorithm
        .key_reader()
        .zip(key.try_get_as_bytes().ok())
        .is_some_and(|(reader, bytes)| ParsedPublicKey::new(reader, bytes).is_ok())
}

/// 2048 to 8192 bits; below is weak, above costs time. The exponent that all use: odd ones up to 4 bytes.
fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Option<DecodingKey> {
    let start = modulus.iter().position(|byte| *byte != 0)?;
    let modulus = &modulus[start..];
    let exponent_start = exponent.iter().position(|byte| *byte != 0)?;
    let exponent = &exponent[exponent_start..];
    let is_sound = (256..=1024).contains(&modulus.len())
        && exponent.len() <= 4
        && exponent.last().is_some_and(|last| last % 2 == 1)
        && exponent != [1];
    is_sound.then(|| DecodingKey::from_rsa_raw_components(modulus, exponent))
}

/// An uncompressed point (SEC 1 §2.3.3). Coordinates have their full length (RFC 7518 §6.2.1.2).
fn ec_key(x: &[u8], y: &[u8], length: usize) -> Option<DecodingKey> {
    let has_full_length = x.len() == length && y.len() == length;
    has_full_length.then(|| DecodingKey::from_ec_der(&[&[4], x, y].concat()))
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("id", &self.id)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
