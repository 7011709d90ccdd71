//! Who computes.

use std::sync::Arc;

use tidegate_store::CacheKey;
use tidegate_tools::ToolFailure;
use tokio::sync::watch;

use super::{Computed, InFlight, State};

/// A computation under way. Dropped before its end, one of those who wait takes its place.
pub(crate) struct Lead {
    pub(super) all: InFlight,
    pub(super) key: CacheKey,
    pub(super) number: u64,
    pub(super) sender: watch::Sender<State>,
}

impl Lead {
    /// Gives those who wait what it came to. Who joins before this is dropped gets it, too, unless it concerns
    /// the leader's own client.
    pub(crate) fn finish(&self, computed: &Computed) {
        let state = match &**computed {
            Err(ToolFailure::Cancelled) => State::Abandoned,
            Err(ToolFailure::InputRequired { .. } | ToolFailure::MissingCapability(_)) => {
                State::Private
            }
            _ => State::Done(Arc::clone(computed)),
        };
        if !matches!(state, State::Done(_)) {
            self.leave();
        }
        self.sender.send_replace(state);
    }

    /// Lets the next one lead.
    fn leave(&self) {
        let mut running = self.all.0.running.lock();
        if running
            .get(&self.key)
            .is_some_and(|newest| newest.number == self.number)
        {
            running.remove(&self.key);
        }
    }

    /// Whether nobody who wanted a newer answer began after it.
    pub(crate) fn is_newest(&self) -> bool {
        let running = self.all.0.running.lock();
        running
            .get(&self.key)
            .is_some_and(|newest| newest.number == self.number)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.leave();
        self.sender.send_if_modified(|state| {
            let is_unfinished = matches!(state, State::Running);
            if is_unfinished {
                *state = State::Abandoned;
            }
            is_unfinished
        });
    }
}
