//! Running one call: limits, cache, executor, in this order.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_protocol::reply;
use tidegate_protocol::state::Binding;
use tidegate_protocol::{ClientCapabilities, LogLevel, ProtocolVersion, RequestId};
use tidegate_store::{Budget, LimitScope, Plane, Verdict};
use tidegate_telemetry::Count;
use tidegate_tools::{CallContext, Change, ChangeNotifier, ToolFailure};
use tidegate_types::{ServiceCode, WorkspaceSlug};
use tokio_util::sync::CancellationToken;

use super::channel::{Asking, CallChannel, FIRST};
use super::keep::{self, Boarding, Flight, Place};
use super::observe::{Observation, Request};
use super::operation::Operation;
use super::{Caller, Core, Outcome, Produced, TraceParent, failure, notice};
use crate::answer::Refused;
use crate::executor::{Job, Patience};
use crate::outlet::Outlet;
use crate::session::CallGuard;

/// How long sealed state counts.
const STATE_TTL_SECS: i64 = 600;

/// One call, decoded and allowed.
pub(crate) struct Call {
    pub id: RequestId,
    pub operation: Operation,
    pub version: ProtocolVersion,
    pub capabilities: ClientCapabilities,
    pub progress_token: Option<Box<RawValue>>,
    pub log_level: Option<LogLevel>,
    pub asking: Asking,
    pub session: Option<String>,
    pub trace: TraceParent,
    /// Tells the session when the call is over.
    pub guard: Option<CallGuard>,
}

/// Runs a call to its end. Dropping the future leaves the call running: the token cancels it.
pub(crate) async fn run(
    core: Arc<Core>,
    caller: Caller,
    call: Call,
    outlet: Outlet,
    cancel: CancellationToken,
) -> Outcome {
    let (id, version) = (call.id.clone(), call.version);
    let is_tool = matches!(call.operation, Operation::Tool { .. });
    let mut observation = core.observer.begin(
        &caller,
        &call.operation,
        &Request {
            id: id.as_json(),
            session: call.session.as_deref(),
            protocol_version: version.as_str(),
            trace: &call.trace,
        },
    );
    if let Some(grant) = &caller.token.grant {
        core.uses.count(grant, caller.token.kind);
    }
    let tool = match &call.operation {
        Operation::Tool { tool, .. } => Some(tool.spec().name),
        Operation::Prompt { .. } | Operation::Resource { .. } => None,
    };
    if let Err(refused) = check_limits(&core, &caller, &id, tool).await {
        observation.end_refused(refused.code);
        return Outcome::Refused(refused);
    }

    // A result that rests on the client's answers is nobody else's (2026-07-28, "Caching").
    let is_retry = matches!(&call.asking, Asking::Retry { answers, state } if !answers.is_empty() || state.is_some());
    let keep_for = call.operation.keep_for(&core).filter(|_| !is_retry);
    let mut keeping = None;
    if let Some(ttl) = keep_for {
        let Place { key, wants_fresh } = keep::place(&caller, &call.operation, version);
        let kept = if wants_fresh {
            None
        } else {
            keep::find(&core, &key).await
        };
        let found = match kept {
            Some(answer) => Some(answer),
            None => match core.flights.board(&key).await {
                Boarding::Landed(answer) => Some(answer),
                Boarding::Fly(flight) => {
                    keeping = Some(Keeping { flight, key, ttl });
                    None
                }
            },
        };
        let metrics = core.observer.metrics();
        if let Some(answer) = found {
            metrics.count(Count::CacheHit);
            observation.end_cached(answer.len());
            let answer = notice::attach(answer, notice::of(&caller));
            return Outcome::Message(reply::success(&id, &answer));
        }
        metrics.count(Count::CacheMiss);
    }

    let told = notice::of(&caller);
    let sealing = Sealing::of(&caller, &call.operation);
    let job = job(&core, &caller, call, outlet, cancel, observation, keeping);
    match core.executor.run(job).await {
        Ok(produced) => {
            let result = notice::attach(produced.result, told);
            Outcome::Message(reply::success(&id, &result))
        }
        Err(failed) => failure::outcome(&core, &failed, &id, version, is_tool, |state| {
            sealing.seal(&core, state)
        }),
    }
}

struct Keeping {
    flight: Flight,
    key: tidegate_store::CacheKey,
    ttl: Duration,
}

