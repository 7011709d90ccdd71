//! What is done of a call once it runs.

use std::sync::Arc;

use tidegate_protocol::ProtocolVersion;
use tidegate_tools::{CallContext, ToolFailure};
use tokio_util::sync::CancellationToken;

use super::commit::commit;
use crate::service::operation::CheckedOperation;
use crate::service::{Core, Produced};
use crate::workspace::WorkspaceHandle;

/// Does the operation, and commits what it changed.
pub(super) async fn work(
    core: Arc<Core>,
    workspace: WorkspaceHandle,
    operation: CheckedOperation,
    context: CallContext,
    version: ProtocolVersion,
    has_started: CancellationToken,
) -> Result<Produced, ToolFailure> {
    has_started.cancel();
    let produced = operation.produce(&core, &context, version).await?;
    // What a failed call changed is undone as its unit of work is dropped.
    if !produced.is_error {
        commit(&workspace, &context).await?;
    }
    Ok(produced)
}
