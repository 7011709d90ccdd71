use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tidegate_config::TelemetrySettings;

use super::cells::{Cells, OperationCells};
use super::names::{Count, Level};
use super::prometheus;
use super::statsd::{Statsd, StatsdError};
use crate::otel::Durations;

/// Counts what happens. Cheap to clone and to call: a count is one atomic addition.
///
/// Counts reach StatsD as sums each second, so that no rate of calls can lose one; durations are sent
/// one by one through a bounded queue, and dropped and counted when it is full.
#[derive(Debug, Clone)]
pub struct Metrics {
    cells: Arc<Cells>,
    statsd: Option<Arc<Statsd>>,
    durations: Option<Arc<Durations>>,
}

impl Metrics {
    /// Metrics that only Prometheus reads: for tests, and while telemetry is not set up.
    pub fn detached() -> Self {
        Self {
            cells: Arc::new(Cells::new()),
            statsd: None,
            durations: None,
        }
    }

    /// Metrics with StatsD when its address is set. OpenTelemetry is joined by [`crate::init`].
    ///
    /// # Errors
    /// When the address does not resolve, or no socket can be had.
    pub fn new(settings: &TelemetrySettings) -> Result<Self, StatsdError> {
        let cells = Arc::new(Cells::new());
        let statsd = match &settings.statsd {
            Some(statsd) => Some(Arc::new(Statsd::start(statsd, Arc::clone(&cells))?)),
            None => None,
        };
        Ok(Self {
            cells,
            statsd,
            durations: None,
        })
    }

    pub(crate) fn join_otel(&mut self, durations: Durations) {
        self.durations = Some(Arc::new(durations));
    }

    pub(crate) fn cells(&self) -> &Arc<Cells> {
        &self.cells
    }

    /// Counts one.
    pub fn count(&self, count: Count) {
        self.count_by(count, 1);
    }

    /// Counts several.
    pub fn count_by(&self, count: Count, by: u64) {
        self.cells.count(count).fetch_add(by, Ordering::Relaxed);
    }

    /// How often it was counted.
    pub fn counted(&self, count: Count) -> u64 {
        self.cells.count(count).load(Ordering::Relaxed)
    }

    /// Sets a level.
    pub fn set(&self, level: Level, to: i64) {
        self.cells.level(level).store(to, Ordering::Relaxed);
    }

    /// Moves a level, up or down.
    pub fn shift(&self, level: Level, by: i64) {
        self.cells.level(level).fetch_add(by, Ordering::Relaxed);
    }

    /// The level now.
    pub fn level(&self, level: Level) -> i64 {
        self.cells.level(level).load(Ordering::Relaxed)
    }

    /// The handle of one tool of the catalogue. Take it once, when the catalogue is built: it locks, and
    /// each name stays for good. Never call it with a name that came in a request; that is
    /// [`Metrics::unknown_tool`].
    pub fn tool(&self, name: &str) -> ToolMetrics {
        ToolMetrics {
            operation: self.cells.tool(name),
            metrics: self.clone(),
        }
    }

    /// The handle for calls of tools that do not exist.
    pub fn unknown_tool(&self) -> ToolMetrics {
        ToolMetrics {
            operation: Arc::clone(self.cells.other_tool()),
            metrics: self.clone(),
        }
    }

    /// Where to count calls of a JSON-RPC method; unknown ones share a row. No lock, no allocation.
    pub fn method(&self, name: &str) -> MethodMetrics<'_> {
        MethodMetrics {
            operation: self.cells.method(name),
            metrics: self,
        }
    }

    /// The `Content-Type` of [`Metrics::prometheus_text`].
    pub const PROMETHEUS_CONTENT_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All metrics in Prometheus' text form (OpenMetrics 1.0).
    pub fn prometheus_text(&self) -> String {
        prometheus::text(&self.cells)
    }

    /// Hands StatsD what was counted since the last time and waits until its queue is empty, for
    /// `most` at the longest. Blocks.
    pub fn flush(&self, most: Duration) {
        if let Some(statsd) = &self.statsd {
            statsd.flush(&self.cells, most);
        }
    }

    fn record(&self, operation: &OperationCells, is_success: bool, took: Duration) {
        operation.record(is_success, took);
        if let Some(statsd) = &self.statsd
            && !statsd.time(operation, took)
        {
            self.count(Count::DroppedStatsd);
        }
        if let Some(durations) = &self.durations {
            durations.record(operation.kind, &operation.name, is_success, took);
        }
    }
}

/// Counts the calls of one tool.
#[derive(Debug, Clone)]
pub struct ToolMetrics {
    operation: Arc<OperationCells>,
    metrics: Metrics,
}

impl ToolMetrics {
    /// A call that gave its result: `mcp.tool.<name>.success` and `.duration`.
    pub fn succeeded(&self, took: Duration) {
        self.metrics.record(&self.operation, true, took);
    }

    /// A call that did not: `mcp.tool.<name>.failure` and `.duration`.
    pub fn failed(&self, took: Duration) {
        self.metrics.record(&self.operation, false, took);
    }
}

/// Counts the calls of one JSON-RPC method.
#[derive(Debug, Clone, Copy)]
pub struct MethodMetrics<'a> {
    operation: &'a OperationCells,
    metrics: &'a Metrics,
}

impl MethodMetrics<'_> {
    /// A request that got a result: `mcp.method.<name>.success` and `.duration`, `/` as `_`.
    pub fn succeeded(self, took: Duration) {
        self.metrics.record(self.operation, true, took);
    }

    /// A request that got an error: `mcp.method.<name>.failure` and `.duration`.
    pub fn failed(self, took: Duration) {
        self.metrics.record(self.operation, false, took);
    }
}
