//! One unit of work with a deadline.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tidegate_tools::ToolFailure;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::service::{Observation, Produced};
use crate::session::CallGuard;

/// Work for an executor.
pub(crate) struct Job {
    /// What to do. Dropped when cancelled or out of time, which must stop what runs in a database.
    pub work: Pin<Box<dyn Future<Output = Result<Produced, ToolFailure>> + Send>>,
    /// How long it may take, waiting for people aside.
    pub limit: Duration,
    /// Fires when the caller gives up; fired when the time is over.
    pub cancel: CancellationToken,
    /// How long it waited for people.
    pub patience: Arc<Patience>,
    /// Records how it ends, however that is.
    pub observation: Option<Observation>,
    /// Tells the session when it is over.
    pub _guard: Option<CallGuard>,
}

/// How long a call has waited for its client's answers. That time does not count against its deadline,
/// since it waits for a person and not for us; each wait has a limit of its own.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    waited_ms: AtomicU64,
    waiting: AtomicUsize,
}

impl Patience {
    /// Runs `wait` off the clock.
    pub(crate) async fn off_the_clock<T>(&self, wait: impl Future<Output = T>) -> T {
        let started = Instant::now();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let result = wait.await;
        let waited = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(waited, Ordering::SeqCst);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        result
    }

    /// Ends when `limit` is over, waiting for people aside.
    pub(crate) async fn exhausted(&self, limit: Duration) {
        let started = Instant::now();
        loop {
            let deadline = started + limit + self.waited();
            if Instant::now() < deadline {
                tokio::time::sleep_until(deadline).await;
            } else if self.is_waiting() {
                // The person still thinks: look again when they may have answered.
                tokio::time::sleep(Duration::from_millis(250)).await;
            } else {
                return;
            }
        }
    }

    fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Ordering::SeqCst))
    }

    fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

impl Job {
    /// Runs to the end, the deadline or the cancellation, whatever comes first.
    pub(crate) async fn run(mut self) -> Result<Produced, ToolFailure> {
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
        let Self {
            work,
            limit,
            cancel,
            patience,
            ..
        } = self;
        let limit = *limit;
        let started = Instant::now();
        loop {
            let deadline = started + limit + patience.waited();
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(ToolFailure::Cancelled),
                result = &mut *work => return result,
                () = tokio::time::sleep_until(deadline) => {
                    if patience.is_waiting() {
                        // The person still thinks: look again when they may have answered.
                        tokio::select! {
                            biased;
                            () = cancel.cancelled() => return Err(ToolFailure::Cancelled),
                            result = &mut *work => return result,
                            () = tokio::time::sleep(Duration::from_millis(250)) => {}
                        }
                    } else if Instant::now() >= started + limit + patience.waited() {
                        cancel.cancel();
                        return Err(ToolFailure::Timeout { seconds: limit.as_secs() });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(work: impl Future<Output = Result<Produced, ToolFailure>> + Send + 'static) -> Job {
        Job {
            work: Box::pin(work),
            limit: Duration::from_secs(10),
            cancel: CancellationToken::new(),
            patience: Arc::default(),
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
        let patience = Arc::new(Patience::default());
        let inner = Arc::clone(&patience);
        let mut job = job(async move {
            inner
                .off_the_clock(tokio::time::sleep(Duration::from_mins(1)))
                .await;
            tokio::time::sleep(Duration::from_secs(9)).await;
            Ok(Produced::default())
        });
        job.patience = patience;
        assert!(job.run().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_job_ends_at_once() {
        let job = job(std::future::pending());
        job.cancel.cancel();
        assert!(matches!(job.run().await, Err(ToolFailure::Cancelled)));
    }
}
