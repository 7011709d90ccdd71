//! Numbers: counted in atomics, exported by StatsD, Prometheus and OpenTelemetry.

mod cells;
mod facade;
mod names;
mod prometheus;
mod statsd;

pub(crate) use cells::{Cells, OperationKind};
pub use facade::{MethodMetrics, Metrics, ToolMetrics};
pub use names::{Count, Level};
pub use statsd::StatsdError;
