//! What a unit of work changes, on its way to every node.

use tidegate_types::EntityRef;

use super::WorkspaceHandle;
use super::actor::Publish;

/// A change that is about to be committed. Until it is published this node keeps no answers of the workspace and gives none
/// that are kept. One that is dropped may have been committed, and is treated so.
#[must_use = "a change that is not withdrawn is published"]
pub(crate) struct Announcement {
    workspace: WorkspaceHandle,
    /// `None` once it is withdrawn or published.
    things: Option<Vec<EntityRef>>,
}

impl Announcement {
    pub(super) fn new(workspace: WorkspaceHandle, things: Vec<EntityRef>) -> Self {
        workspace.shared.content.announce();
        Self {
            workspace,
            things: Some(things),
        }
    }

    /// The change did not happen.
    pub(crate) fn withdraw(mut self) {
        self.things = None;
        self.workspace.shared.content.withdraw();
    }

    /// The change happened. Returns when the change log has it, or could not take it: then the workspace's actor goes on trying.
    pub(crate) async fn publish(mut self) {
        let Some(things) = self.things.take() else {
            return;
        };
        let shared = &self.workspace.shared;
        match shared.tell(&things).await {
            Ok(place) => shared.published(place, &things),
            Err(err) => {
                tracing::warn!(
                    workspace = %shared.workspace.slug,
                    error = &err as &dyn std::error::Error,
                    "a change could not be told to the other nodes yet; this one keeps no answers until it is"
                );
                self.hand_over(Publish::happened(things));
            }
        }
    }

    /// The change may have happened, or may happen yet: it is published now and once more when that is decided.
    pub(crate) fn publish_unsettled(self) {
        drop(self);
    }

    fn hand_over(&self, publish: Publish) {
        if let Err(err) = self.workspace.addr.try_send(publish) {
            tracing::error!(
                workspace = %self.workspace.workspace().slug,
                error = &err as &dyn std::error::Error,
                "a change was not told to the nodes; they may give kept answers until these expire"
            );
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Some(things) = self.things.take() {
            self.hand_over(Publish::unsettled(things));
        }
    }
}
