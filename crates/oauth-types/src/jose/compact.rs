use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tidegate_types::check_name;

use super::{Algorithm, VerificationKey, from_strict_json};

/// Longer ones are refused unread: real ones stay far below, and reading costs memory and time.
const MOST_BYTES: usize = 8 * 1024;

/// A JWS in compact form (RFC 7515 §3.1) whose header was read and whose signature was not checked.
#[derive(Debug)]
pub struct Compact<'a> {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub key_id: Option<String>,
    /// `typ` in lower case, without `application/` (RFC 7515 §4.1.9).
    pub kind: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// Why a text is not a JWS that can be checked. For the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompactProblem {
    /// Longer than 8 KiB, or than it may be.
    #[error("it is longer than it may be")]
    TooLong,
    /// Not three parts of base64url with JSON in the first two, or a member twice, or a control character.
    #[error("it is not a JWT, or has a member twice or a control character")]
    Malformed,
    /// `none`, an unknown algorithm, or one that is not allowed.
    #[error("its algorithm is unknown or not for this use")]
    Algorithm,
    /// `crit` or `b64`.
    #[error("its header has fields that must be understood and are not")]
    CriticalHeader,
    /// Not signed by that key with that algorithm.
    #[error("its signature does not match")]
    Signature,
}

impl<'a> Compact<'a> {
    /// Reads the header. Keys that the header brings or names (`jwk`, `jku`, `x5c`, `x5u`) are never used.
    ///
    /// # Errors
    /// All of [`CompactProblem`] but `Signature`.
    pub fn parse(token: &'a str, allowed: &[Algorithm]) -> Result<Self, CompactProblem> {
        Self::parse_up_to(token, allowed, MOST_BYTES)
    }

    /// As [`Self::parse`], for tokens that may be of another length: those that were fetched, and not sent.
    ///
    /// # Errors
    /// All of [`CompactProblem`] but `Signature`.
    pub fn parse_up_to(
        token: &'a str,
        allowed: &[Algorithm],
        most_bytes: usize,
    ) -> Result<Self, CompactProblem> {
        if token.len() > most_bytes {
            return Err(CompactProblem::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(CompactProblem::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(CompactProblem::Malformed)?;
        if payload.contains('.') {
            return Err(CompactProblem::Malformed);
        }
        let header: Map<String, Value> = decode(header)
            .and_then(|bytes| from_strict_json(&bytes))
            .ok_or(CompactProblem::Malformed)?;
        // RFC 7515 §4.1.11: what must be understood and is not makes the token invalid. `b64` only works that way.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(CompactProblem::CriticalHeader);
        }
        let text = |name: &str| match header.get(name) {
            None => Ok(None),
            // Key ids and types are names.
            Some(Value::String(text)) if check_name(text).is_ok() => Ok(Some(text.clone())),
            Some(_) => Err(CompactProblem::Malformed),
        };
        let algorithm = text("alg")?
            .and_then(|name| name.parse().ok())
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or(CompactProblem::Algorithm)?;
        let kind = text("typ")?.map(|kind| {
            let kind = kind.to_ascii_lowercase();
            kind.strip_prefix("application/")
                .map(str::to_owned)
                .unwrap_or(kind)
        });
        decode(signature).ok_or(CompactProblem::Malformed)?;
        Ok(Self {
            algorithm,
            key_id: text("kid")?,
            kind,
            signed,
            payload,
            signature,
        })
    }

    /// The payload, after the signature was found to be the key's.
    ///
    /// # Errors
    /// `Signature`: it is not. `Malformed`: the payload is not JSON of that shape, or has a member twice.
    pub fn verify<T: DeserializeOwned>(&self, key: &VerificationKey) -> Result<T, CompactProblem> {
        if !key.verifies(self.algorithm, self.signed.as_bytes(), self.signature) {
            return Err(CompactProblem::Signature);
        }
        self.unverified()
    }

    /// The payload before anything is known of it: only to find out whose keys to check it with.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn unverified<T: DeserializeOwned>(&self) -> Result<T, CompactProblem> {
        decode(self.payload)
            .and_then(|bytes| from_strict_json(&bytes))
            .ok_or(CompactProblem::Malformed)
    }
}

/// Base64url without padding, and no bits set that nobody reads (RFC 7515 §2).
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
