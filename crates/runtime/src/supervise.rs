//! Background tasks that must not end unnoticed.

use std::future::Future;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use futures_util::FutureExt as _;
use tidegate_telemetry::{Count, Metrics};

/// How long a task that panicked stays down.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a background task of the node until it ends by itself. One that panics is counted, and started again.
pub(crate) fn supervise<F>(
    arbiter: &ArbiterHandle,
    name: &'static str,
    metrics: Metrics,
    task: impl Fn() -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    arbiter.spawn(run(name, metrics, task));
}

async fn run<F: Future<Output = ()>>(name: &'static str, metrics: Metrics, task: impl Fn() -> F) {
    // Each run starts from what the task keeps elsewhere, so nothing half-changed is left behind in it.
    while std::panic::AssertUnwindSafe(task())
        .catch_unwind()
        .await
        .is_err()
    {
        metrics.count(Count::TaskRestarted);
        tracing::error!(
            task = name,
            "a background task panicked and is started again"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_again_and_counted_and_one_that_ends_is_not() {
        let metrics = Metrics::detached();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        run("test", metrics.clone(), move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(run >= 2, "on purpose") }
        })
        .await;
        assert_eq!(3, runs.load(Ordering::SeqCst));
        assert_eq!(2, metrics.counted(Count::TaskRestarted));
    }
}
