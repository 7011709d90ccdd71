//! Admission control and the executors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actix::{Actor, Addr, MailboxError};
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use tidegate_telemetry::{Count, Metrics};
use tidegate_tools::{ToolFailure, WriteMark};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::actor::{RunJob, ToolExecutor};
use super::job::{Job, Patience, Place, SETTLE_LIMIT};
use super::threads::ToolThreads;
use crate::service::Produced;

/// Beyond a job's own limit: how long its reply may take before the executor counts as lost.
const REPLY_MARGIN: Duration = Duration::from_secs(5);

/// How the pool is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolSettings {
    /// Executors.
    pub slots: usize,
    /// Calls that run at once.
    pub running: usize,
    /// Calls that wait for a place.
    pub waiting: usize,
    /// How long they wait.
    pub wait_timeout: Duration,
    /// How long the threads may be unresponsive, and a call may ignore its deadline.
    pub watchdog: Duration,
    /// How long a call may wait for its client's answers.
    pub ask_limit: Duration,
}

/// The pool of executors.
pub(crate) struct ExecutorPool {
    slots: Vec<ArcSwap<Addr<ToolExecutor>>>,
    arbiters: Vec<ArbiterHandle>,
    next: AtomicUsize,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    threads: ToolThreads,
    settings: PoolSettings,
    metrics: Metrics,
    is_well: AtomicBool,
    is_draining: AtomicBool,
}

impl ExecutorPool {
    /// Starts the executors on the arbiters in turn.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub(crate) fn start(
        settings: PoolSettings,
        arbiters: Vec<ArbiterHandle>,
        metrics: Metrics,
    ) -> std::io::Result<Arc<Self>> {
        let threads = ToolThreads::start(settings.slots)?;
        let slots = (0..settings.slots)
            .map(|slot| ArcSwap::from_pointee(start_executor(&arbiters, slot, &threads, settings)))
            .collect();
        Ok(Arc::new(Self {
            slots,
            arbiters,
            next: AtomicUsize::new(0),
            permits: Arc::new(Semaphore::new(settings.running)),
            waiting: AtomicUsize::new(0),
            threads,
            settings,
            metrics,
            is_well: AtomicBool::new(true),
            is_draining: AtomicBool::new(false),
        }))
    }

    /// Runs a job when there is room. Dropping the future leaves the job running, in its place.
    ///
    /// # Errors
    /// `Busy`: no room, nothing was done. Else what the job came to. A job that may change something and is lost
    /// or given up gives `OutcomeUnknown`.
    pub(crate) async fn run(&self, mut job: Job) -> Result<Produced, ToolFailure> {
        let place = match self.admit().await {
            Ok(permit) => Place::new(permit),
            Err(failure) => return job.refuse(failure),
        };
        job.permit = Some(place.clone());
        let write = job.write.clone();
        let outcome = self.run_in_place(job).await;
        // For a job that was given up; others have done so.
        place.free();
        match outcome {
            Err(Lost(_)) if write.is_set() => Err(ToolFailure::OutcomeUnknown),
            Err(Lost(failure)) => Err(failure),
            Ok(result) => result,
        }
    }

    async fn run_in_place(&self, job: Job) -> Result<Result<Produced, ToolFailure>, Lost> {
        let slot = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let executor = self.executor(slot);
        let (limit, patience) = (job.limit, Arc::clone(&job.patience));
        let write = job.write.clone();
        let longest = limit + self.settings.ask_limit + SETTLE_LIMIT + REPLY_MARGIN;
        let reply = executor.send(RunJob(job)).timeout(longest);
        let timeout = || {
            Lost(ToolFailure::Timeout {
                seconds: limit.as_secs(),
            })
        };
        tokio::select! {
            biased;
            reply = reply => match reply {
                Ok(result) => result,
                Err(MailboxError::Timeout) => Err(timeout()),
                Err(MailboxError::Closed) => Err(Lost(ToolFailure::Unavailable {
                    part: "the executor that ran this call".into(),
                    reason: Some("it was lost".to_owned()),
                    source: Box::new(MailboxError::Closed),
                })),
            },
            // A job keeps its own deadline, unless it blocks its thread.
            () = self.ignores_deadline(&patience, &write, limit) => {
                self.metrics.count(Count::CallAbandoned);
                tracing::error!("a call ignores its deadline and is given up");
                Err(timeout())
            }
        }
    }

    /// Ends when a job should be over and is not.
    async fn ignores_deadline(&self, patience: &Patience, write: &WriteMark, limit: Duration) {
        patience.exhausted(limit + self.settings.watchdog).await;
        if write.is_set() {
            tokio::time::sleep(SETTLE_LIMIT).await;
        }
    }

    async fn admit(&self) -> Result<OwnedSemaphorePermit, ToolFailure> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let busy = || {
            let is_draining = self.is_draining.load(Ordering::Relaxed);
            let message = if is_draining {
                "this node is stopping; the call was not begun, send it again"
            } else {
                "this node runs as many calls as it can"
            };
            ToolFailure::Busy {
                message: message.into(),
                retry_after_secs: 1,
            }
        };
        if self.is_draining.load(Ordering::Relaxed) {
            return Err(busy());
        }
        let _seat = Seat::take(&self.waiting, self.settings.waiting).ok_or_else(busy)?;
        let wait = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.settings.wait_timeout, wait).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy()),
        }
    }

    /// The executor of a slot, a new one if the last one is gone.
    fn executor(&self, slot: usize) -> Addr<ToolExecutor> {
        let executor = self.slots[slot].load();
        if executor.connected() {
            return Addr::clone(&executor);
        }
        self.metrics.count(Count::ActorRestarted);
        tracing::error!(slot, "an executor died and is started again");
        let fresh = start_executor(&self.arbiters, slot, &self.threads, self.settings);
        self.slots[slot].store(Arc::new(fresh.clone()));
        fresh
    }

    /// Calls that run now.
    pub(crate) fn running(&self) -> usize {
        self.settings
            .running
            .saturating_sub(self.permits.available_permits())
    }

    /// Calls that wait for a place.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Whether calls can run. `false` when the threads were blocked too often.
    pub(crate) fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Relaxed)
    }

    /// Looks after the threads until the node stops.
    pub(crate) async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(self.settings.watchdog).await;
            if self.threads.is_responsive(self.settings.watchdog).await {
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

    /// Waits until nothing runs, at most `grace`, and lets nothing new run. Returns how many calls still do.
    pub(crate) async fn drain(&self, grace: Duration) -> usize {
        self.is_draining.store(true, Ordering::Relaxed);
        let all = u32::try_from(self.settings.running).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(grace, self.permits.acquire_many(all)).await;
        let still_running = self.running();
        self.permits.close();
        still_running
    }

    /// Stops the threads, and with them the calls that still run.
    pub(crate) fn stop(&self) {
        self.threads.stop();
    }
}

