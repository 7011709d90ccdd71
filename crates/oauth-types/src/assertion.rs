//! JWTs that others sign: a client to prove itself (RFC 7523 §2.2), an identity provider to vouch for a person
//! (Identity Assertion JWT Authorization Grant).

mod client;
mod id_jag;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use tidegate_types::{TokenId, check_json};

use crate::jose::{ASSERTION_ALGORITHMS, Compact, CompactProblem, JwkSet};

pub use client::{Assertion, ClientAssertion};
pub use id_jag::{IdJag, IdJagExpectation};

/// Clocks may differ by this much.
const LEEWAY_SECS: i64 = 30;

/// Why an assertion was refused. For the log: callers are told `invalid_client` or `invalid_grant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionProblem {
    /// Longer than 8 KiB.
    #[error("it is longer than 8 KiB")]
    TooLong,
    /// Not a JWT.
    #[error("it is not a JWT, or has a member twice or a control character")]
    Malformed,
    /// `none`, a shared secret, or an algorithm that is not known.
    #[error("its algorithm is not ES256, ES384, RS256, PS256 or EdDSA")]
    Algorithm,
    /// `crit`.
    #[error("its header has fields that must be understood and are not")]
    CriticalHeader,
    /// Another `typ`.
    #[error("its type is not that of such an assertion")]
    Type,
    /// The set has no key of that `kid`, or several without one.
    #[error("the issuer has no key for it")]
    UnknownKey,
    /// Not signed by that key.
    #[error("its signature does not match")]
    Signature,
    /// A claim is missing or of the wrong form.
    #[error("its claim `{0}` is missing or malformed")]
    Claim(&'static str),
    /// Of another issuer.
    #[error("its issuer is not the expected one")]
    Issuer,
    /// About another client.
    #[error("it speaks of another client")]
    Client,
    /// For somebody else.
    #[error("its audience is not this server")]
    Audience,
    /// For a resource that is not ours.
    #[error("its resource is not one of this server")]
    Resource,
    /// Over.
    #[error("it has expired")]
    Expired,
    /// `nbf` or `iat` is later than now.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It ends too far from now, or began too long ago.
    #[error("it lives longer than it may")]
    LivesTooLong,
}

impl From<CompactProblem> for AssertionProblem {
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

/// The claims that all assertions have (RFC 7523 §3).
#[derive(Debug, Deserialize)]
struct CommonClaims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Texts>,
    jti: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

/// A text or a list of texts (RFC 7519 §4.1.3).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl CommonClaims {
    fn issuer(&self) -> Result<&str, AssertionProblem> {
        required(self.iss.as_deref(), "iss")
    }

    fn subject(&self) -> Result<&str, AssertionProblem> {
        required(self.sub.as_deref(), "sub")
    }

    fn id(&self) -> Result<TokenId, AssertionProblem> {
        required(self.jti.as_deref(), "jti")?
            .parse()
            .map_err(|_| AssertionProblem::Claim("jti"))
    }

    /// `exp`, after it was found to lie at most `most_life_secs` ahead, and the beginning at most as far back.
    fn check_times(&self, now: i64, most_life_secs: i64) -> Result<i64, AssertionProblem> {
        let exp = seconds(self.exp, "exp")?.ok_or(AssertionProblem::Claim("exp"))?;
        if exp.saturating_add(LEEWAY_SECS) <= now {
            return Err(AssertionProblem::Expired);
        }
        let iat = seconds(self.iat, "iat")?;
        let reach = most_life_secs + LEEWAY_SECS;
        if exp > now.saturating_add(reach) || iat.is_some_and(|iat| iat < now.saturating_sub(reach))
        {
            return Err(AssertionProblem::LivesTooLong);
        }
        let latest = now.saturating_add(LEEWAY_SECS);
        for begins in [seconds(self.nbf, "nbf")?, iat] {
            if begins.is_some_and(|begins| begins > latest) {
                return Err(AssertionProblem::NotYetValid);
            }
        }
        Ok(exp)
    }
}

fn required<'a>(text: Option<&'a str>, name: &'static str) -> Result<&'a str, AssertionProblem> {
    text.filter(|text| !text.is_empty() && text.len() <= 2048)
        .ok_or(AssertionProblem::Claim(name))
}

/// A `NumericDate` (RFC 7519 §2), which may have a fraction, in whole seconds.
fn seconds(date: Option<f64>, name: &'static str) -> Result<Option<i64>, AssertionProblem> {
    match date {
        None => Ok(None),
        // Ten thousand years; the cast is exact up to there.
        Some(date) if (0.0..=253_402_300_800.0).contains(&date) => {
            #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
            let whole = date.floor() as i64;
            Ok(Some(whole))
        }
        Some(_) => Err(AssertionProblem::Claim(name)),
    }
}

/// Header, key and signature of an assertion.
fn check_signature(
    compact: &Compact<'_>,
    keys: &JwkSet,
) -> Result<serde_json::Value, AssertionProblem> {
    let key = keys
        .find(compact.key_id.as_deref(), compact.algorithm)
        .map_err(|_| AssertionProblem::UnknownKey)?;
    let claims = compact.verify(key)?;
    check_json(&claims).map_err(|_| AssertionProblem::Malformed)?;
    Ok(claims)
}

fn read(jwt: &str) -> Result<Compact<'_>, AssertionProblem> {
    Ok(Compact::parse(jwt, ASSERTION_ALGORITHMS)?)
}
