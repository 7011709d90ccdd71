//! What authentication asks of the control plane, wherever that is.

use tidegate_oauth_types::SecretHash;
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet, WorkspaceSlug};

use crate::AuthFailure;

/// What a grant or API token comes to in a workspace now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantStatus {
    /// It counts.
    Good {
        /// The account's id.
        account: AccountId,
        /// `ab_user.username` that the account acts as in the workspace.
        username: String,
        /// By which client; the API token's id for one.
        client: ClientId,
        /// What it may do: grant, client and role together.
        scopes: ScopeSet,
    },
    /// It does not.
    Refused(GrantRefusal),
}

/// Why a grant or API token does not count. For the audit; callers are told less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantRefusal {
    /// No such grant or token.
    Unknown,
    /// It ended.
    Ended,
    /// It expired.
    Expired,
    /// It is for another workspace.
    OtherWorkspace,
    /// The account is not active.
    AccountInactive,
    /// The account is no member.
    NotAMember,
    /// The client was removed, blocked, or not approved.
    ClientRefused,
    /// Nothing is left of its scopes.
    NoScope,
    /// The workspace sleeps.
    Hibernated,
}

impl GrantRefusal {
    /// A stable name for logs and audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_grant",
            Self::Ended => "grant_ended",
            Self::Expired => "grant_expired",
            Self::OtherWorkspace => "other_workspace",
            Self::AccountInactive => "account_inactive",
            Self::NotAMember => "not_a_member",
            Self::ClientRefused => "client_refused",
            Self::NoScope => "no_scope",
            Self::Hibernated => "hibernated",
        }
    }
}

/// Tells whether a grant or API token counts in a workspace now. Asked when neither the node nor the shared
/// store remembers.
#[async_trait::async_trait]
pub trait GrantStatusSource: Send + Sync + std::fmt::Debug {
    /// Decides by one function: account active, member, client allowed, not ended, scopes left.
    ///
    /// # Errors
    /// `Unavailable`: it cannot be told now.
    async fn grant_status(
        &self,
        grant: &GrantId,
        workspace: &WorkspaceSlug,
    ) -> Result<GrantStatus, AuthFailure>;
}

/// An API token as far as authentication needs it. Whether it counts is asked of [`GrantStatusSource`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenFound {
    /// Its id, which stands where a grant's does.
    pub id: GrantId,
    /// The account's id.
    pub account: AccountId,
    /// The one workspace that it is for; any of its owner's without.
    pub workspace: Option<WorkspaceSlug>,
    /// What it may do at the most.
    pub scopes: ScopeSet,
    /// When it ends, in seconds since the Unix epoch.
    pub expires_at: Option<i64>,
}

/// API tokens by the hash of their secret.
#[async_trait::async_trait]
pub trait ApiTokens: Send + Sync + std::fmt::Debug {
    /// The token of a secret. `None`: no such token, or it ended.
    ///
    /// # Errors
    /// `Unavailable`: it cannot be told now.
    async fn find(&self, hash: &SecretHash) -> Result<Option<ApiTokenFound>, AuthFailure>;
}

/// The keys that this deployment signs access tokens with.
#[async_trait::async_trait]
pub trait OwnKeys: Send + Sync + std::fmt::Debug {
    /// All published public keys (JWK, RFC 7517): those that signed, sign and will sign.
    ///
    /// # Errors
    /// `Unavailable`: they cannot be read now.
    async fn public_jwks(&self) -> Result<Vec<serde_json::Value>, AuthFailure>;
}