fn job(
    core: &Arc<Core>,
    caller: &Caller,
    call: Call,
    outlet: Outlet,
    cancel: CancellationToken,
    observation: Observation,
    keeping: Option<Keeping>,
) -> Job {
    let Call {
        operation,
        version,
        capabilities,
        progress_token,
        log_level,
        asking,
        guard,
        ..
    } = call;
    let patience = Arc::new(Patience::default());
    let channel = CallChannel {
        version,
        capabilities,
        outlet,
        progress_token,
        log_level,
        asking,
        ask_limit: core.settings.ask_limit,
        cancel: cancel.clone(),
        patience: Arc::clone(&patience),
        progressed: AtomicU64::new(FIRST),
        observer: core.observer.clone(),
        question_prefix: core.node_id.as_str().chars().take(24).collect(),
    };
    let context = context(core, caller, channel, cancel.clone());
    let core = Arc::clone(core);
    let limit = core.settings.call_limit;
    let work = async move {
        let produced = operation.produce(&core, &context, version).await?;
        if let Some(Keeping { flight, key, ttl }) = keeping
            && produced.may_be_kept
        {
            flight.land(produced.result.clone());
            keep::store(&core, key, produced.result.clone(), ttl).await;
        }
        Ok(produced)
    };
    Job {
        work: Box::pin(work),
        limit,
        cancel,
        patience,
        observation: Some(observation),
        _guard: guard,
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
        patience: Arc::default(),
        progressed: AtomicU64::new(FIRST),
        observer: core.observer.clone(),
        question_prefix: String::new(),
    };
    context(core, caller, channel, cancel)
}

/// Takes one call from the budgets of the workspace, the user, the client and the tool, if it is one.
///
/// # Errors
/// 429 with the seconds to wait; 503 when it cannot be told.
pub(crate) async fn check_limits(
    core: &Core,
    caller: &Caller,
    id: &RequestId,
    tool: Option<&str>,
) -> Result<(), Refused> {
    let Some(limits) = &core.settings.limits else {
        return Ok(());
    };
    let user = caller.principal.user;
    let budgets: Vec<Budget> = [
        (limits.tenant, LimitScope::Tenant),
        (limits.user, LimitScope::User(user)),
        (
            limits.client,
            LimitScope::Client(caller.principal.client.0.to_string()),
        ),
        (
            tool.and_then(|tool| limits.of_tool(tool)),
            LimitScope::Tool(user, tool.unwrap_or_default().to_owned()),
        ),
    ]
    .into_iter()
    .filter_map(|(rate, scope)| {
        rate.map(|rate| Budget {
            scope,
            per_minute: rate.per_minute.get(),
            burst: rate.burst.get(),
        })
    })
    .collect();
    if budgets.is_empty() {
        return Ok(());
    }
    match core
        .state
        .limits
        .check(&Plane::from(&caller.principal.workspace), &budgets)
        .await
    {
        Ok(Verdict::Allowed) => Ok(()),
        Ok(Verdict::Limited { scope, retry_after }) => {
            core.observer.limited(&scope);
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            let whose = match scope {
                LimitScope::Tenant => "this workspace",
                LimitScope::User(_) => "you",
                LimitScope::Client(_) => "this client",
                LimitScope::Tool(..) => "this tool",
                LimitScope::Everybody(_)
                | LimitScope::Address(..)
                | LimitScope::Account(..)
                | LimitScope::ClientAt(..) => "the control plane",
            };
            let message = format!("too many calls for {whose}; try again in {seconds} seconds");
            Err(Refused::later(
                ServiceCode::RateLimited,
                Some(id),
                message,
                seconds,
            ))
        }
        Err(err) => {
            // Refuse by default: what cannot be counted is not allowed. The store falls back to a local
            // share before it comes to this.
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "limits cannot be checked"
            );
            Err(Refused::later(
                err.service_code(),
                Some(id),
                "limits cannot be checked now",
                1,
            ))
        }
    }
}

/// What sealed state is bound to.
struct Sealing {
    workspace: WorkspaceSlug,
    user: i64,
    method: &'static str,
    target: String,
    arguments: String,
}

impl Sealing {
    fn of(caller: &Caller, operation: &Operation) -> Self {
        Self {
            workspace: caller.principal.workspace.clone(),
            user: caller.principal.user.0,
            method: operation.method(),
            target: operation.target(),
            arguments: operation.arguments(),
        }
    }

    fn binding(&self) -> Binding<'_> {
        Binding {
            workspace: self.workspace.as_str(),
            user: self.user,
            method: self.method,
            target: &self.target,
            arguments: &self.arguments,
        }
    }

    fn seal(&self, core: &Core, state: &serde_json::Value) -> String {
        core.sealer.seal(
            &self.binding(),
            state.clone(),
            core.clock.unix_secs() + STATE_TTL_SECS,
        )
    }
}

/// Opens `requestState` that came with a call.
///
/// # Errors
/// It is not for this call, or too old.
pub(crate) fn open_state(
    core: &Core,
    caller: &Caller,
    operation: &Operation,
    sealed: &str,
) -> Result<serde_json::Value, tidegate_protocol::state::InvalidState> {
    core.sealer.open(
        &Sealing::of(caller, operation).binding(),
        sealed,
        core.clock.unix_secs(),
    )
}

/// Passes a tool's changes on to all nodes.
struct Changes {
    core: Arc<Core>,
    workspace: WorkspaceSlug,
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

/// The final message of a call, for a stream that has begun.
pub(crate) async fn last_message(running: impl Future<Output = Outcome>) -> Bytes {
    running.await.into_message()
}

impl Job {
    /// Ends the observation of a job that never ran.
    pub(crate) fn refuse(mut self, failure: ToolFailure) -> Result<Produced, ToolFailure> {
        let result = Err(failure);
        if let Some(observation) = &mut self.observation {
            observation.end(&result);
        }
        result
    }
}
