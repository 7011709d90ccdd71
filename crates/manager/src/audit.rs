//! What was done to accounts, clients and grants, and by whom.

mod events;

pub(crate) use events::insert;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub at: UnixSecs,
    /// `sign_in.failed`, `grant.begun`, `client.registered`, …
    pub action: String,
    /// By whom, where that is known.
    pub account: Option<AccountId>,
    /// The client that it is about.
    pub client: Option<ClientId>,
    /// The workspace that it is about.
    pub workspace: Option<WorkspaceSlug>,
    /// From which address.
    pub address: Option<String>,
    /// `ok`, or the true reason of a refusal as a stable code.
    pub outcome: String,
    /// More, without secrets; at most 2,000 characters.
    pub detail: Option<String>,
}

/// Which records.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AuditFilter {
    /// By this account.
    pub account: Option<AccountId>,
    /// About this client.
    pub client: Option<ClientId>,
    /// About this workspace.
    pub workspace: Option<WorkspaceSlug>,
    /// Whose action begins with this.
    pub action: Option<String>,
    /// Not before.
    pub from: Option<UnixSecs>,
    /// Before.
    pub until: Option<UnixSecs>,
}

/// Keeps records.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordEvents {
    /// Up to 1,000.
    pub events: Vec<AuditEvent>,
}

impl Operation for RecordEvents {
    type Reply = ();
    const NAME: &'static str = "audit.record";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        events::record(manager, &self.events).await
    }
}

/// Lists records, the newest first, up to 10,000.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListEvents {
    /// Which.
    pub filter: AuditFilter,
    /// At most this many.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Operation for ListEvents {
    type Reply = Vec<AuditEvent>;
    const NAME: &'static str = "audit.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        events::list(manager, &self).await
    }
}

/// Removes records from before a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveOldEvents {
    /// Which time.
    pub before: UnixSecs,
}

impl Operation for RemoveOldEvents {
    type Reply = u64;
    const NAME: &'static str = "audit.remove_old";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        events::remove_old(manager, self.before).await
    }
}
