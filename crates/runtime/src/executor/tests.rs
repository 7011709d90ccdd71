use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::Arbiter;
use futures_util::future::join_all;
use tidegate_telemetry::Metrics;
use tidegate_tools::{ToolFailure, WriteMark};
use tidegate_types::UserId;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::actor::Die;
use super::*;
use crate::service::Produced;

type Answer = Result<Produced, ToolFailure>;

fn limits() -> Limits {
    Limits {
        threads: 2,
        running: 2,
        waiting: 1,
        wait_timeout: Duration::from_secs(5),
        watchdog: Duration::from_secs(1),
    }
}

struct Node {
    executors: Arc<Executors>,
    arbiter: Arbiter,
}

impl Node {
    fn start(limits: Limits) -> Self {
        Self {
            executors: Executors::start(limits, Metrics::detached()).unwrap(),
            arbiter: Arbiter::new(),
        }
    }

    fn workspace(&self) -> ExecutorHandle {
        self.executors.executor(&self.arbiter.handle())
    }
}

fn job(work: impl Future<Output = Answer> + Send + 'static) -> Job {
    Job {
        work: Box::pin(work),
        deadline: Arc::new(Deadline::new(Duration::from_secs(5))),
        cancel: CancellationToken::new(),
        write: WriteMark::default(),
        observation: None,
        _guard: None,
    }
}

fn changing(work: impl Future<Output = Answer> + Send + 'static) -> Job {
    let job = job(work);
    job.write.set();
    job
}

async fn run_as(
    workspace: &ExecutorHandle,
    user: i64,
    work: impl Future<Output = Answer> + Send + 'static,
) -> Answer {
    let control = workspace.control(UserId(user));
    let mut job = job(work);
    job.cancel = control.token().clone();
    workspace.run(job, &control).await
}

async fn run(workspace: &ExecutorHandle, job: Job) -> Answer {
    workspace.run(job, &workspace.control(UserId(1))).await
}

fn answered() -> impl Future<Output = Answer> + Send + 'static {
    std::future::ready(Ok(Produced::default()))
}

/// Work that runs until the sender is dropped or used.
fn held() -> (
    oneshot::Sender<()>,
    impl Future<Output = Answer> + Send + 'static,
) {
    let (release, held) = oneshot::channel::<()>();
    (release, async move {
        let _ = held.await;
        Ok(Produced::default())
    })
}

#[actix_rt::test]
async fn a_panic_costs_its_own_call_only() {
    let workspace = Node::start(limits()).workspace();
    let (panicked, other) = futures_util::join!(
        run_as(&workspace, 1, async { panic!("on purpose") }),
        run_as(&workspace, 2, answered()),
    );
    assert!(matches!(panicked, Err(ToolFailure::Internal(_))));
    assert!(other.is_ok());
    let control = workspace.control(UserId(1));
    let here = workspace
        .run_here(job(async { panic!("on purpose") }), &control)
        .await;
    assert!(matches!(here, Err(ToolFailure::Internal(_))));
}

#[actix_rt::test]
async fn a_flood_is_told_to_come_back_and_the_node_recovers() {
    let node = Node::start(limits());
    let workspace = node.workspace();
    let (release, work) = held();
    let flood = async {
        tokio::task::yield_now().await;
        let refused = join_all((0..8).map(|_| run_as(&workspace, 1, answered()))).await;
        release.send(()).unwrap();
        refused
    };
    let (running, refused) = futures_util::join!(run_as(&workspace, 1, work), flood);
    assert!(running.is_ok());
    assert!(
        refused
            .iter()
            .any(|refused| matches!(refused, Err(ToolFailure::Busy { .. })))
    );
    assert!(run_as(&workspace, 1, answered()).await.is_ok());
    assert_eq!(
        (0, 0, 0),
        (
            node.executors.running(),
            node.executors.waiting(),
            node.executors.in_flight()
        )
    );
}

