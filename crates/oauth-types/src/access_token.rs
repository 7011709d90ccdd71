//! Access tokens: JWTs of the profile of RFC 9068, signed with a key of ours.

mod signer;
#[cfg(test)]
mod tests;
mod verification;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet, TokenId, WorkspaceSlug};

use crate::Resource;

pub use signer::{NewKey, Signer, SigningKeyError};
pub use verification::{TokenProblem, VerificationKeys};

/// The `typ` of our tokens (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// What an access token says (RFC 9068 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The account.
    pub sub: AccountId,
    /// The resource that it is for, and no other.
    pub aud: Resource,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// What it lets its bearer do.
    pub scope: ScopeSet,
    /// Its id.
    pub jti: TokenId,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: i64,
    /// The grant that it stands on, which ends it.
    pub gid: GrantId,
    /// The one workspace that it is for. Without it the request names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceSlug>,
}
