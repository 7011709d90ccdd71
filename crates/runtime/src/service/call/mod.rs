//! One call, stage by stage: limit, check (in `operation`), cache, execute, keep, shape; and inside of what is executed, do,
//! fit, commit. The stages but for the check are files here.

mod cache;
mod cache_key;
mod changes;
mod commit;
mod context;
mod digest;
mod execute;
mod fit;
mod keep;
mod limit;
mod reply_to;
mod retry_state;
mod shape;
mod single_flight;
mod streamed;
mod work;

use std::sync::Arc;

use serde_json::value::RawValue;
use tidegate_protocol::{ClientCapabilities, LogLevel, ProtocolVersion, RequestId};
use tokio_util::sync::CancellationToken;

pub(crate) use context::quiet_context;
pub(crate) use fit::fit;
pub(crate) use limit::check as check_limits;
pub(crate) use retry_state::open as open_state;
pub(crate) use single_flight::InFlight;
pub(crate) use streamed::{last_message, takes_long};

use cache::{Ended, Found};
use execute::Execution;
use reply_to::ReplyTo;
use single_flight::Computed;

use super::channel::Asking;
use super::observe::Request;
use super::operation::Operation;
use super::{Caller, Core, Observation, Outcome, TraceParent};
use crate::executor::CallControl;
use crate::outlet::Outlet;
use crate::session::CallGuard;

/// One call, decoded and allowed.
pub(crate) struct Call {
    pub id: RequestId,
    pub operation: Operation,
    pub session: Option<String>,
    pub trace: TraceParent,
    pub client: CallClient,
}

/// The client of one call, and how it is reached.
pub(crate) struct CallClient {
    pub version: ProtocolVersion,
    pub capabilities: ClientCapabilities,
    pub progress_token: Option<Box<RawValue>>,
    pub log_level: Option<LogLevel>,
    pub asking: Asking,
    /// Tells the session when the call is over.
    pub guard: Option<CallGuard>,
    /// Fires when the call no longer waits for a place to run. Until then it can still be refused with a status.
    pub has_started: CancellationToken,
}

/// Runs a call to its end. Dropping the future leaves the call running: the token cancels it.
pub(crate) async fn run(
    core: Arc<Core>,
    caller: Caller,
    call: Call,
    outlet: Outlet,
    control: CallControl,
) -> Outcome {
    let to = ReplyTo::of(&caller, &call);
    let mut observation = observed(&core, &caller, &to, &call);
    if let Some(grant) = &caller.token.grant {
        core.uses.count(grant, caller.token.kind);
    }
    if let Err(refused) = limit::check(&core, &caller, &to.id, to.tool_name()).await {
        observation.end_refused(refused.code);
        return to.refusal(&core, refused);
    }
    let Call {
        operation, client, ..
    } = call;
    let operation = match operation.check() {
        Ok(operation) => operation,
        Err(failed) => {
            observation.end_failed(&failed);
            return to.failure(&core, &failed);
        }
    };
    let cancel = control.token();
    let (keeping, limit) = match cache::find(&core, &caller, &to, &operation, &client, cancel).await
    {
        Found::End(ended) => return answer_without_running(&core, &to, observation, ended),
        Found::Nothing { keeping, limit } => (keeping, limit),
    };
    let execution = Execution {
        operation,
        client,
        outlet,
        limit,
        observation,
    };
    let computed: Computed = Arc::new(execution.run(&core, &caller, &control).await);
    if let Some(keeping) = keeping {
        keeping.end(&core, &computed).await;
    }
    to.outcome(&core, &computed)
}

fn observed(core: &Core, caller: &Caller, to: &ReplyTo, call: &Call) -> Observation {
    core.observer.begin(
        caller,
        &to.summary,
        &call.operation.arguments(),
        &Request {
            id: to.id.as_json(),
            session: call.session.as_deref(),
            protocol_version: to.version.as_str(),
            trace: &call.trace,
        },
    )
}

/// The answer to a call that ended before it ran.
fn answer_without_running(
    core: &Core,
    to: &ReplyTo,
    mut observation: Observation,
    ended: Ended,
) -> Outcome {
    match ended {
        Ended::Kept(answer) => {
            observation.end_cached(answer.len());
            to.answer(answer)
        }
        Ended::Shared(computed) => {
            match &*computed {
                // Its rows were read once, by the call that ran.
                Ok(produced) if !produced.is_error => observation.end_cached(produced.result.len()),
                computed => observation.end(computed),
            }
            to.outcome(core, &computed)
        }
        Ended::Failed(failed) => {
            observation.end_failed(&failed);
            to.failure(core, &failed)
        }
    }
}
