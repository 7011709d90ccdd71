use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tidegate_config::AuditSettings;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::AuditRecord;
use crate::metrics::{Count, Level, Metrics};

/// The longest that one sink may take for one batch.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// Where records end up.
#[async_trait::async_trait]
pub trait AuditSink: Send + Sync {
    /// A name for the log.
    fn name(&self) -> &'static str;

    /// Writes a batch, in the order in which the records came.
    ///
    /// It is not tried again: what fails is counted as dropped. A sink that can tell a failure that
    /// passes from others tries again by itself, within ten seconds.
    async fn write(&self, batch: &[AuditRecord]) -> Result<(), AuditError>;
}

/// A sink could not write a batch.
#[derive(Debug, thiserror::Error)]
#[error("could not write audit records")]
pub struct AuditError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl AuditError {
    /// From what went wrong.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// The way in: bounded, and never waited for.
#[derive(Debug, Clone)]
pub struct AuditQueue {
    records: mpsc::Sender<AuditRecord>,
    batch_size: usize,
    full: Arc<Notify>,
    metrics: Metrics,
}

impl AuditQueue {
    /// Starts the task that writes to the sinks, on the current tokio runtime. Without sinks, records
    /// are taken and forgotten.
    pub fn start(
        settings: &AuditSettings,
        sinks: Vec<Arc<dyn AuditSink>>,
        metrics: Metrics,
    ) -> (Self, AuditTask) {
        let (records, waiting) = mpsc::channel(settings.queue_size.get());
        let (stop, stopped) = oneshot::channel();
        let full = Arc::new(Notify::new());
        let batch_size = settings.batch_size.get();
        let writer = Writer {
            waiting,
            full: Arc::clone(&full),
            sinks,
            metrics: metrics.clone(),
            batch_size,
            flush: settings.flush,
        };
        let task = AuditTask {
            stop,
            writer: tokio::spawn(writer.run(stopped)),
        };
        let queue = Self {
            records,
            batch_size,
            full,
            metrics,
        };
        (queue, task)
    }

    /// Hands in a record. When the queue is full or closed it is dropped and counted.
    pub fn record(&self, record: AuditRecord) {
        match self.records.try_send(record) {
            Ok(()) => {
                self.metrics.shift(Level::AuditQueued, 1);
                if self.records.max_capacity() - self.records.capacity() >= self.batch_size {
                    self.full.notify_one();
                }
            }
            Err(_) => self.metrics.count(Count::DroppedAudit),
        }
    }
}

/// The task that writes.
#[derive(Debug)]
pub struct AuditTask {
    stop: oneshot::Sender<()>,
    writer: JoinHandle<()>,
}

impl AuditTask {
    /// Writes what waits, and ends. What is not written within `most` is dropped and counted.
    pub async fn shut_down(mut self, most: Duration) {
        // The writer may have ended with its last sender.
        let _ = self.stop.send(());
        if timeout(most, &mut self.writer).await.is_err() {
            self.writer.abort();
            tracing::error!("audit records could not be written before the shutdown");
        }
    }
}

struct Writer {
    waiting: mpsc::Receiver<AuditRecord>,
    /// Told when a whole batch waits.
    full: Arc<Notify>,
    sinks: Vec<Arc<dyn AuditSink>>,
    metrics: Metrics,
    batch_size: usize,
    flush: Duration,
}

impl Writer {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut batch = Vec::with_capacity(self.batch_size);
        loop {
            let is_open = tokio::select! {
                is_open = self.fill(&mut batch) => is_open,
                _ = &mut stopped => break,
            };
            self.write(&mut batch).await;
            if !is_open {
                return;
            }
        }
        // What comes from now on is refused, and counted by whoever hands it in.
        self.waiting.close();
        loop {
            while batch.len() < self.batch_size
                && let Ok(record) = self.waiting.try_recv()
            {
                batch.push(record);
            }
            if batch.is_empty() {
                return;
            }
            self.write(&mut batch).await;
        }
    }

    /// Fills a batch until it is full or its first record has waited long enough. `false` when nobody
    /// can hand in records any more. Cancel safe: what was taken is in `batch`.
    async fn fill(&mut self, batch: &mut Vec<AuditRecord>) -> bool {
        if batch.is_empty() {
            match self.waiting.recv().await {
                Some(record) => batch.push(record),
                None => return false,
            }
        }
        // Sleeps over what comes meanwhile: to be woken for each record would cost more than the record.
        tokio::select! {
            () = sleep(self.flush) => {}
            () = self.full.notified() => {}
        }
        while batch.len() < self.batch_size
            && let Ok(record) = self.waiting.try_recv()
        {
            batch.push(record);
        }
        true
    }

    async fn write(&self, batch: &mut Vec<AuditRecord>) {
        let records = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        // Counted before, so that a batch that is cut off by the end of the process was counted once
        // as dropped or as written, never as neither.
        let mut unwritten = Unwritten {
            metrics: &self.metrics,
            records,
        };
        for sink in &self.sinks {
            match write_to(sink.as_ref(), batch).await {
                Ok(()) => self.metrics.count_by(Count::AuditWritten, records),
                Err(err) => self.lose(sink.name(), records, &err),
            }
        }
        unwritten.records = 0;
        drop(unwritten);
        self.metrics
            .shift(Level::AuditQueued, -i64::try_from(records).unwrap_or(0));
        batch.clear();
    }

    fn lose(&self, sink: &'static str, records: u64, err: &dyn std::error::Error) {
        self.metrics.count_by(Count::DroppedAudit, records);
        let cause = err.source().map(ToString::to_string);
        tracing::error!(sink, records, error = %err, cause, "audit records were lost");
    }
}

/// Writes a batch in time. A sink that panics loses this batch and writes the next.
async fn write_to(sink: &dyn AuditSink, batch: &[AuditRecord]) -> Result<(), AuditError> {
    let writing = AssertUnwindSafe(async { sink.write(batch).await }).catch_unwind();
    match timeout(WRITE_DEADLINE, writing).await {
        Ok(Ok(written)) => written,
        Ok(Err(_)) => Err(AuditError::new("the sink panicked")),
        Err(late) => Err(AuditError::new(late)),
    }
}

impl Drop for Writer {
    /// Counts what an aborted writer leaves in the queue.
    fn drop(&mut self) {
        self.waiting.close();
        while self.waiting.try_recv().is_ok() {
            self.metrics.shift(Level::AuditQueued, -1);
            self.metrics.count(Count::DroppedAudit);
        }
    }
}

/// Counts a batch as dropped when its writing is cut off.
struct Unwritten<'a> {
    metrics: &'a Metrics,
    records: u64,
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        self.metrics.count_by(Count::DroppedAudit, self.records);
    }
}

#[cfg(test)]
mod tests;
