//! When a call has to be over.

use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The deadline of a call. The time that the call waits for its client's answers does not count: it waits for a
/// person and not for the server, and each such wait has a limit of its own.
#[derive(Debug)]
pub(crate) struct Deadline {
    limit: Duration,
    waited_ms: AtomicU64,
    waiting: AtomicUsize,
}

impl Deadline {
    /// So long after its beginning.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            waited_ms: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        }
    }

    /// How long the call may take, waiting for people aside.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

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

    /// Ends when a call that begins now has to be over.
    pub(super) async fn passed(&self) {
        let began = Instant::now();
        loop {
            let end = began + self.limit + self.waited();
            if Instant::now() < end {
                tokio::time::sleep_until(end).await;
            } else if self.is_waiting() {
                // The person still thinks: look again when they may have answered.
                tokio::time::sleep(Duration::from_millis(250)).await;
            } else {
                return;
            }
        }
    }

    /// Whether a call that began then should have ended at least `margin` ago.
    pub(super) fn is_over_by(&self, began: Instant, margin: Duration) -> bool {
        !self.is_waiting() && began.elapsed() >= self.limit + self.waited() + margin
    }

    fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Ordering::SeqCst))
    }

    fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}
