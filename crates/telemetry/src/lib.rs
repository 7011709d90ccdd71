#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod audit;
mod init;
mod json;
mod log_sampler;
mod logs;
mod metrics;
mod otel;
mod trace;

pub use audit::{
    AuditError, AuditOutcome, AuditQueue, AuditRecord, AuditSink, AuditTask, JsonLinesSink,
    redact_arguments,
};
pub use init::{Telemetry, TelemetryError, TelemetryGuard, check, init};
pub use log_sampler::LogSampler;
pub use metrics::{Count, Level, MethodMetrics, Metrics, StatsdError, ToolMetrics};
pub use trace::{CallInfo, CallTrace, TraceContext, TraceId};
