use serde::Deserialize;
use tidegate_types::{ClientId, TokenId};

use super::{AssertionProblem, CommonClaims, Texts, check_signature, read, required};
use crate::jose::JwkSet;
use crate::{Resource, ScopeRequest};

/// An identity provider's word that a person may use a client here: an Identity Assertion JWT Authorization Grant
/// (draft-ietf-oauth-identity-assertion-authz-grant), as MCP's enterprise-managed authorization uses it.
///
/// Whoever takes it remembers `jti` of the issuer until `exp` and refuses it the second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdJag {
    /// The identity provider.
    pub issuer: String,
    /// The person, as the provider names them; means nothing without the issuer.
    pub subject: String,
    /// Their address, if the provider says that it is theirs: an address with `email_verified: false` is left out.
    pub email: Option<String>,
    /// What the token is to be for, if the provider says so.
    pub resource: Option<Resource>,
    /// The most that the provider allows, if it says so.
    pub scope: Option<ScopeRequest>,
    /// Its id, unique for its issuer.
    pub jti: TokenId,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: i64,
}

/// What an ID-JAG must say to be taken.
#[derive(Debug, Clone, Copy)]
pub struct IdJagExpectation<'a> {
    /// The identity provider that is trusted, whose keys these are.
    pub issuer: &'a str,
    /// Our issuer: the audience.
    pub audience: &'a str,
    /// The client that authenticated itself with this request.
    pub client: &'a ClientId,
    /// Now.
    pub now_unix_secs: i64,
}

/// How long it lives is the provider's to say, within reason: each is taken once only.
const MOST_LIFE_SECS: i64 = 3600;

/// The `typ` of such assertions.
const TYPE: &str = "oauth-id-jag+jwt";

#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(flatten)]
    common: CommonClaims,
    client_id: Option<String>,
    resource: Option<Texts>,
    scope: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
}

impl IdJag {
    /// The issuer that an assertion claims to be of, unchecked: to find whether it is trusted, and its keys.
    pub fn claimed_issuer(jwt: &str) -> Option<String> {
        let claims: CommonClaims = read(jwt).ok()?.unverified().ok()?;
        claims.iss
    }

    /// Checks an assertion. The resource, if there is one, has the form of one; whether it is ours is the caller's to
    /// look up.
    ///
    /// # Errors
    /// See [`AssertionProblem`]. The client is told `invalid_grant`.
    pub fn verify(
        jwt: &str,
        keys: &JwkSet,
        expected: &IdJagExpectation<'_>,
    ) -> Result<Self, AssertionProblem> {
        let compact = read(jwt)?;
        if compact.kind.as_deref() != Some(TYPE) {
            return Err(AssertionProblem::Type);
        }
        let claims: Claims = serde_json::from_value(check_signature(&compact, keys)?)
            .map_err(|_| AssertionProblem::Malformed)?;
        let common = &claims.common;
        if common.issuer()? != expected.issuer {
            return Err(AssertionProblem::Issuer);
        }
        // Exactly one audience: an assertion for several servers could be taken by one of them to another.
        match common.aud.as_ref().map(Texts::as_slice) {
            None | Some([]) => return Err(AssertionProblem::Claim("aud")),
            Some([audience]) if audience == expected.audience => {}
            Some(_) => return Err(AssertionProblem::Audience),
        }
        if required(claims.client_id.as_deref(), "client_id")? != expected.client.as_str() {
            return Err(AssertionProblem::Client);
        }
        if common.iat.is_none() {
            return Err(AssertionProblem::Claim("iat"));
        }
        let exp = common.check_times(expected.now_unix_secs, MOST_LIFE_SECS)?;
        let resource = match claims.resource.as_ref().map(Texts::as_slice) {
            None => None,
            Some([resource]) => {
                Some(Resource::parse(resource).map_err(|_| AssertionProblem::Resource)?)
            }
            Some(_) => return Err(AssertionProblem::Resource),
        };
        Ok(Self {
            issuer: common.issuer()?.to_owned(),
            subject: common.subject()?.to_owned(),
            email: claims
                .email
                .filter(|_| claims.email_verified != Some(false)),
            resource,
            scope: claims.scope.as_deref().map(ScopeRequest::parse),
            jti: common.id()?,
            exp,
        })
    }
}
