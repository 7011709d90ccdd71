//! What a tool changed, for the other nodes.

use std::sync::Arc;

use tidegate_tools::{Change, ChangeNotifier};
use tidegate_types::WorkspaceSlug;

use crate::service::Core;

/// Passes a tool's changes on to all nodes.
pub(super) struct Changes {
    pub(super) core: Arc<Core>,
    pub(super) workspace: WorkspaceSlug,
}

#[async_trait::async_trait]
impl ChangeNotifier for Changes {
    async fn notify(&self, change: Change) {
        let change = match change {
            Change::Tools => tidegate_store::Change::Tools,
            Change::Prompts => tidegate_store::Change::Prompts,
            Change::Resources => tidegate_store::Change::Resources,
            Change::Resource { uri } => tidegate_store::Change::Resource { uri },
        };
        if let Err(err) = self
            .core
            .state
            .changes
            .append(&self.workspace, change)
            .await
        {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "a change could not be told to the other nodes"
            );
        }
    }
}