/// A job whose end nobody saw.
pub(crate) struct Lost(pub(super) ToolFailure);

fn start_executor(
    arbiters: &[ArbiterHandle],
    slot: usize,
    threads: &ToolThreads,
    settings: PoolSettings,
) -> Addr<ToolExecutor> {
    let threads = threads.clone();
    let mailbox = settings.running.max(16);
    ToolExecutor::start_in_arbiter(&arbiters[slot % arbiters.len()], move |_| {
        ToolExecutor::new(threads, mailbox)
    })
}

/// A place in the queue, given back when dropped.
struct Seat<'a>(&'a AtomicUsize);

impl<'a> Seat<'a> {
    fn take(taken: &'a AtomicUsize, limit: usize) -> Option<Self> {
        taken
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |taken| {
                (taken < limit).then_some(taken + 1)
            })
            .ok()
            .map(|_| Self(taken))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use actix_rt::Arbiter;
    use tokio_util::sync::CancellationToken;

    use super::super::actor::Die;
    use super::*;

    fn settings() -> PoolSettings {
        PoolSettings {
            slots: 2,
            running: 2,
            waiting: 1,
            wait_timeout: Duration::from_millis(100),
            watchdog: Duration::from_secs(1),
            ask_limit: Duration::from_secs(1),
        }
    }

    fn job(work: impl Future<Output = Result<Produced, ToolFailure>> + Send + 'static) -> Job {
        Job {
            work: Box::pin(work),
            limit: Duration::from_secs(5),
            cancel: CancellationToken::new(),
            patience: Arc::default(),
            write: WriteMark::default(),
            observation: None,
            permit: None,
            _guard: None,
        }
    }

    fn pool() -> (Arc<ExecutorPool>, Arbiter) {
        let arbiter = Arbiter::new();
        (
            ExecutorPool::start(settings(), vec![arbiter.handle()], Metrics::detached()).unwrap(),
            arbiter,
        )
    }

    #[actix_rt::test]
    async fn a_panic_costs_its_own_call_only() {
        let (pool, _arbiter) = pool();
        let (panicked, answered) = futures_util::join!(
            pool.run(job(async { panic!("on purpose") })),
            pool.run(job(async { Ok(Produced::default()) })),
        );
        assert!(matches!(panicked, Err(ToolFailure::Internal(_))));
        assert!(answered.is_ok());
    }

