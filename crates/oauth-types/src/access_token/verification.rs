use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{AccessTokenClaims, TYPE};
use crate::jose::{Compact, CompactProblem, OWN_ALGORITHMS, VerificationKey};

/// More keys than rotation ever leaves published.
const MOST_KEYS: usize = 64;

/// The keys that access tokens are checked with, by `kid`. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct VerificationKeys(Arc<HashMap<String, VerificationKey>>);

/// Why an access token was refused. For the log: callers are told only that it is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// Longer than 8 KiB.
    #[error("it is longer than 8 KiB")]
    TooLong,
    /// Not a JWT.
    #[error("it is not a JWT, or has a member twice or a control character")]
    Malformed,
    /// Another algorithm than its key's, `none`, a shared secret, …
    #[error("its algorithm is not its key's")]
    Algorithm,
    /// `crit`.
    #[error("its header has fields that must be understood and are not")]
    CriticalHeader,
    /// Another `typ` than `at+jwt`: an ID token, an assertion.
    #[error("its type is not at+jwt")]
    Type,
    /// No `kid`, or none of ours. Keys that were made a moment ago may not be known yet.
    #[error("its key is not one of ours")]
    UnknownKey,
    /// Not signed by that key.
    #[error("its signature does not match")]
    Signature,
    /// A claim is missing or of the wrong form.
    #[error("its claims are not those of an access token")]
    Claims,
    /// Somebody else's.
    #[error("its issuer is not this one")]
    Issuer,
    /// Over.
    #[error("it has expired")]
    Expired,
    /// Issued later than now.
    #[error("it was issued in the future")]
    IssuedInFuture,
}

impl VerificationKeys {
    /// Keys from their published form. Those that could not have signed access tokens are left out.
    pub fn from_jwks(jwks: &[Value]) -> Self {
        let keys = jwks
            .iter()
            .filter_map(VerificationKey::from_jwk)
            .filter_map(|key| Some((key.id.clone()?, key)))
            .take(MOST_KEYS)
            .collect();
        Self(Arc::new(keys))
    }

    /// Whether a key of that id is known.
    pub fn contains(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }

    /// The `kid` that a token names, unchecked: to tell whether newer keys are worth fetching.
    pub fn named_key(token: &str) -> Option<String> {
        Compact::parse(token, OWN_ALGORITHMS).ok()?.key_id
    }

    /// The claims of a token that one of the keys signed for this issuer and that is not over. The audience is the
    /// caller's to compare, with the resource that was asked for.
    ///
    /// `leeway` is for clocks that disagree.
    ///
    /// # Errors
    /// See [`TokenProblem`].
    pub fn verify(
        &self,
        token: &str,
        issuer: &str,
        now_unix_secs: i64,
        leeway: Duration,
    ) -> Result<AccessTokenClaims, TokenProblem> {
        let compact = Compact::parse(token, OWN_ALGORITHMS)?;
        if compact.kind.as_deref() != Some(TYPE) {
            return Err(TokenProblem::Type);
        }
        let key = compact
            .key_id
            .as_deref()
            .and_then(|id| self.0.get(id))
            .ok_or(TokenProblem::UnknownKey)?;
        if !key.is_for(compact.algorithm) {
            return Err(TokenProblem::Algorithm);
        }
        let claims: Value = compact.verify(key)?;
        let claims: AccessTokenClaims =
            serde_json::from_value(claims).map_err(|_| TokenProblem::Claims)?;
        let leeway = i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX);
        if claims.iss != issuer {
            return Err(TokenProblem::Issuer);
        }
        if claims.exp.saturating_add(leeway) <= now_unix_secs {
            return Err(TokenProblem::Expired);
        }
        if claims.iat > now_unix_secs.saturating_add(leeway) {
            return Err(TokenProblem::IssuedInFuture);
        }
        Ok(claims)
    }
}

impl From<CompactProblem> for TokenProblem {
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
