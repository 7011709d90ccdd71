//! The audit: one record a call, or a counted drop.

mod json_lines;
mod queue;
mod record;
mod redact;

pub use json_lines::JsonLinesSink;
pub use queue::{AuditError, AuditQueue, AuditSink, AuditTask};
pub use record::{AuditOutcome, AuditRecord};
pub use redact::redact_arguments;
