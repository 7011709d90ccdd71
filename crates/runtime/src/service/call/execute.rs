//! Stage 3: running the operation on the workspace's executor.

use std::sync::Arc;
use std::time::Duration;

use tidegate_protocol::{ClientCapabilities, ProtocolVersion};
use tidegate_tools::{CallContext, CallWork, Touches, WriteMark};
use tokio_util::sync::CancellationToken;

use super::CallClient;
use super::changes::Changes;
use super::commit::commit;
use crate::executor::{Deadline, Job};
use crate::outlet::Outlet;
use crate::service::channel::{Asking, CallChannel, Progressed};
use crate::service::operation::CheckedOperation;
use crate::service::{Caller, Core};

/// A job without an observation.
pub(super) fn job(
    core: &Arc<Core>,
    caller: &Caller,
    operation: CheckedOperation,
    client: CallClient,
    outlet: Outlet,
    cancel: CancellationToken,
    limit: Duration,
) -> Job {
    let CallClient {
        version,
        capabilities,
        progress_token,
        log_level,
        asking,
        guard,
        has_started,
    } = client;
    let deadline = Arc::new(Deadline::new(limit));
    let channel = CallChannel {
        version,
        capabilities,
        outlet,
        progress_token,
        log_level,
        asking,
        ask_limit: core.settings.ask_limit,
        cancel: cancel.clone(),
        deadline: Arc::clone(&deadline),
        progressed: Progressed::default(),
        observer: core.observer.clone(),
        question_prefix: core.node_id.as_str().chars().take(24).collect(),
    };
    let context = context(core, caller, channel, cancel.clone());
    let write = context.write.clone();
    let core = Arc::clone(core);
    let workspace = caller.workspace.clone();
    let work = async move {
        has_started.cancel();
        let produced = operation.produce(&core, &context, version).await?;
        // What a failed call changed is undone as its unit of work is dropped.
        if !produced.is_error {
            commit(&workspace, &context).await?;
        }
        Ok(produced)
    };
    Job {
        work: Box::pin(work),
        deadline,
        cancel,
        write,
        observation: None,
        _guard: guard,
    }
}

/// Whether it may wait for a database.
pub(super) fn touches_databases(operation: &CheckedOperation) -> bool {
    match operation {
        CheckedOperation::Tool { entry, .. } => entry.spec().touches == Touches::Databases,
        CheckedOperation::Prompt { .. } | CheckedOperation::Resource { .. } => true,
    }
}

fn context(
    core: &Arc<Core>,
    caller: &Caller,
    channel: CallChannel,
    cancel: CancellationToken,
) -> CallContext {
    CallContext {
        workspace: Arc::clone(caller.workspace.workspace()),
        principal: Arc::clone(&caller.principal),
        access: Arc::clone(&caller.access),
        client: Arc::new(channel),
        cancel,
        write: WriteMark::default(),
        work: CallWork::default(),
        time_limit: core.settings.call_limit,
        clock: Arc::clone(&core.clock),
        catalogue: Arc::clone(&core.catalogue),
        changes: Arc::new(Changes {
            core: Arc::clone(core),
            workspace: caller.principal.workspace.clone(),
        }),
    }
}

/// A context without a way back to the client: for completions.
pub(crate) fn quiet_context(
    core: &Arc<Core>,
    caller: &Caller,
    version: ProtocolVersion,
) -> CallContext {
    let cancel = CancellationToken::new();
    let channel = CallChannel {
        version,
        capabilities: ClientCapabilities::default(),
        outlet: Outlet::new().0,
        progress_token: None,
        log_level: None,
        asking: Asking::Never,
        ask_limit: Duration::ZERO,
        cancel: cancel.clone(),
        deadline: Arc::new(Deadline::new(Duration::ZERO)),
        progressed: Progressed::default(),
        observer: core.observer.clone(),
        question_prefix: String::new(),
    };
    context(core, caller, channel, cancel)
}
