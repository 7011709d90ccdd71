//! Which calls are in flight.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Guard, Slots};
use crate::executor::shares::{Holder, WorkspaceShare};

impl Slots {
    /// A place for a call that arrives. `None`: the holder's part, or the node, has no room, or the node stops.
    pub(in crate::executor) fn enter(self: &Arc<Self>, holder: Holder) -> Option<Place> {
        if self.is_draining() {
            return None;
        }
        let mut state = self.state.lock();
        state.places.may_take(holder).then(|| {
            state.places.take(holder);
            Place(Guard::new(self, holder))
        })
    }

    /// Calls that have a place.
    pub(crate) fn in_flight(&self) -> usize {
        self.state.lock().places.held()
    }

    /// Calls of one workspace that have a place.
    pub(in crate::executor) fn in_flight_of(&self, workspace: WorkspaceShare) -> usize {
        self.state.lock().places.held_by(workspace)
    }

    /// From now on no call begins that has no place yet.
    pub(in crate::executor) fn begin_drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    pub(in crate::executor) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Ends when nothing is in flight.
    pub(in crate::executor) async fn until_idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// A call's place among those in flight, given back when dropped.
pub(in crate::executor) struct Place(Guard);

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.slots.state.lock();
        state.places.give_back(self.0.holder);
        let is_idle = state.places.held() == 0;
        drop(state);
        if is_idle {
            self.0.slots.idle.notify_waiters();
        }
    }
}
