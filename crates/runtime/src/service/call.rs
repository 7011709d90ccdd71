//! Running one call: limits, arguments, cache, executor, in this order.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tidegate_metastore::Access;
use tidegate_protocol::content::ToolResult;
use tidegate_protocol::reply::{self, tool_result};
use tidegate_protocol::state::Binding;
use tidegate_protocol::{ClientCapabilities, LogLevel, ProtocolVersion, RequestId};
use tidegate_store::{Budget, LimitScope, Plane, Verdict};
use tidegate_telemetry::Count;
use tidegate_tools::{CallContext, Change, ChangeNotifier, ToolFailure, WriteMark};
use tidegate_types::{Principal, ServiceCode, WorkspaceSlug};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::channel::{Asking, CallChannel, Progressed};
use super::in_flight::{Computed, Lead, Role, Waited};
use super::keep::{self, Place};
use super::observe::Request;
use super::operation::{CheckedOperation, Operation, OperationSummary};
use super::{Caller, Core, Outcome, Produced, TraceParent, failure, notice};
use crate::answer::Refused;
use crate::executor::{CallControl, Deadline, Job};
use crate::outlet::Outlet;
use crate::session::CallGuard;

/// How long sealed state counts.
const STATE_TTL_SECS: i64 = 600;

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
    let mut observation = core.observer.begin(
        &caller,
        &to.summary,
        &Request {
            id: to.id.as_json(),
            session: call.session.as_deref(),
            protocol_version: to.version.as_str(),
            trace: &call.trace,
        },
    );
    if let Some(grant) = &caller.token.grant {
        core.uses.count(grant, caller.token.kind);
    }
    if let Err(refused) = check_limits(&core, &caller, &to.id, to.tool).await {
        observation.end_refused(refused.code);
        return to.refusal(&core, refused);
    }
    let operation = match call.operation.check() {
        Ok(operation) => operation,
        Err(failed) => {
            observation.end_failed(&failed);
            return to.failure(&core, &failed);
        }
    };
    let found = find(
        &core,
        &caller,
        &to,
        &operation,
        &call.client,
        control.token(),
    )
    .await;
    let (keeping, limit) = match found {
        Found::Kept(answer) => {
            observation.end_cached(answer.len());
            return to.answer(answer);
        }
        Found::Shared(computed) => {
            match &*computed {
                // Its rows were read once, by the call that ran.
                Ok(produced) if !produced.is_error => observation.end_cached(produced.result.len()),
                computed => observation.end(computed),
            }
            return to.outcome(&core, &computed);
        }
        Found::Failed(failed) => {
            observation.end_failed(&failed);
            return to.failure(&core, &failed);
        }
        Found::Nothing { keeping, limit } => (keeping, limit),
    };
    let touches_databases = operation.touches_databases();
    let cancel = control.token().clone();
    let mut job = job(
        &core,
        &caller,
        operation,
        call.client,
        outlet,
        cancel,
        limit,
    );
    job.observation = Some(observation);
    let executor = caller.workspace.executor();
    let computed: Computed = Arc::new(if touches_databases {
        executor.run(job, &control).await
    } else {
        executor.run_here(job, &control).await
    });
    if let Some(keeping) = keeping {
        keeping.end(&core, &computed).await;
    }
    to.outcome(&core, &computed)
}

/// Ends when a call has run so long that its answer should be a stream. The time that it waits for a place to run
/// does not count, since it may still be refused, which needs a status.
pub(crate) async fn takes_long(core: &Core, has_started: &CancellationToken) {
    has_started.cancelled().await;
    tokio::time::sleep(core.settings.sse_after).await;
}

/// What there is for a call before it runs.
enum Found {
    /// An answer that was kept.
    Kept(Bytes),
    /// What an equal call came to that ran meanwhile.
    Shared(Computed),
    /// The call ended while it waited for an equal one.
    Failed(ToolFailure),
    /// Nothing: it runs for so long at the most, and what it comes to is kept there.
    Nothing {
        keeping: Option<Keeping>,
        limit: Duration,
    },
}

