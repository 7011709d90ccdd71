//! The way to a workspace's executor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::Addr;
use actix::dev::SendError;
use futures_util::FutureExt as _;
use tidegate_telemetry::{Count, Metrics};
use tidegate_tools::ToolFailure;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::actor::{QueuedCall, RunCall, ToolExecutor};
use super::control::CallControl;
use super::job::Job;
use super::running::Panicked;
use super::shares::WorkspaceShare;
use super::slots::Slots;
use super::{busy, lost};
use crate::service::Produced;

/// The only way to a workspace's executor.
#[derive(Clone)]
pub(crate) struct ExecutorHandle {
    pub(super) addr: Addr<ToolExecutor>,
    pub(super) share: WorkspaceShare,
    pub(super) slots: Arc<Slots>,
    pub(super) numbers: Arc<AtomicU64>,
    pub(super) metrics: Metrics,
}

impl ExecutorHandle {
    /// Runs a job when its user's part of the node has room. Dropping the future leaves the job as it is.
    ///
    /// # Errors
    /// `Busy`: no room, nothing was done. Else what the job came to. A job that may change something and is lost
    /// or given up gives `OutcomeUnknown`.
    pub(crate) async fn run(
        &self,
        job: Job,
        control: &CallControl,
    ) -> Result<Produced, ToolFailure> {
        let control = &control.0;
        let user = control.user;
        let Some(place) = self.slots.enter(self.share.holder(user)) else {
            return job.refuse(busy(&self.slots));
        };
        let (reply, answer) = oneshot::channel();
        control.waits.store(true, Ordering::Release);
        let call = QueuedCall {
            number: control.number,
            job,
            place,
            reply,
            arrived: Instant::now(),
            waits: Arc::clone(&control.waits),
        };
        match self.addr.try_send(RunCall { user, call }) {
            Ok(()) => {}
            Err(SendError::Full(RunCall { call, .. })) => {
                return call.job.refuse(busy(&self.slots));
            }
            Err(SendError::Closed(RunCall { call, .. })) => return call.job.refuse(lost()),
        }
        answer.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Runs a job that touches no database here and now. It takes a place, so that a stopping node waits for it, and
    /// no slot: it never waits, and a message to the executor would cost more than the work (ADR 8).
    ///
    /// # Errors
    /// As of [`Self::run`].
    pub(crate) async fn run_here(
        &self,
        job: Job,
        control: &CallControl,
    ) -> Result<Produced, ToolFailure> {
        let Some(_place) = self.slots.enter(self.share.holder(control.0.user)) else {
            return job.refuse(busy(&self.slots));
        };
        let work = std::panic::AssertUnwindSafe(job.run()).catch_unwind();
        work.await
            .unwrap_or_else(|_| Err(ToolFailure::internal(Panicked)))
    }

    /// Whether no call of the workspace is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.slots.in_flight_of(self.share) == 0
    }

    /// The workspace's actors were started again, since one of them was gone.
    pub(crate) fn note_restart(&self) {
        self.metrics.count(Count::ActorRestarted);
    }

    /// Whether the actor is there.
    pub(crate) fn is_alive(&self) -> bool {
        self.addr.connected()
    }
}
