//! The work of one call, and how it ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tidegate_tools::{ToolFailure, WriteMark};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::deadline::Deadline;
use crate::service::{Observation, Produced};
use crate::session::CallGuard;

/// How long a call that changes something may take, after it was cancelled or its time was over, to say what came
/// of the change. More than an engine takes for a commit: see `PoolLimits::commit_timeout`, twice.
pub(super) const SETTLE_LIMIT: Duration = Duration::from_secs(25);

/// Work for an executor.
pub(crate) struct Job {
    /// What to do. Dropped when cancelled or out of time, which must stop what runs in a database; but never
    /// once `write` is set: then it is told to stop, and ends by itself.
    pub work: Pin<Box<dyn Future<Output = Result<Produced, ToolFailure>> + Send>>,
    /// When it has to be over.
    pub deadline: Arc<Deadline>,
    /// Fires when the caller gives up; fired when the time is over.
    pub cancel: CancellationToken,
    /// Set by the work before it changes anything.
    pub write: WriteMark,
    /// Records how it ends, however that is.
    pub observation: Option<Observation>,
    /// Its place among the running calls of its session.
    pub _guard: Option<CallGuard>,
}

impl Job {
    /// Runs to the end, the deadline or the cancellation, whatever comes first.
    pub(super) async fn run(mut self) -> Result<Produced, ToolFailure> {
        let span = self
            .observation
            .as_ref()
            .map_or_else(tracing::Span::none, Observation::span);
        let result = self.run_to_an_end().instrument(span).await;
        if let Some(observation) = &mut self.observation {
            observation.end(&result);
        }
        result
    }

    async fn run_to_an_end(&mut self) -> Result<Produced, ToolFailure> {
        let stopped = tokio::select! {
            biased;
            // A result that is there counts, however late it is: what it tells of has happened.
            result = &mut self.work => return result,
            () = self.cancel.cancelled() => ToolFailure::Cancelled,
            () = self.deadline.passed() => ToolFailure::Timeout {
                seconds: self.deadline.limit().as_secs(),
            },
        };
        self.cancel.cancel();
        if !self.write.is_set() {
            return Err(stopped);
        }
        match tokio::time::timeout(SETTLE_LIMIT, &mut self.work).await {
            // The work knows of the cancel alone.
            Ok(Err(ToolFailure::Cancelled)) => Err(stopped),
            Ok(result) => result,
            Err(_) => Err(ToolFailure::OutcomeUnknown),
        }
    }

    /// Ends the observation of a job that never ran.
    pub(super) fn refuse(mut self, failure: ToolFailure) -> Result<Produced, ToolFailure> {
        let result = Err(failure);
        if let Some(observation) = &mut self.observation {
            observation.end(&result);
        }
        result
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Cut off with its thread or its runtime. Without a change the observation says so by itself.
        if self.write.is_set()
            && let Some(observation) = &mut self.observation
        {
            observation.end(&Err(ToolFailure::OutcomeUnknown));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(work: impl Future<Output = Result<Produced, ToolFailure>> + Send + 'static) -> Job {
        Job {
            work: Box::pin(work),
            deadline: Arc::new(Deadline::new(Duration::from_secs(10))),
            cancel: CancellationToken::new(),
            write: WriteMark::default(),
            observation: None,
            _guard: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_job_ends_at_its_deadline_and_is_told() {
        let job = job(std::future::pending());
        let cancel = job.cancel.clone();
        assert!(matches!(
            job.run().await,
            Err(ToolFailure::Timeout { seconds: 10 })
        ));
        assert!(cancel.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_person_does_not_count() {
        let deadline = Arc::new(Deadline::new(Duration::from_secs(10)));
        let inner = Arc::clone(&deadline);
        let mut job = job(async move {
            inner
                .off_the_clock(tokio::time::sleep(Duration::from_mins(1)))
                .await;
            tokio::time::sleep(Duration::from_secs(9)).await;
            Ok(Produced::default())
        });
        job.deadline = deadline;
        assert!(job.run().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_job_ends_at_once() {
        let job = job(std::future::pending());
        job.cancel.cancel();
        assert!(matches!(job.run().await, Err(ToolFailure::Cancelled)));
    }

    /// A change that is told to stop, and then takes its time to say what came of it.
    fn write(
        settles_after: Duration,
        result: impl FnOnce() -> Result<Produced, ToolFailure> + Send + 'static,
    ) -> Job {
        let (cancel, write) = (CancellationToken::new(), WriteMark::default());
        let (told, mark) = (cancel.clone(), write.clone());
        let mut job = job(async move {
            mark.set();
            told.cancelled().await;
            tokio::time::sleep(settles_after).await;
            result()
        });
        job.cancel = cancel;
        job.write = write;
        job
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_was_committed_is_reported_however_late_it_is() {
        let late = write(Duration::from_secs(5), || Ok(Produced::default()));
        assert!(late.run().await.is_ok());
        let cancelled = write(Duration::from_secs(5), || Ok(Produced::default()));
        let cancel = cancelled.cancel.clone();
        let (outcome, ()) = tokio::join!(cancelled.run(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cancel.cancel();
        });
        assert!(outcome.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_was_rolled_back_is_told_by_what_stopped_it() {
        let late = write(Duration::from_secs(1), || Err(ToolFailure::Cancelled));
        assert!(matches!(
            late.run().await,
            Err(ToolFailure::Timeout { seconds: 10 })
        ));
        let cancelled = write(Duration::from_secs(1), || Err(ToolFailure::Cancelled));
        let cancel = cancelled.cancel.clone();
        let (outcome, ()) = tokio::join!(cancelled.run(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cancel.cancel();
        });
        assert!(matches!(outcome, Err(ToolFailure::Cancelled)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_never_says_what_came_of_it_is_unknown() {
        let job = write(Duration::from_hours(1), || Ok(Produced::default()));
        assert!(matches!(job.run().await, Err(ToolFailure::OutcomeUnknown)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_that_comes_with_the_cancel_counts() {
        let job = job(std::future::ready(Ok(Produced::default())));
        job.cancel.cancel();
        assert!(job.run().await.is_ok());
    }
}
