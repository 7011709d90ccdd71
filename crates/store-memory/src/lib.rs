#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

use std::sync::Arc;

use tidegate_store::{SharedState, StoreError, StoreHealth};
use tidegate_types::Clock;

mod cache;
mod changes;
mod counters;
mod events;
mod expiring_lru;
mod limits;
mod relay;
mod replies;
mod sessions;
mod tickets;
mod validation;

/// How much the node keeps. Above a bound, what was used longest ago goes.
#[derive(Debug, Clone, Copy)]
pub struct MemoryLimits {
    /// Legacy sessions of all users.
    pub max_sessions: usize,
    /// SSE streams that can be resumed.
    pub max_streams: usize,
    /// Bytes of their events.
    pub max_event_bytes: usize,
    /// Clients' replies that wait to be taken.
    pub max_replies: usize,
    /// Bytes of those replies.
    pub max_reply_bytes: usize,
    /// Cached answers.
    pub max_answers: usize,
    /// Bytes of cached answers.
    pub max_answer_bytes: usize,
    /// Tokens whose validation is remembered, and as many whose revocation is.
    pub max_validations: usize,
    /// Rate limits that are not full. One that goes too early is a full bucket again.
    pub max_buckets: usize,
    /// Tickets of each kind.
    pub max_tickets: usize,
    /// Bytes of the tickets of each kind.
    pub max_ticket_bytes: usize,
    /// Counts of failures.
    pub max_counters: usize,
    /// Bytes of their names.
    pub max_counter_bytes: usize,
    /// Workspaces with a change log.
    pub max_workspaces: usize,
    /// Signals that wait for the node to read them.
    pub max_signals: usize,
    /// Topics that the node subscribes to.
    pub max_topics: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            max_sessions: 20_000,
            max_streams: 20_000,
            max_event_bytes: 64 << 20,
            max_replies: 10_000,
            max_reply_bytes: 16 << 20,
            max_answers: 50_000,
            max_answer_bytes: 64 << 20,
            max_validations: 50_000,
            max_buckets: 100_000,
            max_tickets: 50_000,
            max_ticket_bytes: 32 << 20,
            max_counters: 100_000,
            max_counter_bytes: 16 << 20,
            max_workspaces: 10_000,
            max_signals: 4_096,
            max_topics: 65_536,
        }
    }
}

/// Builds the state of one node.
pub fn memory_state(clock: Arc<dyn Clock>, limits: MemoryLimits) -> SharedState {
    let relay = Arc::new(relay::MemoryRelay::new(
        limits.max_signals,
        limits.max_topics,
    ));
    SharedState {
        sessions: Arc::new(sessions::MemorySessions::new(
            Arc::clone(&clock),
            limits.max_sessions,
        )),
        events: Arc::new(events::MemoryEvents::new(
            Arc::clone(&clock),
            limits.max_streams,
            limits.max_event_bytes,
        )),
        replies: Arc::new(replies::MemoryReplies::new(
            Arc::clone(&clock),
            limits.max_replies,
            limits.max_reply_bytes,
        )),
        cache: Arc::new(cache::MemoryCache::new(
            Arc::clone(&clock),
            limits.max_answers,
            limits.max_answer_bytes,
        )),
        validations: Arc::new(validation::MemoryValidations::new(
            Arc::clone(&clock),
            limits.max_validations,
            limits.max_workspaces,
        )),
        tickets: Arc::new(tickets::MemoryTickets::new(
            Arc::clone(&clock),
            limits.max_tickets,
            limits.max_ticket_bytes,
        )),
        counters: Arc::new(counters::MemoryCounters::new(
            Arc::clone(&clock),
            limits.max_counters,
            limits.max_counter_bytes,
        )),
        limits: Arc::new(limits::MemoryRateLimiter::new(clock, limits.max_buckets)),
        changes: Arc::new(changes::MemoryChanges::new(
            Arc::clone(&relay),
            limits.max_workspaces,
        )),
        relay,
        health: Arc::new(InProcess),
        is_shared: false,
    }
}

/// Memory is always reachable.
struct InProcess;

#[async_trait::async_trait]
impl StoreHealth for InProcess {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
