//! The actor that runs a workspace's calls.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use futures_util::FutureExt as _;
use tidegate_telemetry::{Count, Metrics};
use tidegate_tools::ToolFailure;
use tidegate_types::UserId;
use tokio::time::Instant;

use super::job::Job;
use super::running::{AnswerOnDrop, Panicked, Reply, RunningCall};
use super::shares::WorkspaceShare;
use super::slots::{Place, Slot, Slots};
use super::threads::ToolThreads;
use super::{Limits, busy, lost};

/// How often the executor looks at its calls while it has any.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A call's number on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CallNumber(pub(super) u64);

/// Runs the calls of one workspace, on threads apart from the actors'.
///
/// Started by: the workspace registry, with the workspace. Owns: the waiting calls, a queue for each user, and the
/// running ones; gives up those that ignore their deadline. What part of the node they may use is [`Slots`]'
/// decision. Loses when it dies: the waiting calls, whose callers are told to try again; running ones go on.
/// Capacity: each call in its mailbox has a place, and places are bounded. Restarted by: the registry, with the
/// workspace, on the next request.
pub(crate) struct ToolExecutor {
    share: WorkspaceShare,
    slots: Arc<Slots>,
    threads: ToolThreads,
    limits: Limits,
    metrics: Metrics,
    queues: HashMap<UserId, VecDeque<QueuedCall>>,
    running: Vec<Arc<RunningCall>>,
    is_looking: bool,
}

/// A call that has a place and no slot yet.
pub(super) struct QueuedCall {
    pub(super) number: CallNumber,
    pub(super) job: Job,
    pub(super) place: Place,
    pub(super) reply: Reply,
    pub(super) arrived: Instant,
    /// Whether it still waits, for [`super::CallControl`].
    pub(super) waits: Arc<AtomicBool>,
}

impl QueuedCall {
    fn refuse(self, failure: ToolFailure) {
        self.waits.store(false, Ordering::Release);
        let Self {
            job, place, reply, ..
        } = self;
        drop(place);
        // The caller may have gone.
        let _ = reply.send(job.refuse(failure));
    }
}

impl ToolExecutor {
    pub(super) fn new(
        share: WorkspaceShare,
        slots: Arc<Slots>,
        threads: ToolThreads,
        limits: Limits,
        metrics: Metrics,
    ) -> Self {
        Self {
            share,
            slots,
            threads,
            limits,
            metrics,
            queues: HashMap::new(),
            running: Vec::new(),
            is_looking: false,
        }
    }

    fn start(&mut self, call: QueuedCall, slot: Slot, context: &mut Context<Self>) {
        if call.job.cancel.is_cancelled() {
            drop(slot);
            return call.refuse(ToolFailure::Cancelled);
        }
        let QueuedCall {
            job,
            place,
            reply,
            waits,
            ..
        } = call;
        waits.store(false, Ordering::Release);
        let running = RunningCall::new(
            Arc::clone(&self.slots),
            slot,
            place,
            reply,
            Arc::clone(&job.deadline),
            job.write.clone(),
        );
        let answer = AnswerOnDrop(Arc::clone(&running));
        let task = async move {
            let work = answer.0.track(job.run());
            match std::panic::AssertUnwindSafe(work).catch_unwind().await {
                Ok(result) => answer.0.finish(result),
                Err(_) => answer.0.lose(ToolFailure::internal(Panicked)),
            }
        };
        // After the threads stopped the task is dropped, which answers.
        self.threads.spawn(task);
        self.running.push(running);
        self.look_later(context);
    }

    fn look_later(&mut self, context: &mut Context<Self>) {
        if !std::mem::replace(&mut self.is_looking, true) {
            context.run_later(LOOK_EVERY, Self::look);
        }
    }

    /// Looks at all calls: those that wait for a database or a person lend their slots, those that have waited too
    /// long for one are refused, and those that ignore their deadline are given up.
    fn look(&mut self, context: &mut Context<Self>) {
        self.is_looking = false;
        self.running.retain(|call| !call.is_over());
        for call in &self.running {
            call.park_if_waiting();
            if call.ignores_deadline(self.limits.watchdog) {
                self.metrics.count(Count::CallAbandoned);
                tracing::error!("a call ignores its deadline and is given up");
                call.lose(ToolFailure::Timeout {
                    seconds: call.limit().as_secs(),
                });
            }
        }
        self.refuse_late();
        if !self.running.is_empty() || !self.queues.is_empty() {
            self.look_later(context);
        }
    }

    fn refuse_late(&mut self) {
        let wait_timeout = self.limits.wait_timeout;
        let mut late = Vec::new();
        for (user, queue) in &mut self.queues {
            while queue
                .front()
                .is_some_and(|call| call.arrived.elapsed() >= wait_timeout)
            {
                late.extend(queue.pop_front().map(|call| (*user, call)));
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        for (user, call) in late {
            self.slots.stop_waiting(self.share.holder(user));
            call.refuse(busy(&self.slots));
        }
    }
}

impl Actor for ToolExecutor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(self.limits.mailbox());
    }
}

impl Drop for ToolExecutor {
    fn drop(&mut self) {
        for (user, queue) in std::mem::take(&mut self.queues) {
            for call in queue {
                self.slots.stop_waiting(self.share.holder(user));
                call.refuse(lost());
            }
        }
    }
}

/// Runs a call as soon as its user's part of the node allows it. The answer goes to the call's own reply channel.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct RunCall {
    pub(super) user: UserId,
    pub(super) call: QueuedCall,
}

impl Handler<RunCall> for ToolExecutor {
    type Result = ();

    fn handle(&mut self, RunCall { user, call }: RunCall, context: &mut Self::Context) {
        let granted = || context.address().recipient();
        if let Some(slot) = self.slots.take_or_wait(self.share.holder(user), granted) {
            self.start(call, slot, context);
        } else {
            self.queues.entry(user).or_default().push_back(call);
            self.look_later(context);
        }
    }
}

/// It is the turn of a user's first waiting call. A slot that nobody waits for any more goes to the next.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct SlotGranted(pub(super) Slot);

impl Handler<SlotGranted> for ToolExecutor {
    type Result = ();

    fn handle(&mut self, SlotGranted(slot): SlotGranted, context: &mut Self::Context) {
        let user = slot.holder().user;
        let Some(queue) = self.queues.get_mut(&user) else {
            return;
        };
        let call = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(&user);
        }
        if let Some(call) = call {
            self.start(call, slot, context);
        }
    }
}

/// The caller gave up. A running call hears of it by its token; one that waits for a slot is answered now.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct CancelCall {
    pub(super) user: UserId,
    pub(super) call: CallNumber,
}

impl Handler<CancelCall> for ToolExecutor {
    type Result = ();

    fn handle(&mut self, CancelCall { user, call }: CancelCall, _: &mut Self::Context) {
        let Some(queue) = self.queues.get_mut(&user) else {
            return;
        };
        let place = queue.iter().position(|queued| queued.number == call);
        let cancelled = place.and_then(|place| queue.remove(place));
        if queue.is_empty() {
            self.queues.remove(&user);
        }
        if let Some(cancelled) = cancelled {
            self.slots.stop_waiting(self.share.holder(user));
            cancelled.refuse(ToolFailure::Cancelled);
        }
    }
}

/// Stops the actor at once; for tests.
#[cfg(test)]
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Die;

#[cfg(test)]
impl Handler<Die> for ToolExecutor {
    type Result = ();
    fn handle(&mut self, _: Die, context: &mut Self::Context) {
        use actix::ActorContext as _;
        context.stop();
    }
}