/// Four hundred calls that wait for ever, as queries on a database do that sleeps.
fn sleepers(
    workspace: &ExecutorHandle,
    user: i64,
) -> (CancellationToken, impl Future<Output = Vec<Answer>>) {
    let wakes = CancellationToken::new();
    let calls: Vec<_> = (0..400)
        .map(|_| {
            let (workspace, wakes) = (workspace.clone(), wakes.clone());
            async move {
                let sleep = async move {
                    wakes.cancelled().await;
                    Ok(Produced::default())
                };
                run_as(&workspace, user, sleep).await
            }
        })
        .collect();
    (wakes, join_all(calls))
}

#[actix_rt::test]
async fn one_users_waiting_calls_refuse_no_call_of_anybody_else() {
    let node = Node::start(Limits {
        running: 4,
        waiting: 40,
        wait_timeout: Duration::from_secs(5),
        ..limits()
    });
    let (ours, theirs) = (node.workspace(), node.workspace());
    let (wakes, sleeping) = sleepers(&ours, 1);
    let others = async {
        tokio::task::yield_now().await;
        for _ in 0..50 {
            run_as(&theirs, 1, answered()).await.unwrap();
            run_as(&ours, 2, answered()).await.unwrap();
        }
        wakes.cancel();
    };
    let (slept, ()) = futures_util::join!(sleeping, others);
    assert!(slept.iter().any(Result::is_ok));
}

#[actix_rt::test]
async fn a_call_that_waits_for_something_lends_its_slot() {
    let workspace = Node::start(Limits {
        running: 1,
        waiting: 9,
        wait_timeout: Duration::from_secs(5),
        ..limits()
    })
    .workspace();
    let (release, work) = held();
    let others = async {
        tokio::task::yield_now().await;
        // The only slot is lent to each of them.
        for _ in 0..3 {
            run_as(&workspace, 1, answered()).await.unwrap();
        }
        release.send(()).unwrap();
    };
    let (waited, ()) = futures_util::join!(run_as(&workspace, 1, work), others);
    assert!(waited.is_ok());
}

#[actix_rt::test]
async fn a_waiting_call_that_is_cancelled_is_answered_at_once_and_never_runs() {
    let workspace = Node::start(Limits {
        running: 1,
        waiting: 9,
        wait_timeout: Duration::from_mins(1),
        ..limits()
    })
    .workspace();
    let (blocks, blocked) = std::sync::mpsc::channel::<()>();
    let control = workspace.control(UserId(1));
    let mut queued = job(async { panic!("it was cancelled before it began") });
    queued.cancel = control.token().clone();
    let cancelled = async {
        tokio::task::yield_now().await;
        let mut waiting = Box::pin(workspace.run(queued, &control));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        control.cancel();
        let cancelled = waiting.await;
        drop(blocks);
        cancelled
    };
    // Its slot is not lent: it blocks its thread.
    let blocking = run_as(&workspace, 1, async move {
        let _ = blocked.recv();
        Ok(Produced::default())
    });
    let (blocking, cancelled) = futures_util::join!(blocking, cancelled);
    assert!(blocking.is_ok());
    assert!(matches!(cancelled, Err(ToolFailure::Cancelled)));
}

#[actix_rt::test]
async fn a_node_that_stops_says_so_and_waits_for_what_runs() {
    let node = Node::start(limits());
    let workspace = node.workspace();
    let (release, work) = held();
    let late = async {
        tokio::task::yield_now().await;
        let drained = node.executors.drain(Duration::from_secs(5));
        let refused = async {
            tokio::task::yield_now().await;
            let refused = run_as(&workspace, 2, answered()).await;
            release.send(()).unwrap();
            refused
        };
        futures_util::join!(drained, refused)
    };
    let (ran, (still_running, refused)) = futures_util::join!(run_as(&workspace, 1, work), late);
    assert!(ran.is_ok());
    assert_eq!(0, still_running);
    assert!(
        matches!(&refused, Err(ToolFailure::Busy { message, .. }) if message.contains("stopping")),
        "{refused:?}"
    );
}

