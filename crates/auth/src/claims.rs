//! The claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2), and which of them are good.

use std::sync::Arc;

use serde::Deserialize;
use tidegate_config::JwtSettings;
use tidegate_types::{ClientName, Credential, Scope, ScopeSet, TokenId};

use crate::own::GRANT_PREFIX;
use crate::{TokenKind, VerifiedToken};

/// Why a token was refused. For the log only, and only when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is longer than {most} bytes")]
    TooLong { most: usize },
    #[error("it is not a JWT, or names an algorithm that is not known")]
    Malformed,
    #[error("it is signed with {found}, expected {expected}")]
    Algorithm { found: String, expected: String },
    #[error("its header has critical fields, none of which is known")]
    CriticalHeader,
    #[error("no key of the issuer has its key id")]
    UnknownKey,
    #[error("its signature does not match")]
    Signature,
    #[error("its claims are not those of an access token: {0}")]
    Claims(&'static str),
    #[error("it expired at {exp}")]
    Expired { exp: i64 },
    #[error("it is not good before {nbf}")]
    NotYetValid { nbf: i64 },
    #[error("it was issued in the future, at {iat}")]
    IssuedInFuture { iat: i64 },
    #[error("its issuer is not the configured one")]
    Issuer,
    #[error("its audience is not the configured one")]
    Audience,
    #[error("no claim names a user")]
    NoSubject,
    #[error("it lacks a required scope")]
    Scope,
    #[error("the issuer's keys cannot be fetched")]
    KeysUnavailable,
}

/// Claims as they come. Unknown ones are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct RawClaims {
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    iss: Option<String>,
    aud: Option<OneOrMany>,
    sub: Option<String>,
    client_id: Option<String>,
    azp: Option<String>,
    email: Option<String>,
    username: Option<String>,
    jti: Option<String>,
    scope: Option<OneOrMany>,
    scp: Option<OneOrMany>,
    scopes: Option<OneOrMany>,
}

/// A text, or a list of texts. Anything else makes the token malformed.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(text) => (Some(text.as_str()), [].as_slice()),
            Self::Many(texts) => (None, texts.as_slice()),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }
}

impl RawClaims {
    /// Checks everything but the signature, and takes what is needed.
    ///
    /// `digest_hex` names the token where it has no `jti`.
    pub(crate) fn verify(
        self,
        settings: &JwtSettings,
        now_unix_secs: i64,
        digest_hex: &str,
    ) -> Result<VerifiedToken, Refusal> {
        let expires_at = self.check_times(settings, now_unix_secs)?;
        if settings.issuer.is_some() && self.iss != settings.issuer {
            return Err(Refusal::Issuer);
        }
        let is_for_us = |aud: &OneOrMany| {
            aud.iter()
                .any(|aud| settings.audience.iter().any(|own| own == aud))
        };
        if !settings.audience.is_empty() && !self.aud.as_ref().is_some_and(is_for_us) {
            return Err(Refusal::Audience);
        }
        let scopes: Vec<&str> = [&self.scope, &self.scp, &self.scopes]
            .into_iter()
            .flatten()
            .flat_map(OneOrMany::iter)
            .flat_map(str::split_ascii_whitespace)
            .collect();
        if !settings
            .required_scopes
            .iter()
            .all(|needed| scopes.contains(&needed.as_str()))
        {
            return Err(Refusal::Scope);
        }
        let client = [&self.client_id, &self.azp]
            .into_iter()
            .map(Option::as_ref)
            .find_map(non_empty)
            .unwrap_or("unnamed");
        Ok(VerifiedToken {
            kind: TokenKind::External,
            subject: self.subject()?,
            client: ClientName(client.into()),
            scopes: scope_set(&scopes, settings.require_mcp_scopes),
            credential: Credential::Token(self.token_id(digest_hex)),
            expires_at_unix_secs: Some(expires_at),
            grant: None,
            workspace: None,
        })
    }

    /// Returns `exp`, rounded down.
    fn check_times(&self, settings: &JwtSettings, now: i64) -> Result<i64, Refusal> {
        let leeway = i64::try_from(settings.leeway.as_secs()).unwrap_or(i64::MAX);
        let exp = whole_secs(self.exp.ok_or(Refusal::Claims("exp is missing"))?)?;
        if now >= exp.saturating_add(leeway) {
            return Err(Refusal::Expired { exp });
        }
        if let Some(nbf) = self.nbf.map(whole_secs).transpose()?
            && nbf > now.saturating_add(leeway)
        {
            return Err(Refusal::NotYetValid { nbf });
        }
        if let Some(iat) = self.iat.map(whole_secs).transpose()?
            && iat > now.saturating_add(leeway)
        {
            return Err(Refusal::IssuedInFuture { iat });
        }
        Ok(exp)
    }

    /// The first of Superset's five that is not empty. Its first and third are the same claim for a
    /// JWT; they differ only for providers that set a subject of their own.
    fn subject(&self) -> Result<Arc<str>, Refusal> {
        [
            &self.sub,
            &self.client_id,
            &self.sub,
            &self.email,
            &self.username,
        ]
        .into_iter()
        .map(Option::as_ref)
        .find_map(non_empty)
        .map(Arc::from)
        .ok_or(Refusal::NoSubject)
    }

    fn token_id(&self, digest_hex: &str) -> TokenId {
        // No issuer but ours may name a grant, nor a static token.
        let is_ours = |jti: &&str| jti.starts_with(GRANT_PREFIX) || jti.starts_with("static");
        let own = self.jti.as_deref().filter(|jti| !is_ours(jti));
        let own = own.and_then(|jti| jti.parse().ok());
        own.unwrap_or_else(|| {
            digest_hex
                .parse()
                .expect("hex digits are visible ASCII, and 64 are not too many")
        })
    }
}

fn non_empty(claim: Option<&String>) -> Option<&str> {
    claim.map(String::as_str).filter(|text| !text.is_empty())
}

/// A `NumericDate` (RFC 7519 §2) in whole seconds.
fn whole_secs(date: f64) -> Result<i64, Refusal> {
    // Up to the year 33658: beyond, a time is a mistake or an attempt at an overflow.
    const MOST: f64 = 1e12;
    if !(0.0..=MOST).contains(&date) {
        return Err(Refusal::Claims("a time is out of range"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    Ok(date.floor() as i64)
}

/// A token of an issuer that knows nothing of `mcp:*` gets all of them, unless that is forbidden: the
/// user's own rights then are the only limit, as they are in Superset.
fn scope_set(scopes: &[&str], require_mcp_scopes: bool) -> ScopeSet {
    let has_any = scopes.iter().any(|scope| scope.starts_with("mcp:"));
    if !has_any && !require_mcp_scopes {
        return ScopeSet::all();
    }
    scopes
        .iter()
        .filter_map(|scope| scope.parse::<Scope>().ok())
        .collect()
}
