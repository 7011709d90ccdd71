use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_config::{JsonLines, SqlLiterals};
use tidegate_types::NodeId;
use tokio::sync::Semaphore;

use tokio::time::Instant;

use super::*;
use crate::AuditOutcome;

/// Keeps what it is given, one batch for each permit.
struct Kept {
    batches: Mutex<Vec<Vec<u64>>>,
    permits: Semaphore,
    fails: bool,
}

impl Kept {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            batches: Mutex::default(),
            permits: Semaphore::new(permits),
            fails: false,
        })
    }

    fn batches(&self) -> Vec<Vec<u64>> {
        self.batches.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl AuditSink for Kept {
    fn name(&self) -> &'static str {
        "kept"
    }

    async fn write(&self, batch: &[AuditRecord]) -> Result<(), AuditError> {
        self.permits
            .acquire()
            .await
            .expect("it is never closed")
            .forget();
        if self.fails {
            return Err(AuditError::new("the disk is full"));
        }
        let numbers = batch.iter().map(|record| record.bytes).collect();
        self.batches
            .lock()
            .expect("no test panics in here")
            .push(numbers);
        Ok(())
    }
}

fn record(number: u64) -> AuditRecord {
    AuditRecord {
        time: chrono::DateTime::UNIX_EPOCH,
        workspace: "demo".parse().expect("a slug"),
        user: None,
        username: None,
        client: None,
        method: "tools/list".into(),
        tool: None,
        arguments: None,
        outcome: AuditOutcome::Succeeded,
        rows: None,
        bytes: number,
        duration: Duration::ZERO,
        trace_id: None,
        node: NodeId::random(),
    }
}

fn settings(queue: usize, batch: usize) -> AuditSettings {
    let some = |number| NonZeroUsize::new(number).expect("tests use no zero");
    AuditSettings {
        metastore: false,
        json_lines: JsonLines::Off,
        queue_size: some(queue),
        batch_size: some(batch),
        flush: Duration::from_millis(500),
        sql_literals: SqlLiterals::Keep,
    }
}

