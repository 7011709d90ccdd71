//! The changes of a workspace, for one stream.

use std::sync::Arc;

use tidegate_store::{Change, Epoch};
use tokio::sync::broadcast;

use crate::service::Core;
use crate::workspace::{FeedItem, WorkspaceHandle};

/// Changes of a workspace in order, none twice, from the feed of this node or, behind it, from the log.
pub(super) struct Feed {
    core: Arc<Core>,
    workspace: WorkspaceHandle,
    live: broadcast::Receiver<FeedItem>,
    /// The place of the last change that was given.
    pub(super) after: Epoch,
    is_behind: bool,
}

impl Feed {
    pub(super) fn new(core: &Arc<Core>, workspace: &WorkspaceHandle, after: Option<Epoch>) -> Self {
        // The receiver comes first: what happens between the two is in both, and told once.
        let live = workspace.changes();
        let now = workspace.epoch();
        Self {
            core: Arc::clone(core),
            workspace: workspace.clone(),
            live,
            after: after.unwrap_or(now),
            is_behind: after.is_some_and(|after| after != now),
        }
    }

    /// The next changes, at least one. `None`: the workspace is no longer active here.
    pub(super) async fn next(&mut self) -> Option<Vec<FeedItem>> {
        loop {
            if std::mem::take(&mut self.is_behind) {
                let changes = self.read_log().await;
                if !changes.is_empty() {
                    return Some(changes);
                }
            }
            match self.live.recv().await {
                Ok((epoch, change)) if epoch > self.after => {
                    self.after = epoch;
                    return Some(vec![(epoch, change)]);
                }
                // Known already, or the store lost the log and began another below this place: the log tells.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => self.is_behind = true,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    async fn read_log(&mut self) -> Vec<FeedItem> {
        let slug = &self.workspace.workspace().slug;
        match self.core.state.changes.read(slug, self.after).await {
            Ok(page) => {
                self.after = page.head;
                if page.has_gap {
                    // Anything may have changed.
                    return [Change::Tools, Change::Prompts, Change::Resources]
                        .map(|change| (page.head, change))
                        .to_vec();
                }
                page.changes
            }
            Err(err) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "the change log cannot be read"
                );
                Vec::new()
            }
        }
    }
}
