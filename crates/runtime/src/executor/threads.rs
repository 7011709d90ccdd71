//! The threads that tools run on.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// How often stuck threads are replaced before the node gives up and reports itself unwell.
const MAX_REPLACEMENTS: usize = 5;

/// A multi-threaded runtime for tools, apart from the edge and the actors. A tool that blocks its thread
/// costs a thread and not the others' calls; when all threads are blocked, they are left behind and new
/// ones take the next calls.
#[derive(Clone)]
pub(crate) struct ToolThreads(Arc<Inner>);

struct Inner {
    runtime: ArcSwap<Option<Runtime>>,
    threads: usize,
    replaced: AtomicUsize,
}

impl ToolThreads {
    /// Starts `threads` threads, at least 2.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub(crate) fn start(threads: usize) -> std::io::Result<Self> {
        let threads = threads.max(2);
        let runtime = build(threads)?;
        Ok(Self(Arc::new(Inner {
            runtime: ArcSwap::from_pointee(Some(runtime)),
            threads,
            replaced: AtomicUsize::new(0),
        })))
    }

    /// Runs a future; `None` after [`Self::stop`].
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let runtime = self.0.runtime.load();
        let runtime = (**runtime).as_ref()?;
        Some(runtime.spawn(future))
    }

    /// Whether a new task is begun within `patience`. Threads that were stopped are not waited for.
    pub(crate) async fn is_responsive(&self, patience: Duration) -> bool {
        let Some(task) = self.spawn(async {}) else {
            return true;
        };
        tokio::time::timeout(patience, task)
            .await
            .is_ok_and(|task| task.is_ok())
    }

    /// Leaves blocked threads behind and starts new ones. `false` when that happened too often.
    pub(crate) fn replace(&self) -> bool {
        if self.0.replaced.fetch_add(1, Ordering::SeqCst) >= MAX_REPLACEMENTS {
            return false;
        }
        match build(self.0.threads) {
            Ok(runtime) => {
                retire(self.0.runtime.swap(Arc::new(Some(runtime))));
                true
            }
            Err(err) => {
                tracing::error!(error = %err, "no threads for tools");
                false
            }
        }
    }

    /// Stops without waiting for what still runs.
    pub(crate) fn stop(&self) {
        retire(self.0.runtime.swap(Arc::new(None)));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A runtime must not be dropped where a future runs; this way of stopping is allowed anywhere.
        retire(self.runtime.swap(Arc::new(None)));
    }
}

fn retire(mut old: Arc<Option<Runtime>>) {
    // Readers hold the value for the length of a `spawn` only.
    let runtime = loop {
        match Arc::try_unwrap(old) {
            Ok(runtime) => break runtime,
            Err(shared) => {
                old = shared;
                std::thread::yield_now();
            }
        }
    };
    if let Some(runtime) = runtime {
        runtime.shutdown_background();
    }
}

fn build(threads: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(64)
        .thread_name("tidegate-tools")
        .enable_all()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_blocked_thread_does_not_hold_up_the_others() {
        let threads = ToolThreads::start(2).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let blocked = threads.spawn(async move { held.recv().is_ok() }).unwrap();
        assert!(threads.is_responsive(Duration::from_secs(5)).await);
        release.send(()).unwrap();
        assert!(blocked.await.unwrap());
    }

    #[tokio::test]
    async fn blocked_threads_are_replaced_when_none_is_left() {
        let threads = ToolThreads::start(2).unwrap();
        let mut releases = Vec::new();
        for _ in 0..2 {
            let (release, held) = std::sync::mpsc::channel::<()>();
            let (started, has_started) = tokio::sync::oneshot::channel();
            releases.push(release);
            threads.spawn(async move {
                let _ = started.send(());
                held.recv().is_ok()
            });
            has_started.await.unwrap();
        }
        assert!(!threads.is_responsive(Duration::from_millis(200)).await);
        assert!(threads.replace());
        assert!(threads.is_responsive(Duration::from_secs(5)).await);
        drop(releases);
    }

    #[tokio::test]
    async fn a_panic_is_its_own_tasks_alone() {
        let threads = ToolThreads::start(2).unwrap();
        assert!(
            threads
                .spawn(async { panic!("on purpose") })
                .unwrap()
                .await
                .unwrap_err()
                .is_panic()
        );
        assert_eq!(7, threads.spawn(async { 7 }).unwrap().await.unwrap());
    }
}
