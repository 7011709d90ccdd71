//! Stage 2: answers that are there already, kept or being computed.

use std::time::Duration;

use bytes::Bytes;
use tidegate_store::CacheKey;
use tidegate_telemetry::Count;
use tidegate_tools::{CacheRule, ToolFailure};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::CallClient;
use super::cache_key::{CachePlace, place};
use super::keep::Keeping;
use super::reply_to::ReplyTo;
use super::single_flight::{Computed, Role, Waited};
use crate::service::operation::CheckedOperation;
use crate::service::{Caller, Core};

/// What there is for a call before it runs.
pub(super) enum Found {
    /// Its end.
    End(Ended),
    /// Nothing: it runs for so long at the most, and what it comes to is kept there.
    Nothing {
        keeping: Option<Keeping>,
        limit: Duration,
    },
}

/// How a call ended that did not run.
pub(super) enum Ended {
    /// With an answer that was kept.
    Kept(Bytes),
    /// With what an equal call came to that ran meanwhile.
    Shared(Computed),
    /// While it waited for an equal one.
    Failed(ToolFailure),
}

/// Looks for an answer in the cache and among the calls that run.
pub(super) async fn find(
    core: &Core,
    caller: &Caller,
    to: &ReplyTo,
    operation: &CheckedOperation,
    client: &CallClient,
    cancel: &CancellationToken,
) -> Found {
    let limit = core.settings.call_limit;
    // A result that rests on the client's answers is nobody else's (2026-07-28, "Caching").
    let Some(ttl) = keep_for(core, operation)
        .filter(|_| !client.asking.is_retry() && caller.workspace.may_keep_answers())
    else {
        return Found::Nothing {
            keeping: None,
            limit,
        };
    };
    let metrics = core.observer.metrics();
    let CachePlace { key, wants_fresh } = place(caller, &to.summary, operation, to.version);
    if !wants_fresh && let Some(answer) = read(core, &key).await {
        metrics.count(Count::CacheHit);
        return Found::End(Ended::Kept(answer));
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
                return Found::End(Ended::Shared(computed));
            }
            Waited::Private => return nothing(None),
            Waited::Abandoned => {}
            Waited::Cancelled => return Found::End(Ended::Failed(ToolFailure::Cancelled)),
            Waited::TimedOut => {
                let seconds = limit.as_secs();
                return Found::End(Ended::Failed(ToolFailure::Timeout { seconds }));
            }
        }
    }
}

/// How long a finished answer may be kept on the server, if at all.
fn keep_for(core: &Core, operation: &CheckedOperation) -> Option<Duration> {
    let cache = core.settings.cache.as_ref()?;
    match operation {
        CheckedOperation::Tool { entry, .. } => {
            let spec = entry.spec();
            let may_be_kept =
                spec.cache == CacheRule::PerRights && !cache.excluded_tools.contains(spec.name);
            may_be_kept.then_some(cache.call_tool_ttl)
        }
        CheckedOperation::Prompt { .. } => Some(cache.get_prompt_ttl),
        CheckedOperation::Resource { .. } => Some(cache.read_resource_ttl),
    }
    .filter(|ttl| !ttl.is_zero())
}

/// The kept answer, if there is one. With the store gone there is none.
async fn read(core: &Core, key: &CacheKey) -> Option<Bytes> {
    core.state.cache.get(key).await.unwrap_or_else(|err| {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "the response cache cannot be read"
        );
        None
    })
}
