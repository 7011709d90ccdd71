//! What was done to accounts, clients and grants, and by whom.

mod events;
mod listing;

pub(crate) use events::insert;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When it happened.
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

/// A filter for records.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AuditFilter {
    /// By this account.
    pub account: Option<AccountId>,
    /// By the account of this name, in any case. Nobody's: no records.
    #[serde(default)]
    pub username: Option<String>,
    /// About this client.
    pub client: Option<ClientId>,
    /// About a client of this id, or with this text in its name, in any case.
    #[serde(default)]
    pub client_text: Option<String>,
    /// About this workspace.
    pub workspace: Option<WorkspaceSlug>,
    /// Whose action begins with this.
    pub action: Option<String>,
    /// Only what was not done: refused, or failed.
    #[serde(default)]
    pub only_refused: bool,
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
    /// Which records; all without.
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
        listing::list(manager, &self).await
    }
}

/// A record with the names that its ids go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedEvent {
    /// The record.
    pub event: AuditEvent,
    /// What its account signs in with.
    pub username: Option<String>,
    /// What its client calls itself, or called itself when it was connected last.
    pub client_name: Option<String>,
}

/// A part of the records that match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsPage {
    /// The newest first.
    pub events: Vec<NamedEvent>,
    /// How many match, counted up to 10,000.
    pub total: u64,
    /// Whether there are more than that.
    pub is_more: bool,
}

/// Lists a part of the records with names, the newest first, and counts them. `Invalid`: more than 1,000 at once, or an
/// offset above 10,000.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListEventsPage {
    /// Which records; all without.
    pub filter: AuditFilter,
    /// At most this many.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Operation for ListEventsPage {
    type Reply = EventsPage;
    const NAME: &'static str = "audit.list_page";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::list_page(manager, &self).await
    }
}

/// Removes records from before a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveOldEvents {
    /// The time.
    pub before: UnixSecs,
}

impl Operation for RemoveOldEvents {
    type Reply = u64;
    const NAME: &'static str = "audit.remove_old";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        events::remove_old(manager, self.before).await
    }
}
