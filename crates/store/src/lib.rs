#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

use std::sync::Arc;

mod cache;
mod changes;
mod error;
mod events;
mod key;
mod limits;
mod relay;
mod replies;
mod resilient;
mod sessions;
mod signal_queue;
mod tickets;
mod validation;

#[cfg(feature = "contract")]
#[expect(
    clippy::unwrap_used,
    reason = "a contract is the body of tests, where a failure must panic"
)]
pub mod contract;

pub use cache::{CacheKey, MAX_ANSWER_BYTES, ResponseCache};
pub use changes::{Change, ChangeLog, ChangePage, Epoch};
pub use error::{StoreError, StoreErrorKind};
pub use events::{EventId, EventPage, EventStore, Retention, StoredEvent, StreamId};
pub use key::{SessionKey, StreamKey};
pub use limits::{Budget, LimitScope, LimitedEndpoint, Plane, RateLimiter, Verdict};
pub use relay::{Relay, RelayEvent, RelayStream, Signal, Topic};
pub use replies::ClientReplies;
pub use resilient::{CacheOrMiss, Circuit, Degraded, LimitsWithFallback, OnDegraded};
pub use sessions::{SessionChange, SessionLimits, SessionRecord, SessionStore};
pub use signal_queue::SignalQueue;
pub use tickets::{Counter, Counters, MAX_TICKET_BYTES, TicketKind, TicketStore};
pub use validation::{
    Generation, KnownGrantStatus, MAX_VALIDATION_TTL, Remembered, Validation, ValidationCache,
};

/// Whether the store can be reached, for `/readyz`.
#[async_trait::async_trait]
pub trait StoreHealth: Send + Sync {
    /// Does one round trip.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// All the shared state of a deployment, by port. An adapter builds one.
#[derive(Clone)]
pub struct SharedState {
    /// Legacy sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Events of SSE streams, for resumption on any node.
    pub events: Arc<dyn EventStore>,
    /// Clients' answers to requests of the server.
    pub replies: Arc<dyn ClientReplies>,
    /// Finished answers.
    pub cache: Arc<dyn ResponseCache>,
    /// Outcomes of session validation.
    pub validations: Arc<dyn ValidationCache>,
    /// Rate limits.
    pub limits: Arc<dyn RateLimiter>,
    /// What changed in a workspace.
    pub changes: Arc<dyn ChangeLog>,
    /// Short-lived values of sign-in and authorization.
    pub tickets: Arc<dyn TicketStore>,
    /// Counts of failures.
    pub counters: Arc<dyn Counters>,
    /// Signals between nodes.
    pub relay: Arc<dyn Relay>,
    /// Reachability.
    pub health: Arc<dyn StoreHealth>,
    /// Whether other nodes see this state. `false` for the memory adapter.
    pub is_shared: bool,
}

impl std::fmt::Debug for SharedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedState")
            .field("is_shared", &self.is_shared)
            .finish_non_exhaustive()
    }
}
