//! A call that runs: what its task and its executor share.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_tools::{ToolFailure, WriteMark};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::deadline::Deadline;
use super::job::SETTLE_LIMIT;
use super::shares::Holder;
use super::slots::{Place, Slot, Slots};
use crate::service::Produced;

/// What the caller of a call gets.
pub(super) type Reply = oneshot::Sender<Result<Produced, ToolFailure>>;

/// A call that waits for something for so long lets others go on meanwhile.
const PARK_AFTER: Duration = Duration::from_millis(50);

/// A call from the moment that it has a slot.
pub(super) struct RunningCall {
    slots: Arc<Slots>,
    holder: Holder,
    slot: Mutex<SlotState>,
    place: Mutex<Option<Place>>,
    reply: Mutex<Option<Reply>>,
    /// When its work began to wait, in milliseconds since `began`, plus one; 0 while it makes progress.
    waits_since: AtomicU64,
    began: Instant,
    deadline: Arc<Deadline>,
    write: WriteMark,
}

enum SlotState {
    /// It makes progress, or did a moment ago.
    Held(#[expect(dead_code, reason = "given back when it is dropped")] Slot),
    /// It waits for a database or a person, and others have its slot.
    Parked,
    /// It is over.
    Over,
}

impl RunningCall {
    pub(super) fn new(
        slots: Arc<Slots>,
        slot: Slot,
        place: Place,
        reply: Reply,
        deadline: Arc<Deadline>,
        write: WriteMark,
    ) -> Arc<Self> {
        Arc::new(Self {
            slots,
            holder: slot.holder(),
            slot: Mutex::new(SlotState::Held(slot)),
            place: Mutex::new(Some(place)),
            reply: Mutex::new(Some(reply)),
            waits_since: AtomicU64::new(0),
            began: Instant::now(),
            deadline,
            write,
        })
    }

    /// Answers, unless somebody did, and gives slot and place back.
    pub(super) fn finish(&self, result: Result<Produced, ToolFailure>) {
        let reply = self.reply.lock().take();
        self.release();
        if let Some(reply) = reply {
            // The caller may have gone.
            let _ = reply.send(result);
        }
    }

    /// Nobody will see its end. A change may have been made.
    pub(super) fn lose(&self, failure: ToolFailure) {
        self.finish(Err(if self.write.is_set() {
            ToolFailure::OutcomeUnknown
        } else {
            failure
        }));
    }

    fn release(&self) {
        let slot = std::mem::replace(&mut *self.slot.lock(), SlotState::Over);
        let place = self.place.lock().take();
        drop((slot, place));
    }

    pub(super) fn is_over(&self) -> bool {
        self.place.lock().is_none()
    }

    /// Whether it should have ended `margin` ago by itself, and did not: it blocks its thread.
    pub(super) fn ignores_deadline(&self, margin: Duration) -> bool {
        let settling = if self.write.is_set() {
            SETTLE_LIMIT
        } else {
            Duration::ZERO
        };
        self.deadline.is_over_by(self.began, margin + settling)
    }

    /// The time that it may take, for the sentence that says that it took longer.
    pub(super) fn limit(&self) -> Duration {
        self.deadline.limit()
    }

    /// Lets others have its slot if it has waited long enough for something.
    pub(super) fn park_if_waiting(&self) {
        let mut slot = self.slot.lock();
        let since = self.waits_since.load(Ordering::Acquire);
        if since == 0 || !matches!(*slot, SlotState::Held(_)) {
            return;
        }
        let waited = self.now().saturating_sub(since);
        if u128::from(waited) >= PARK_AFTER.as_millis() {
            let held = std::mem::replace(&mut *slot, SlotState::Parked);
            drop(slot);
            drop(held);
        }
    }

    /// Runs its work, and notes when it waits.
    pub(super) fn track<F: Future>(self: &Arc<Self>, work: F) -> Tracked<F> {
        Tracked {
            call: Arc::clone(self),
            work: Box::pin(work),
        }
    }

    fn wake(&self) {
        self.waits_since.store(0, Ordering::Release);
        let mut slot = self.slot.lock();
        if matches!(*slot, SlotState::Parked) {
            *slot = SlotState::Held(self.slots.resume(self.holder));
        }
    }

    fn wait(&self) {
        self.waits_since.store(self.now(), Ordering::Release);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }
}

/// Work whose waiting is noted.
pub(super) struct Tracked<F> {
    call: Arc<RunningCall>,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.call.wake();
        let polled = self.work.as_mut().poll(context);
        if polled.is_pending() {
            self.call.wait();
        }
        polled
    }
}

/// Makes sure that a call is answered whatever becomes of its task.
pub(super) struct AnswerOnDrop(pub(super) Arc<RunningCall>);

impl Drop for AnswerOnDrop {
    fn drop(&mut self) {
        if self.0.is_over() {
            return;
        }
        // Its thread was left behind, or the node stops. A panic is caught before it comes here.
        self.0.lose(ToolFailure::Cancelled);
    }
}

/// A tool panicked. The message of the panic went to the log by the panic hook.
#[derive(Debug, thiserror::Error)]
#[error("the tool panicked")]
pub(super) struct Panicked;
