//! Whether an ID token proves who somebody is (OpenID Connect Core 1.0 §3.1.3.7).

use aws_lc_rs::digest::{self, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use tidegate_oauth_types::Algorithm;
use tidegate_oauth_types::jose::{Compact, CompactProblem};

use super::discovery::Discovered;
use super::refusal::IdTokenProblem;

/// How far ahead a provider's clock may be.
const LEEWAY_SECS: i64 = 300;

/// Groups make ID tokens large.
const MOST_BYTES: usize = 64 * 1024;

/// What an ID token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// What the sign-in began with.
    pub(crate) nonce: &'a str,
    /// The access token that came with it.
    pub(crate) access_token: &'a str,
    pub(crate) now_unix_secs: i64,
}

/// The claims of an ID token that proves what is expected.
pub(crate) fn verify(
    id_token: &str,
    discovered: &Discovered,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, IdTokenProblem> {
    let (algorithm, claims) = signed(id_token, discovered)?;
    if text(&claims, "iss") != Some(expected.issuer) {
        return Err(IdTokenProblem::Issuer);
    }
    check_audience(&claims, expected.client_id)?;
    check_times(&claims, expected.now_unix_secs)?;
    // Without it, somebody else's token could be brought in (§15.5.2).
    if text(&claims, "nonce") != Some(expected.nonce) {
        return Err(IdTokenProblem::Nonce);
    }
    check_access_token(&claims, algorithm, expected.access_token)?;
    Ok(claims)
}

/// The claims of a JWT that the provider signed, whatever they are.
pub(crate) fn signed(
    token: &str,
    discovered: &Discovered,
) -> Result<(Algorithm, Map<String, Value>), IdTokenProblem> {
    let token = Compact::parse_up_to(token, &discovered.algorithms, MOST_BYTES).map_err(refused)?;
    // Another type is another kind of token, signed for another purpose by the same key (RFC 8725 §3.11).
    if token.kind.as_deref().is_some_and(|kind| kind != "jwt") {
        return Err(IdTokenProblem::Type);
    }
    let key = discovered
        .keys
        .find(token.key_id.as_deref(), token.algorithm)
        .map_err(|_| IdTokenProblem::UnknownKey)?;
    let claims = token.verify(key).map_err(refused)?;
    Ok((token.algorithm, claims))
}

const fn refused(problem: CompactProblem) -> IdTokenProblem {
    match problem {
        CompactProblem::TooLong | CompactProblem::Malformed | CompactProblem::CriticalHeader => {
            IdTokenProblem::Unreadable
        }
        CompactProblem::Algorithm => IdTokenProblem::Algorithm,
        CompactProblem::Signature => IdTokenProblem::Signature,
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// For us alone: a token that is for somebody else as well could be taken by them to us. `azp`, where it stands, is us.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), IdTokenProblem> {
    let is_for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one == client_id),
        _ => false,
    };
    let is_issued_to_us = claims
        .get("azp")
        .is_none_or(|azp| azp.is_null() || azp == client_id);
    if is_for_us && is_issued_to_us {
        Ok(())
    } else {
        Err(IdTokenProblem::Audience)
    }
}

fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(), IdTokenProblem> {
    let time = |name: &str| {
        let date = claims.get(name).and_then(Value::as_f64);
        // Ten thousand years; the cast is exact up to there.
        let date = date.filter(|date| (0.0..=253_402_300_800.0).contains(date));
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        date.map(|date| date.floor() as i64)
            .ok_or(IdTokenProblem::Claims)
    };
    let (exp, iat) = (time("exp")?, time("iat")?);
    if exp <= now || iat > now.saturating_add(LEEWAY_SECS) {
        return Err(IdTokenProblem::Time);
    }
    Ok(())
}

/// §3.1.3.8: the left half of the access token's hash, by the hash of the signature.
fn check_access_token(
    claims: &Map<String, Value>,
    algorithm: Algorithm,
    access_token: &str,
) -> Result<(), IdTokenProblem> {
    let Some(expected) = claims.get("at_hash").filter(|hash| !hash.is_null()) else {
        return Ok(());
    };
    let hash = match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Hs256 => {
            &digest::SHA256
        }
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => &digest::SHA384,
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => &digest::SHA512,
    };
    let whole = digest(hash, access_token.as_bytes());
    let whole = whole.as_ref();
    let half = URL_SAFE_NO_PAD.encode(&whole[..whole.len() / 2]);
    if *expected == half {
        Ok(())
    } else {
        Err(IdTokenProblem::AccessTokenHash)
    }
}

#[cfg(test)]
mod tests;
