//! Stage 5: committing what a writing tool changed, when its answer is ready.

use tidegate_metastore::CommitError;
use tidegate_tools::{CallContext, ToolFailure};

use crate::workspace::WorkspaceHandle;

/// Commits the call's unit of work, if it has changed something, and tells every node. From the first byte of the commit on
/// nobody drops it: see [`WriteMark`](tidegate_tools::WriteMark).
///
/// # Errors
/// `Cancelled`, or what the metastore says: nothing was changed. `OutcomeUnknown`.
pub(super) async fn commit(
    workspace: &WorkspaceHandle,
    context: &CallContext,
) -> Result<(), ToolFailure> {
    let Some(work) = context.work.take() else {
        return Ok(());
    };
    if work.changed().is_empty() {
        return Ok(());
    }
    if context.cancel.is_cancelled() {
        return Err(ToolFailure::Cancelled);
    }
    context.write.set();
    let announcement = workspace.announce(work.changed().to_vec());
    match work.commit().await {
        Ok(()) => {
            announcement.publish().await;
            Ok(())
        }
        Err(err @ CommitError::Undone(_)) => {
            announcement.withdraw();
            Err(err.into())
        }
        Err(err @ CommitError::Unknown(_)) => {
            tracing::warn!(
                workspace = %workspace.workspace().slug,
                error = &err as &dyn std::error::Error,
                "a change may have been made"
            );
            announcement.publish_unsettled();
            Err(err.into())
        }
    }
}
