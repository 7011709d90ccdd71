//! Whether whoever holds a token may do what it is for, now.

mod decision;
mod reading;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation};

/// What a grant or API token comes to in a workspace now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectiveGrant {
    /// It counts.
    Good {
        /// The account's id.
        account: AccountId,
        /// `ab_user.username` that it acts as in the workspace.
        superset_username: String,
        /// By which client; the API token's id for one.
        client: ClientId,
        /// What it may do: grant, client and role together.
        scopes: ScopeSet,
    },
    /// It does not.
    Refused(IneffectiveReason),
}

/// Why it does not count. For the audit; callers are told less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IneffectiveReason {
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

/// Decides by one function: account active, member, client allowed, not ended, scopes left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckEffectiveGrant {
    /// The grant's or API token's id.
    pub session: GrantId,
    /// The workspace.
    pub workspace: WorkspaceSlug,
}

impl Operation for CheckEffectiveGrant {
    type Reply = EffectiveGrant;
    const NAME: &'static str = "standing.check";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        reading::check(self, manager).await
    }
}
