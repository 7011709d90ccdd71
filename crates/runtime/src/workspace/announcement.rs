//! What a unit of work changes, on its way to every node.

use actix::MailboxError;
use tidegate_types::EntityRef;

use super::WorkspaceHandle;
use super::actor::Publish;

/// A change that is about to be committed. While there is one that was not published, this node keeps no answers of the
/// workspace and takes none that are kept. One that is dropped is published: it may have been committed.
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

    /// The change happened, or may have. Returns when the shared log has it, or could not take it now: the workspace's actor
    /// goes on trying.
    pub(crate) async fn publish(mut self) {
        let Some(things) = self.things.take() else {
            return;
        };
        let publish = Publish::new(things);
        let sent = self.workspace.addr.send(publish);
        // After a time-out the message is still on its way.
        if let Err(err @ MailboxError::Closed) = sent.timeout(self.workspace.deadline).await {
            self.warn(&err);
        }
    }

    fn warn(&self, err: &(dyn std::error::Error + 'static)) {
        tracing::warn!(
            workspace = %self.workspace.workspace().slug,
            error = err,
            "a change was not told to the other nodes; they may give kept answers until these expire"
        );
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Some(things) = self.things.take()
            && let Err(err) = self.workspace.addr.try_send(Publish::new(things))
        {
            self.warn(&err);
        }
    }
}
