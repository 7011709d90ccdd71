//! What a call brings to its tool.

use std::sync::Arc;
use std::time::Duration;

use tidegate_protocol::{ClientCapabilities, ProtocolVersion};
use tidegate_tools::{CallContext, CallWork, WriteMark};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::executor::Deadline;
use crate::outlet::Outlet;
use crate::service::channel::{Asking, CallChannel, Progressed};
use crate::service::{Caller, Core};

/// The context of a call that reaches its client by `channel`.
pub(super) fn context(
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
