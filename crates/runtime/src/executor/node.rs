//! What the executors of a node share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actix::Actor;
use actix_rt::ArbiterHandle;
use tidegate_telemetry::Metrics;

use super::Limits;
use super::actor::ToolExecutor;
use super::handle::ExecutorHandle;
use super::slots::Slots;
use super::threads::ToolThreads;

/// Starts executors, and looks after the threads that they share.
pub(crate) struct Executors {
    slots: Arc<Slots>,
    threads: ToolThreads,
    limits: Limits,
    metrics: Metrics,
    numbers: Arc<AtomicU64>,
    is_well: AtomicBool,
}

impl Executors {
    /// Starts the threads.
    ///
    /// # Errors
    /// The operating system gives none.
    pub(crate) fn start(limits: Limits, metrics: Metrics) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            slots: Slots::new(limits.running, limits.waiting),
            threads: ToolThreads::start(limits.threads)?,
            limits,
            metrics,
            numbers: Arc::default(),
            is_well: AtomicBool::new(true),
        }))
    }

    /// Starts the executor of a workspace.
    pub(crate) fn executor(&self, arbiter: &ArbiterHandle) -> ExecutorHandle {
        let share = self.slots.register();
        let (slots, threads, limits, metrics) = (
            Arc::clone(&self.slots),
            self.threads.clone(),
            self.limits,
            self.metrics.clone(),
        );
        let addr = ToolExecutor::start_in_arbiter(arbiter, move |_| {
            ToolExecutor::new(share, slots, threads, limits, metrics)
        });
        ExecutorHandle {
            addr,
            share,
            slots: Arc::clone(&self.slots),
            numbers: Arc::clone(&self.numbers),
            metrics: self.metrics.clone(),
        }
    }

    /// Calls that make progress now.
    pub(crate) fn running(&self) -> usize {
        self.slots.running()
    }

    /// Calls that wait for a slot.
    pub(crate) fn waiting(&self) -> usize {
        self.slots.waiting()
    }

    /// Calls between their arrival and their end.
    pub(crate) fn in_flight(&self) -> usize {
        self.slots.in_flight()
    }

    /// Whether calls can run. `false` when the threads were blocked too often.
    pub(crate) fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Relaxed)
    }

    /// Looks after the threads until the node stops.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(self.limits.watchdog).await;
            if self.threads.is_responsive(self.limits.watchdog).await {
                continue;
            }
            tracing::error!("all threads for tools are blocked; their calls are left behind");
            if !self.threads.replace() {
                self.is_well.store(false, Ordering::Relaxed);
                tracing::error!(
                    "threads for tools were blocked too often; this node needs a restart"
                );
                return;
            }
        }
    }

    /// Lets nothing new begin, and waits until nothing is in flight, at most `grace`. Returns how many calls still are.
    pub(crate) async fn drain(&self, grace: Duration) -> usize {
        self.slots.begin_drain();
        let _ = tokio::time::timeout(grace, self.slots.until_idle()).await;
        self.slots.in_flight()
    }

    /// Stops the threads, and with them the calls that still run.
    pub(crate) fn stop(&self) {
        self.threads.stop();
    }

    #[cfg(test)]
    pub(super) fn threads(&self) -> &ToolThreads {
        &self.threads
    }
}
