//! A node: what the edge and the binary call.
//!
//! [`start`] puts it together, [`bind`] tells who calls, [`serve`] takes what they send, [`health`] says whether it can
//! do its work, [`background`] is what runs without being asked, and [`stop`] ends it.

mod background;
mod bind;
mod health;
mod serve;
mod start;
mod stop;

use std::sync::Arc;

use actix_rt::Arbiter;
use tidegate_metastore::Metastore;
use tidegate_types::WorkspaceSlug;
use tokio_util::sync::CancellationToken;

pub use bind::Bound;
pub use health::Unready;
pub use serve::{ClientPost, ClientRequest};
pub use start::{NodeParts, StartError};

use crate::access_guard::AccessGuard;
use crate::service::Core;
use crate::workspace::{WorkspaceError, WorkspaceRegistry};

/// A running node.
pub struct Node {
    core: Arc<Core>,
    workspaces: Arc<WorkspaceRegistry>,
    access_guard: Arc<AccessGuard>,
    arbiters: Vec<Arbiter>,
    ends: CancellationToken,
}

impl Node {
    /// Opens a workspace before its first request. The node is not ready until it was opened once.
    ///
    /// # Errors
    /// It does not exist, or cannot be opened now.
    pub async fn warm_up(&self, workspace: &WorkspaceSlug) -> Result<(), WorkspaceError> {
        self.workspaces.expect(workspace);
        self.workspaces.get(workspace).await.map(drop)
    }

    /// The workspaces that were to be opened and could not be yet.
    pub fn unopened(&self) -> Vec<WorkspaceSlug> {
        self.workspaces.unopened().into_keys().collect()
    }

    /// A workspace's metastore, for what is written beside requests.
    ///
    /// # Errors
    /// As [`Self::warm_up`].
    pub async fn metastore(&self, workspace: &WorkspaceSlug) -> Result<Metastore, WorkspaceError> {
        Ok(self
            .workspaces
            .get(workspace)
            .await?
            .workspace()
            .metastore
            .clone())
    }
}
