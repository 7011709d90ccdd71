//! A node's capacity: which calls run, whose turn is next, and, in `places`, which are in flight.

mod places;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use actix::Recipient;
use parking_lot::Mutex;
use tidegate_types::UserId;
use tokio::sync::Notify;

pub(super) use places::Place;

use super::actor::SlotGranted;
use super::shares::{Holder, Shares, WorkspaceShare};

/// Shares a node among the workspaces that are active on it.
///
/// A call holds a *place* from its arrival to its end, which bounds memory, and a *slot* while it makes progress,
/// which bounds work. It waits for a slot in the queue of its workspace's executor; what it does with the slot is
/// [`super::running`]'s business.
pub(crate) struct Slots {
    state: Mutex<State>,
    next_workspace: AtomicU64,
    is_draining: AtomicBool,
    /// Told when nothing is in flight.
    idle: Notify,
}

struct State {
    slots: Shares,
    places: Shares,
    waiting: HashMap<WorkspaceShare, Waiting>,
    /// Grants so far; among equals the one whose last grant is longest ago comes first.
    grants: u64,
}

/// Whose calls wait in one workspace.
struct Waiting {
    executor: Recipient<SlotGranted>,
    last_grant: u64,
    users: HashMap<UserId, Queued>,
}

#[derive(Default)]
struct Queued {
    calls: usize,
    last_grant: u64,
}

impl Slots {
    /// `running`: calls that make progress at once. `waiting`: further ones that may be in flight.
    pub(super) fn new(running: usize, waiting: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                slots: Shares::new(running),
                places: Shares::new(running.max(1).saturating_add(waiting)),
                waiting: HashMap::new(),
                grants: 0,
            }),
            next_workspace: AtomicU64::new(1),
            is_draining: AtomicBool::new(false),
            idle: Notify::new(),
        })
    }

    /// A number for a workspace that becomes active.
    pub(super) fn register(&self) -> WorkspaceShare {
        WorkspaceShare(self.next_workspace.fetch_add(1, Ordering::Relaxed))
    }

    /// A slot, or else a turn in the queue: `executor` is sent [`SlotGranted`] once for each call that waits. It is
    /// asked for only where it is needed.
    pub(super) fn take_or_wait(
        self: &Arc<Self>,
        holder: Holder,
        executor: impl FnOnce() -> Recipient<SlotGranted>,
    ) -> Option<Slot> {
        let mut state = self.state.lock();
        if state.slots.may_take(holder) {
            state.slots.take(holder);
            return Some(Slot(Guard::new(self, holder)));
        }
        let waiting = state
            .waiting
            .entry(holder.workspace)
            .or_insert_with(|| Waiting {
                executor: executor(),
                last_grant: 0,
                users: HashMap::new(),
            });
        waiting.users.entry(holder.user).or_default().calls += 1;
        None
    }

    /// A slot for a call that had given up its own for a while: at once, since what it waited for is there.
    pub(super) fn resume(self: &Arc<Self>, holder: Holder) -> Slot {
        self.state.lock().slots.take(holder);
        Slot(Guard::new(self, holder))
    }

    /// A call left the queue without a slot.
    pub(super) fn stop_waiting(&self, holder: Holder) {
        self.state.lock().leave_queue(holder);
    }

    /// Calls that have a slot.
    pub(crate) fn running(&self) -> usize {
        self.state.lock().slots.held()
    }

    /// Calls that wait for a slot.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.state.lock();
        let queued = state.waiting.values().flat_map(|part| part.users.values());
        queued.map(|queued| queued.calls).sum()
    }

    /// Gives the slots that may be taken to those who wait.
    fn grant(self: &Arc<Self>, mut state: parking_lot::MutexGuard<'_, State>) {
        let mut granted = Vec::new();
        while let Some((holder, executor)) = state.next() {
            granted.push((executor, Slot(Guard::new(self, holder))));
        }
        drop(state);
        // Outside of the lock: an executor that is gone gives its slot back, which locks again.
        for (executor, slot) in granted {
            #[expect(
                clippy::disallowed_methods,
                reason = "there are no more of them than slots, and a lost one would leave a call waiting"
            )]
            executor.do_send(SlotGranted(slot));
        }
    }
}

impl State {
    /// Takes a slot for the call whose turn it is: of the workspace that holds fewest, of its user who holds fewest.
    fn next(&mut self) -> Option<(Holder, Recipient<SlotGranted>)> {
        let Self {
            slots,
            waiting,
            grants,
            ..
        } = self;
        let candidates = waiting.iter().flat_map(|(workspace, part)| {
            let workspace = *workspace;
            let users = part.users.iter();
            users.map(move |(user, queued)| {
                let user = *user;
                (
                    Holder { workspace, user },
                    part.last_grant,
                    queued.last_grant,
                )
            })
        });
        let (holder, ..) = candidates
            .filter(|(holder, ..)| slots.may_take(*holder))
            .min_by_key(|(holder, by_workspace, by_user)| {
                (
                    slots.held_by(holder.workspace),
                    *by_workspace,
                    slots.held_by_user(*holder),
                    *by_user,
                )
            })?;
        *grants += 1;
        let part = waiting.get_mut(&holder.workspace)?;
        part.last_grant = *grants;
        if let Some(queued) = part.users.get_mut(&holder.user) {
            queued.last_grant = *grants;
        }
        let executor = part.executor.clone();
        slots.take(holder);
        self.leave_queue(holder);
        Some((holder, executor))
    }

    fn leave_queue(&mut self, holder: Holder) {
        let Some(part) = self.waiting.get_mut(&holder.workspace) else {
            return;
        };
        if let Some(queued) = part.users.get_mut(&holder.user) {
            queued.calls = queued.calls.saturating_sub(1);
            if queued.calls == 0 {
                part.users.remove(&holder.user);
            }
        }
        if part.users.is_empty() {
            self.waiting.remove(&holder.workspace);
        }
    }
}

struct Guard {
    slots: Arc<Slots>,
    holder: Holder,
}

impl Guard {
    fn new(slots: &Arc<Slots>, holder: Holder) -> Self {
        Self {
            slots: Arc::clone(slots),
            holder,
        }
    }
}

/// The right to make progress, given back when dropped.
pub(super) struct Slot(Guard);

impl Slot {
    pub(super) fn holder(&self) -> Holder {
        self.0.holder
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.0.slots.state.lock();
        state.slots.give_back(self.0.holder);
        if !state.waiting.is_empty() {
            self.0.slots.grant(state);
        }
    }
}