#[actix_rt::test]
async fn a_call_that_blocks_its_thread_is_given_up() {
    let node = Node::start(Limits {
        watchdog: Duration::from_millis(50),
        ..limits()
    });
    let workspace = node.workspace();
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let mut blocking = job(async move {
        let _ = blocked.recv();
        Ok(Produced::default())
    });
    blocking.deadline = Arc::new(Deadline::new(Duration::from_millis(50)));
    assert!(matches!(
        run(&workspace, blocking).await,
        Err(ToolFailure::Timeout { .. })
    ));
    assert_eq!(
        (0, 0),
        (node.executors.running(), node.executors.in_flight())
    );
    drop(release);
}

#[actix_rt::test]
async fn an_executor_that_dies_takes_its_waiting_calls_and_not_the_running_ones() {
    let node = Node::start(Limits {
        running: 1,
        waiting: 9,
        wait_timeout: Duration::from_mins(1),
        ..limits()
    });
    let workspace = node.workspace();
    let (blocks, blocked) = std::sync::mpsc::channel::<()>();
    let blocking = run_as(&workspace, 1, async move {
        let _ = blocked.recv();
        Ok(Produced::default())
    });
    let dies = async {
        tokio::task::yield_now().await;
        let mut waiting = Box::pin(run_as(&workspace, 1, answered()));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        workspace.addr.send(Die).await.unwrap();
        let lost = waiting.await;
        drop(blocks);
        lost
    };
    let (ran, lost) = futures_util::join!(blocking, dies);
    assert!(ran.is_ok());
    assert!(matches!(lost, Err(ToolFailure::Busy { .. })), "{lost:?}");
    // What it held goes a moment before its mailbox.
    while workspace.is_alive() {
        tokio::task::yield_now().await;
    }
    let late = run_as(&workspace, 1, answered()).await;
    assert!(matches!(late, Err(ToolFailure::Busy { .. })), "{late:?}");
    assert!(run_as(&node.workspace(), 1, answered()).await.is_ok());
}

#[actix_rt::test]
async fn a_change_that_is_lost_may_have_been_made() {
    let node = Node::start(limits());
    let workspace = node.workspace();
    let panicked = run(&workspace, changing(async { panic!("on purpose") })).await;
    assert!(matches!(panicked, Err(ToolFailure::OutcomeUnknown)));
    let (started, has_started) = oneshot::channel();
    let hanging = changing(async move {
        let _ = started.send(());
        std::future::pending().await
    });
    let (stopped, ()) = futures_util::join!(run(&workspace, hanging), async {
        has_started.await.unwrap();
        node.executors.stop();
    });
    assert!(matches!(stopped, Err(ToolFailure::OutcomeUnknown)));
    assert_eq!(0, node.executors.in_flight());
}

#[actix_rt::test]
async fn after_the_threads_stopped_calls_are_told_so() {
    let node = Node::start(limits());
    node.executors.stop();
    let late = run_as(&node.workspace(), 1, answered()).await;
    assert!(matches!(late, Err(ToolFailure::Cancelled)));
    assert!(
        node.executors
            .threads()
            .is_responsive(Duration::from_secs(1))
            .await
    );
}

#[actix_rt::test]
async fn a_call_keeps_its_place_when_its_caller_leaves() {
    let node = Node::start(limits());
    let workspace = node.workspace();
    let (release, work) = held();
    let mut running = Box::pin(run_as(&workspace, 1, work));
    assert!(futures_util::poll!(&mut running).is_pending());
    drop(running);
    assert_eq!(1, node.executors.in_flight());
    release.send(()).unwrap();
    assert_eq!(0, node.executors.drain(Duration::from_secs(5)).await);
}
