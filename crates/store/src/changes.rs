use serde::{Deserialize, Serialize};
use tidegate_types::{EntityRef, TokenId, UserId, WorkspaceSlug};

use crate::StoreError;

/// The place of a change in its workspace's log: 1, 2, 3, …
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Something that changed in a workspace and that other nodes or clients must learn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The tools that somebody may list.
    Tools,
    /// The prompts that somebody may list.
    Prompts,
    /// The resources that somebody may list.
    Resources,
    /// What one resource says.
    Resource {
        /// Its URI.
        uri: String,
    },
    /// Roles, grants or rules: everything that was decided by them is decided again.
    Rights,
    /// A token was revoked.
    Revoked {
        /// The token.
        token: TokenId,
    },
    /// A user was deactivated or lost the workspace.
    UserLost {
        /// The user.
        user: UserId,
    },
    /// A feature flag.
    Flags,
    /// Things of the workspace were made, changed or deleted together.
    Content {
        /// Each of them once.
        things: Vec<EntityRef>,
    },
}

/// Changes after a place in the log, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes, oldest first.
    pub changes: Vec<(Epoch, Change)>,
    /// Where the log now ends.
    pub head: Epoch,
    /// Whether changes after the place asked for were dropped, or are of a kind that only a newer version knows, or the
    /// log ends before that place because the store lost it: treat everything as changed, and go on from `head`.
    pub has_gap: bool,
}

/// What changed in a workspace, kept long enough for a node that was cut off to catch up.
///
/// Redis: stream `tg:{<workspace>}:changes`, ids `0-<n>`, capped at 1,000. No expiry: its length is
/// bounded, and its end is the workspace's epoch.
#[async_trait::async_trait]
pub trait ChangeLog: Send + Sync {
    /// Appends a change and signals it to every node ([`crate::Signal::Changed`]).
    async fn append(&self, workspace: &WorkspaceSlug, change: Change) -> Result<Epoch, StoreError>;

    /// All changes after `after`.
    async fn read(&self, workspace: &WorkspaceSlug, after: Epoch)
    -> Result<ChangePage, StoreError>;

    /// Where the log ends.
    async fn head(&self, workspace: &WorkspaceSlug) -> Result<Epoch, StoreError>;
}
