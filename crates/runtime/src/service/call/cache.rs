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
use super::shape::ReplyTo;
use super::single_flight::{Computed, Lead, Role, Waited};
use crate::service::operation::CheckedOperation;
use crate::service::{Caller, Core};

/// What there is for a call before it runs.
pub(super) enum Found {
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

/// Where an answer goes that is computed now.
pub(super) struct Keeping {
    lead: Lead,
    key: CacheKey,
    ttl: Duration,
}

impl Keeping {
    /// Gives it to those who wait, and keeps it if it may be kept.
    pub(super) async fn end(self, core: &Core, computed: &Computed) {
        self.lead.finish(computed);
        if let Ok(produced) = &**computed
            && produced.may_be_kept
            && self.lead.is_newest()
        {
            write(core, &self.key, produced.result.clone(), self.ttl).await;
        }
    }
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

/// Keeps an answer, unless it is too large.
async fn write(core: &Core, key: &CacheKey, answer: Bytes, ttl: Duration) {
    let max = core
        .settings
        .cache
        .as_ref()
        .map_or(0, |cache| cache.max_item_size_bytes);
    if answer.len() > max {
        return;
    }
    if let Err(err) = core.state.cache.put(key, answer, ttl).await {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "the response cache cannot be written"
        );
    }
}