/// Looks for an answer in the cache and among the calls that run.
async fn find(
    core: &Core,
    caller: &Caller,
    to: &ReplyTo,
    operation: &CheckedOperation,
    client: &CallClient,
    cancel: &CancellationToken,
) -> Found {
    let limit = core.settings.call_limit;
    // A result that rests on the client's answers is nobody else's (2026-07-28, "Caching").
    let Some(ttl) = operation
        .keep_for(core)
        .filter(|_| !client.asking.is_retry())
    else {
        return Found::Nothing {
            keeping: None,
            limit,
        };
    };
    let metrics = core.observer.metrics();
    let Place { key, wants_fresh } = keep::place(caller, &to.summary, operation, to.version);
    if !wants_fresh && let Some(answer) = keep::find(core, &key).await {
        metrics.count(Count::CacheHit);
        return Found::Kept(answer);
    }
    let deadline = Instant::now() + limit;
    let nothing = |keeping| Found::Nothing {
        keeping,
        limit: deadline.saturating_duration_since(Instant::now()),
    };
    loop {
        let leader = core.in_flight.join(&key, wants_fresh, &client.has_started);
        let leader = match leader {
            Role::Leader(lead) => {
                metrics.count(Count::CacheMiss);
                return nothing(Some(Keeping { lead, key, ttl }));
            }
            Role::Follower(follow) => follow,
        };
        match leader.wait(deadline, cancel, &client.has_started).await {
            Waited::Done(computed) => {
                metrics.count(Count::CacheHit);
                return Found::Shared(computed);
            }
            Waited::Private => return nothing(None),
            Waited::Abandoned => {}
            Waited::Cancelled => return Found::Failed(ToolFailure::Cancelled),
            Waited::TimedOut => {
                let seconds = limit.as_secs();
                return Found::Failed(ToolFailure::Timeout { seconds });
            }
        }
    }
}

/// Where an answer goes that is computed now.
struct Keeping {
    lead: Lead,
    key: tidegate_store::CacheKey,
    ttl: Duration,
}

impl Keeping {
    /// Gives it to those who wait, and keeps it if it may be kept.
    async fn end(self, core: &Core, computed: &Computed) {
        self.lead.finish(computed);
        if let Ok(produced) = &**computed
            && produced.may_be_kept
            && self.lead.is_newest()
        {
            keep::store(core, &self.key, produced.result.clone(), self.ttl).await;
        }
    }
}

/// Whom a call's answer goes to, and in which form.
struct ReplyTo {
    id: RequestId,
    version: ProtocolVersion,
    tool: Option<&'static str>,
    summary: OperationSummary,
    principal: Arc<Principal>,
    access: Arc<Access>,
    notice: Option<&'static str>,
    can_act_on_status: bool,
}

impl ReplyTo {
    fn of(caller: &Caller, call: &Call) -> Self {
        Self {
            id: call.id.clone(),
            version: call.client.version,
            tool: call.operation.tool(),
            summary: call.operation.summary(),
            principal: Arc::clone(&caller.principal),
            access: Arc::clone(&caller.access),
            notice: notice::of(caller),
            can_act_on_status: caller.can_act_on_status(),
        }
    }

    /// A limit that is used up: with its status, or as a result where nobody but the model could act on it.
    fn refusal(&self, core: &Core, refused: Refused) -> Outcome {
        match (self.tool, refused.retry_after_secs) {
            (Some(_), Some(retry_after_secs))
                if !self.can_act_on_status && refused.code == ServiceCode::RateLimited =>
            {
                let text = failure::sentence(&refused.error.message);
                let result = tool_result(&ToolResult::error(text), self.version, &core.server);
                Outcome::TryLater {
                    message: reply::success(&self.id, &notice::attach(result, self.notice)),
                    retry_after_secs,
                }
            }
            _ => Outcome::Refused(refused),
        }
    }

    fn outcome(&self, core: &Core, computed: &Result<Produced, ToolFailure>) -> Outcome {
        match computed {
            Ok(produced) => self.answer(produced.result.clone()),
            Err(failed) => self.failure(core, failed),
        }
    }

    fn answer(&self, result: Bytes) -> Outcome {
        let result = notice::attach(result, self.notice);
        Outcome::Message(reply::success(&self.id, &result))
    }

    fn failure(&self, core: &Core, failed: &ToolFailure) -> Outcome {
        let asked = failure::Asked {
            id: &self.id,
            version: self.version,
            tool: self.tool,
            access: &self.access,
        };
        failure::outcome(core, failed, &asked, |state| {
            let expires = core.clock.unix_secs() + STATE_TTL_SECS;
            let binding = binding(&self.principal, &self.summary);
            core.sealer.seal(&binding, state.clone(), expires)
        })
    }
}

/// A job without an observation.
fn job(
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
    let work = async move {
        has_started.cancel();
        operation.produce(&core, &context, version).await
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
fn binding<'a>(principal: &'a Principal, summary: &'a OperationSummary) -> Binding<'a> {
    Binding {
        workspace: principal.workspace.as_str(),
        user: principal.user.0,
        method: summary.method,
        target: &summary.target,
        arguments: summary.arguments(),
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
    let summary = operation.summary();
    core.sealer.open(
        &binding(&caller.principal, &summary),
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
