//! What a node asks of the control plane, and how it keeps from asking on every request.
//!
//! The control plane is the truth about grants, members and flags; a node remembers what it was told, and reads the
//! log of changes several times a second to know what of it still counts.

mod cache_validity;
mod change_watcher;
mod changes;
mod feature_flags;
mod uses;

use std::sync::Arc;

use tidegate_token_verifier::GrantStatusSource;

pub(crate) use cache_validity::CacheValidity;
pub(crate) use change_watcher::ChangeWatcher;
pub use changes::{ChangeFeed, ControlChange, ControlChangePage, ControlError};
pub(crate) use feature_flags::FeatureFlags;
pub use feature_flags::{Closed, FlagSource, WorkspaceState};
pub(crate) use uses::UseCounter;
pub use uses::{GrantUse, GrantUses};

/// The parts of a control plane that a node uses. Without one there are no tokens of our own, and every workspace is
/// open.
#[derive(Clone, Default)]
pub struct ControlPlane {
    /// Decides whether grants and API tokens count.
    pub standing: Option<Arc<dyn GrantStatusSource>>,
    /// Knows which workspaces are open.
    pub flags: Option<Arc<dyn FlagSource>>,
    /// Tells what changed. Without it, what is remembered counts for its whole time.
    pub changes: Option<Arc<dyn ChangeFeed>>,
    /// Counts what grants are used for.
    pub uses: Option<Arc<dyn GrantUses>>,
}
