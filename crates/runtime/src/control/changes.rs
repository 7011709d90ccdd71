use tidegate_types::{GrantId, WorkspaceSlug};

/// The control plane did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the control plane cannot be asked")]
pub struct ControlError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Something that changed in the control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlChange {
    /// A grant or API token ended or was narrowed.
    Session {
        /// Where it was good; `None`: an API token for any workspace.
        workspace: Option<WorkspaceSlug>,
        /// The grant or API token.
        id: GrantId,
    },
    /// Members, roles, policy or state of a workspace, or the workspace itself.
    Workspace {
        /// The workspace.
        workspace: WorkspaceSlug,
    },
    /// Flags.
    Flags {
        /// Of one workspace, or of all.
        workspace: Option<WorkspaceSlug>,
    },
    /// Signing keys.
    Keys,
    /// An account: whatever it was let in to.
    Account,
}

/// Changes after a place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlChangePage {
    /// Oldest first, a bounded number.
    pub changes: Vec<ControlChange>,
    /// The place of the last one.
    pub head: u64,
    /// Whether changes after the place asked for are gone, or the log ends before it.
    pub has_gap: bool,
}

/// The log of changes. Whoever asks for standing or flags after having read up to a place is told nothing older.
#[async_trait::async_trait]
pub trait ChangeFeed: Send + Sync {
    /// The changes after a place. Without one: none, and the place to begin from. Asked several times a second.
    ///
    /// # Errors
    /// The log cannot be read now.
    async fn read(&self, after: Option<u64>) -> Result<ControlChangePage, ControlError>;
}