fn start(queue: usize, batch: usize, sink: &Arc<Kept>) -> (AuditQueue, AuditTask, Metrics) {
    let metrics = Metrics::detached();
    let sinks: Vec<Arc<dyn AuditSink>> = vec![Arc::clone(sink) as Arc<dyn AuditSink>];
    let (records, task) = AuditQueue::start(&settings(queue, batch), sinks, metrics.clone());
    (records, task, metrics)
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_is_written_at_once_and_a_part_after_its_time() {
    let sink = Kept::new(100);
    let (records, task, metrics) = start(100, 3, &sink);
    let start = Instant::now();
    for number in 1..=4 {
        records.record(record(number));
    }
    while sink.batches().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(vec![vec![1, 2, 3]], sink.batches());
    assert_eq!(Duration::ZERO, start.elapsed());
    while sink.batches().len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(vec![vec![1, 2, 3], vec![4]], sink.batches());
    assert!(start.elapsed() >= Duration::from_millis(500));
    task.shut_down(Duration::from_secs(1)).await;
    assert_eq!(4, metrics.counted(Count::AuditWritten));
    assert_eq!(
        (0, 0),
        (
            metrics.level(Level::AuditQueued),
            metrics.counted(Count::DroppedAudit)
        )
    );
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_is_dropped_and_counted_and_nobody_waits() {
    let sink = Kept::new(0);
    let (records, task, metrics) = start(10, 5, &sink);
    for number in 0..100 {
        records.record(record(number));
    }
    assert_eq!(
        90,
        metrics.counted(Count::DroppedAudit),
        "nothing was taken out yet"
    );
    sink.permits.add_permits(100);
    task.shut_down(Duration::from_secs(1)).await;
    assert_eq!(
        vec![vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9]],
        sink.batches()
    );
    assert_eq!(
        100,
        metrics.counted(Count::DroppedAudit) + metrics.counted(Count::AuditWritten)
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_writes_what_waits_and_refuses_what_comes_later() {
    let sink = Kept::new(100);
    let (records, task, metrics) = start(100, 7, &sink);
    for number in 0..50 {
        records.record(record(number));
    }
    task.shut_down(Duration::from_secs(1)).await;
    let written: Vec<u64> = sink.batches().concat();
    assert_eq!(
        (0..50).collect::<Vec<u64>>(),
        written,
        "all of them, in order"
    );
    records.record(record(50));
    assert_eq!(1, metrics.counted(Count::DroppedAudit));
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_hangs_delays_the_end_no_longer_than_allowed() {
    let sink = Kept::new(1);
    let (records, task, metrics) = start(100, 5, &sink);
    for number in 0..20 {
        records.record(record(number));
    }
    let start = Instant::now();
    task.shut_down(Duration::from_secs(3)).await;
    assert_eq!(Duration::from_secs(3), start.elapsed());
    // The abort takes hold when the task is next polled.
    while metrics.counted(Count::DroppedAudit) < 15 {
        tokio::task::yield_now().await;
    }
    assert_eq!(vec![vec![0, 1, 2, 3, 4]], sink.batches());
    assert_eq!(
        (15, 5),
        (
            metrics.counted(Count::DroppedAudit),
            metrics.counted(Count::AuditWritten)
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_hangs_for_ever_costs_its_own_batch() {
    let sink = Kept::new(0);
    let (records, task, metrics) = start(100, 5, &sink);
    for number in 0..5 {
        records.record(record(number));
    }
    while metrics.counted(Count::DroppedAudit) < 5 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    sink.permits.add_permits(1);
    records.record(record(5));
    task.shut_down(Duration::from_secs(1)).await;
    assert_eq!(vec![vec![5]], sink.batches());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_is_counted_and_does_not_keep_others_from_writing() {
    let bad = Arc::new(Kept {
        batches: Mutex::default(),
        permits: Semaphore::new(100),
        fails: true,
    });
    let good = Kept::new(100);
    let metrics = Metrics::detached();
    let sinks: Vec<Arc<dyn AuditSink>> = vec![bad, Arc::clone(&good) as Arc<dyn AuditSink>];
    let (records, task) = AuditQueue::start(&settings(100, 5), sinks, metrics.clone());
    for number in 0..5 {
        records.record(record(number));
    }
    task.shut_down(Duration::from_secs(1)).await;
    assert_eq!(vec![vec![0, 1, 2, 3, 4]], good.batches());
    assert_eq!(
        (5, 5),
        (
            metrics.counted(Count::DroppedAudit),
            metrics.counted(Count::AuditWritten)
        )
    );
}

/// Panics at its first batch.
struct PanicsOnce {
    kept: Arc<Kept>,
    has_panicked: AtomicBool,
}

#[async_trait::async_trait]
impl AuditSink for PanicsOnce {
    fn name(&self) -> &'static str {
        "panics_once"
    }

    async fn write(&self, batch: &[AuditRecord]) -> Result<(), AuditError> {
        let has_panicked = self.has_panicked.swap(true, Ordering::Relaxed);
        assert!(has_panicked, "on purpose");
        self.kept.write(batch).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_panics_loses_its_batch_alone() {
    let kept = Kept::new(100);
    let sink = Arc::new(PanicsOnce {
        kept: Arc::clone(&kept),
        has_panicked: AtomicBool::new(false),
    });
    let metrics = Metrics::detached();
    let (records, task) = AuditQueue::start(&settings(100, 2), vec![sink], metrics.clone());
    for number in 0..4 {
        records.record(record(number));
    }
    task.shut_down(Duration::from_secs(1)).await;
    assert_eq!(vec![vec![2, 3]], kept.batches());
    assert_eq!(
        (2, 2),
        (
            metrics.counted(Count::DroppedAudit),
            metrics.counted(Count::AuditWritten)
        )
    );
}
