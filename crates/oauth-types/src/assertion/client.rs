use tidegate_types::{ClientId, TokenId};

use super::{AssertionProblem, CommonClaims, check_signature, read};
use crate::jose::JwkSet;

/// A client's proof of itself with a private key (RFC 7523 §2.2, OpenID Connect Core §9).
#[derive(Debug, Clone, Copy)]
pub struct ClientAssertion;

/// A good assertion. Whoever takes it remembers `jti` until `exp` and refuses it the second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Its id, unique for its client.
    pub jti: TokenId,
    /// When it ends, in seconds since the Unix epoch; at most five and a half minutes from now.
    pub exp: i64,
}

/// An assertion is made for one request; one that lives longer waits to be stolen.
const MOST_LIFE_SECS: i64 = 300;

/// `typ`s that the assertion of a client has (RFC 7523, draft-ietf-oauth-rfc7523bis).
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

impl ClientAssertion {
    /// The client that an assertion claims to be of, unchecked: to find the keys that it is checked with.
    pub fn claimed_client(jwt: &str) -> Option<ClientId> {
        let claims: CommonClaims = read(jwt).ok()?.unverified().ok()?;
        claims.sub?.parse().ok()
    }

    /// Checks an assertion: signed with a key of `keys`, issued by and about `client`, for one of `audiences` (the
    /// issuer and the token endpoint: clients use either), of now.
    ///
    /// # Errors
    /// See [`AssertionProblem`]. The client is told `invalid_client`.
    pub fn verify(
        jwt: &str,
        keys: &JwkSet,
        audiences: &[&str],
        client: &ClientId,
        now_unix_secs: i64,
    ) -> Result<Assertion, AssertionProblem> {
        let compact = read(jwt)?;
        // Another type is another kind of token, signed for another purpose by the same key (RFC 8725 §3.11).
        if compact
            .kind
            .as_deref()
            .is_some_and(|kind| !TYPES.contains(&kind))
        {
            return Err(AssertionProblem::Type);
        }
        let claims: CommonClaims = serde_json::from_value(check_signature(&compact, keys)?)
            .map_err(|_| AssertionProblem::Malformed)?;
        if claims.issuer()? != client.as_str() {
            return Err(AssertionProblem::Issuer);
        }
        if claims.subject()? != client.as_str() {
            return Err(AssertionProblem::Client);
        }
        let named = claims.aud.as_ref().ok_or(AssertionProblem::Claim("aud"))?;
        // One that is for somebody else as well could be taken by them to us.
        let named = named.as_slice();
        let is_for_us = !named.is_empty()
            && named
                .iter()
                .all(|audience| audiences.contains(&&**audience));
        if !is_for_us {
            return Err(AssertionProblem::Audience);
        }
        Ok(Assertion {
            exp: claims.check_times(now_unix_secs, MOST_LIFE_SECS)?,
            jti: claims.id()?,
        })
    }
}