    #[actix_rt::test]
    async fn a_flood_is_told_to_come_back_and_the_pool_recovers() {
        let (pool, _arbiter) = pool();
        let hanging = [job(std::future::pending()), job(std::future::pending())];
        let cancels: Vec<_> = hanging.iter().map(|job| job.cancel.clone()).collect();
        let [first, second] = hanging;
        let flood = async {
            tokio::task::yield_now().await;
            let refused = pool.run(job(async { Ok(Produced::default()) })).await;
            cancels.iter().for_each(CancellationToken::cancel);
            refused
        };
        let (_, _, refused) = futures_util::join!(pool.run(first), pool.run(second), flood);
        assert!(matches!(refused, Err(ToolFailure::Busy { .. })));
        assert!(
            pool.run(job(async { Ok(Produced::default()) }))
                .await
                .is_ok()
        );
        assert_eq!((0, 0), (pool.running(), pool.waiting()));
    }

    #[actix_rt::test]
    async fn a_pool_that_stops_says_so_and_does_not_make_calls_wait() {
        let (pool, _arbiter) = pool();
        let running = job(std::future::pending());
        let cancel = running.cancel.clone();
        let late = async {
            tokio::task::yield_now().await;
            let drained = pool.drain(Duration::from_secs(5));
            let refused = async {
                tokio::task::yield_now().await;
                let refused = pool.run(job(async { Ok(Produced::default()) })).await;
                cancel.cancel();
                refused
            };
            futures_util::join!(drained, refused)
        };
        let (_, (still_running, refused)) = futures_util::join!(pool.run(running), late);
        assert_eq!(0, still_running);
        assert!(
            matches!(&refused, Err(ToolFailure::Busy { message, .. }) if message.contains("stopping")),
            "{refused:?}"
        );
    }

    #[actix_rt::test]
    async fn a_call_that_blocks_its_thread_is_given_up() {
        let arbiter = Arbiter::new();
        let settings = PoolSettings {
            watchdog: Duration::from_millis(50),
            ..settings()
        };
        let pool =
            ExecutorPool::start(settings, vec![arbiter.handle()], Metrics::detached()).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let mut blocking = job(async move {
            let _ = held.recv();
            Ok(Produced::default())
        });
        blocking.limit = Duration::from_millis(50);
        assert!(matches!(
            pool.run(blocking).await,
            Err(ToolFailure::Timeout { .. })
        ));
        assert_eq!(0, pool.running());
        drop(release);
    }

    #[actix_rt::test]
    async fn a_dead_executor_is_started_again() {
        let (pool, _arbiter) = pool();
        for slot in 0..2 {
            pool.slots[slot].load().send(Die).await.unwrap();
        }
        for _ in 0..4 {
            assert!(
                pool.run(job(async { Ok(Produced::default()) }))
                    .await
                    .is_ok()
            );
        }
    }

    fn changing(work: impl Future<Output = Result<Produced, ToolFailure>> + Send + 'static) -> Job {
        let job = job(work);
        job.write.set();
        job
    }

    #[actix_rt::test]
    async fn a_change_that_is_lost_may_have_been_made() {
        let (pool, _arbiter) = pool();
        let panicked = pool.run(changing(async { panic!("on purpose") })).await;
        assert!(matches!(panicked, Err(ToolFailure::OutcomeUnknown)));
        let (started, has_started) = tokio::sync::oneshot::channel();
        let hanging = changing(async move {
            let _ = started.send(());
            std::future::pending().await
        });
        let (stopped, ()) = futures_util::join!(pool.run(hanging), async {
            has_started.await.unwrap();
            pool.stop();
        });
        assert!(matches!(stopped, Err(ToolFailure::OutcomeUnknown)));
        assert_eq!(0, pool.running());
    }

    #[actix_rt::test]
    async fn after_the_threads_stopped_calls_are_told_so() {
        let (pool, _arbiter) = pool();
        pool.stop();
        let late = pool.run(job(async { Ok(Produced::default()) })).await;
        assert!(matches!(late, Err(ToolFailure::Cancelled)));
        assert!(pool.threads.is_responsive(Duration::from_secs(1)).await);
    }

    #[actix_rt::test]
    async fn a_job_keeps_its_place_when_its_caller_leaves() {
        let (pool, _arbiter) = pool();
        let (release, held) = tokio::sync::oneshot::channel::<()>();
        let mut running = Box::pin(pool.run(job(async move {
            let _ = held.await;
            Ok(Produced::default())
        })));
        assert!(futures_util::poll!(&mut running).is_pending());
        drop(running);
        assert_eq!(1, pool.running());
        release.send(()).unwrap();
        assert_eq!(0, pool.drain(Duration::from_secs(5)).await);
    }
}
