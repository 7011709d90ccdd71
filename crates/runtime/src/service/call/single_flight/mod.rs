//! Single flight: of equal calls on this node one is computed, and the others wait for what it comes to.
//!
//! Who waits does so within a deadline of its own and until its caller gives up. What the leader comes to, a
//! failure too, is what all get who wait, so that a slow part of the deployment costs each of them its own time
//! once. Only where the leader's client gave up does one of the others take its place.
//!
//! moka's `try_get_with` would share results and failures and go on with another caller when the first is dropped, and
//! deadlines and cancels could be put around it. But it keeps what it computed, while answers are kept in the shared store;
//! a caller who wants a fresh answer could not pass the computation that runs; a question to the leader's own client would
//! be everybody's failure; and nobody who waits would hear that the computation has a place to run, until when they may
//! still be refused with a status. What these need around moka is most of this module.

mod follow;
mod lead;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tidegate_store::CacheKey;
use tidegate_tools::ToolFailure;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) use follow::{Follow, Waited};
pub(crate) use lead::Lead;

use crate::service::Produced;

/// What a computation came to.
pub(crate) type Computed = Arc<Result<Produced, ToolFailure>>;

/// Computations that are under way on this node, by what they compute.
#[derive(Debug, Default, Clone)]
pub(crate) struct InFlight(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: Mutex<HashMap<CacheKey, Running>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Running {
    number: u64,
    state: watch::Receiver<State>,
    has_started: CancellationToken,
}

#[derive(Debug, Clone)]
enum State {
    Running,
    Done(Computed),
    /// It asks its client, which only its own caller can answer.
    Private,
    Abandoned,
}

/// What to do about an answer that is not kept.
pub(crate) enum Role {
    /// Compute it.
    Leader(Lead),
    /// Wait for it.
    Follower(Follow),
}

impl InFlight {
    /// Follows a computation that is under way, or leads one. `is_fresh`: one that began before now will not do.
    /// `has_started` fires when a computation that begins here has a place to run.
    pub(crate) fn join(
        &self,
        key: &CacheKey,
        is_fresh: bool,
        has_started: &CancellationToken,
    ) -> Role {
        let mut running = self.0.running.lock();
        if let Some(leader) = running.get(key)
            && !is_fresh
        {
            return Role::Follower(Follow {
                state: leader.state.clone(),
                has_started: leader.has_started.clone(),
            });
        }
        let (sender, state) = watch::channel(State::Running);
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let leader = Running {
            number,
            state,
            has_started: has_started.clone(),
        };
        running.insert(key.clone(), leader);
        Role::Leader(Lead {
            all: self.clone(),
            key: key.clone(),
            number,
            sender,
        })
    }
}
