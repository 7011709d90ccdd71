//! The node, for parts that it is made of itself.

use std::sync::Arc;

use tidegate_metastore::Metastore;
use tidegate_runtime::{Node, WorkspaceError};
use tidegate_types::WorkspaceSlug;
use tokio::sync::OnceCell;

/// A node that starts later. Cloning is cheap.
#[derive(Clone, Default)]
pub(crate) struct LateNode(Arc<OnceCell<Arc<Node>>>);

/// Why a metastore cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoMetastore {
    /// Somebody asked before there was a node.
    #[error("the node has not started")]
    NotStarted,
    /// The workspace cannot be opened.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

impl LateNode {
    /// The node has started.
    pub(crate) fn join(&self, node: Arc<Node>) {
        // Joined once, by the application.
        let _ = self.0.set(node);
    }

    /// The metastore of a workspace.
    pub(crate) async fn metastore(
        &self,
        workspace: &WorkspaceSlug,
    ) -> Result<Metastore, NoMetastore> {
        let node = self.0.get().ok_or(NoMetastore::NotStarted)?;
        Ok(node.metastore(workspace).await?)
    }
}

impl std::fmt::Debug for LateNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LateNode")
    }
}
