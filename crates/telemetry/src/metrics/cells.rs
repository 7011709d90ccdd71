//! Where the numbers are. Counting touches one atomic; exporters read them at their own pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;

use super::names::{Count, Level};

/// Upper bounds in microseconds: those of the semantic conventions for MCP from 10 ms on, with finer
/// ones below, since most calls end there.
pub(crate) const BOUNDS_MICROS: [u64; 18] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

/// Tools beyond this number share the row `other`: a catalogue has some dozens.
const MOST_TOOLS: usize = 512;

/// Methods of MCP in every revision; what is not in the list counts as `other`.
const METHODS: [&str; 24] = [
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tasks/cancel",
    "tasks/get",
    "tasks/list",
    "tasks/result",
    "tasks/update",
    "tools/call",
    "tools/list",
];

pub(crate) const OTHER: &str = "other";

#[derive(Debug)]
pub(crate) struct Cells {
    counts: Vec<AtomicU64>,
    levels: Vec<AtomicI64>,
    tools: RwLock<Vec<Arc<OperationCells>>>,
    other_tool: Arc<OperationCells>,
    methods: Vec<OperationCells>,
}

/// What an [`OperationCells`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Tool,
    Method,
}

/// Calls of one tool or method.
#[derive(Debug)]
pub(crate) struct OperationCells {
    pub(crate) kind: OperationKind,
    pub(crate) name: String,
    /// `mcp.tool.<name>`, to which StatsD's suffixes are added.
    pub(crate) statsd: String,
    pub(crate) succeeded: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) took: Histogram,
}

impl OperationCells {
    fn new(kind: OperationKind, name: &str) -> Self {
        let group = match kind {
            OperationKind::Tool => "tool",
            OperationKind::Method => "method",
        };
        // What StatsD and its servers give a meaning to may not stand in a name.
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        Self {
            kind,
            name: name.to_owned(),
            statsd: format!("mcp.{group}.{plain}"),
            succeeded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            took: Histogram::default(),
        }
    }

    pub(crate) fn record(&self, is_success: bool, took: Duration) {
        let counter = if is_success {
            &self.succeeded
        } else {
            &self.failed
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.took.observe(took);
    }
}

/// Counts by duration. The sum and the counts of one reading may be a call apart.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    sum_micros: AtomicU64,
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// The count of each bucket, the last of which has no upper bound.
    pub(crate) fn buckets(&self) -> Vec<u64> {
        self.buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .collect()
    }

    pub(crate) fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros.load(Ordering::Relaxed))
    }
}

impl Cells {
    pub(crate) fn new() -> Self {
        Self {
            counts: Count::NAMES.iter().map(|_| AtomicU64::new(0)).collect(),
            levels: Level::NAMES.iter().map(|_| AtomicI64::new(0)).collect(),
            tools: RwLock::new(Vec::new()),
            other_tool: Arc::new(OperationCells::new(OperationKind::Tool, OTHER)),
            methods: METHODS
                .into_iter()
                .chain([OTHER])
                .map(|name| OperationCells::new(OperationKind::Method, name))
                .collect(),
        }
    }

    pub(crate) fn count(&self, count: Count) -> &AtomicU64 {
        &self.counts[count as usize]
    }

    pub(crate) fn count_at(&self, at: usize) -> u64 {
        self.counts[at].load(Ordering::Relaxed)
    }

    pub(crate) fn level(&self, level: Level) -> &AtomicI64 {
        &self.levels[level as usize]
    }

    pub(crate) fn level_at(&self, at: usize) -> i64 {
        self.levels[at].load(Ordering::Relaxed)
    }

    /// The row of a tool, made at the first call for its name.
    pub(crate) fn tool(&self, name: &str) -> Arc<OperationCells> {
        let mut tools = self.tools.write();
        if let Some(tool) = tools.iter().find(|tool| tool.name == name) {
            return Arc::clone(tool);
        }
        if tools.len() >= MOST_TOOLS {
            return Arc::clone(&self.other_tool);
        }
        let tool = Arc::new(OperationCells::new(OperationKind::Tool, name));
        tools.push(Arc::clone(&tool));
        tool
    }

    pub(crate) fn other_tool(&self) -> &Arc<OperationCells> {
        &self.other_tool
    }

    pub(crate) fn method(&self, name: &str) -> &OperationCells {
        let at = METHODS.binary_search(&name).unwrap_or(METHODS.len());
        &self.methods[at]
    }

    /// Every tool that is known by now, and `other`.
    pub(crate) fn tools(&self) -> Vec<Arc<OperationCells>> {
        let mut tools = self.tools.read().clone();
        tools.push(Arc::clone(&self.other_tool));
        tools
    }

    pub(crate) fn methods(&self) -> &[OperationCells] {
        &self.methods
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_sorted_for_the_search() {
        assert!(METHODS.is_sorted());
        for method in METHODS {
            assert_eq!(method, Cells::new().method(method).name);
        }
        assert_eq!(OTHER, Cells::new().method("no/such").name);
    }

    #[test]
    fn a_duration_falls_into_the_bucket_that_ends_at_or_after_it() {
        let histogram = Histogram::default();
        for micros in [0, 100, 101, 60_000_000, 60_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let buckets = histogram.buckets();
        assert_eq!((2, 1), (buckets[0], buckets[1]));
        assert_eq!((1, 1), (buckets[17], buckets[18]));
        assert_eq!(Duration::from_micros(120_000_202), histogram.sum());
    }

    #[test]
    fn tools_beyond_the_bound_share_a_row() {
        let cells = Cells::new();
        for number in 0..MOST_TOOLS {
            assert_ne!(OTHER, cells.tool(&format!("tool_{number}")).name);
        }
        assert_eq!(OTHER, cells.tool("one_more").name);
        assert_eq!("tool_7", cells.tool("tool_7").name);
    }
}
