//! One call, as it is observed.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tidegate_protocol::Method;
use tidegate_telemetry::{AuditOutcome, AuditRecord, CallTrace, Count};
use tidegate_tools::ToolFailure;
use tidegate_types::{Principal, ServiceCode, error_chain};

use super::Observer;
use crate::service::Produced;
use crate::service::operation::OperationSummary;

/// A call that is being observed. Dropped without an end, it was cut off.
pub(crate) struct Observation {
    pub(super) observer: Observer,
    pub(super) trace: CallTrace,
    pub(super) principal: Arc<Principal>,
    pub(super) operation: OperationSummary,
    /// As they may be written down.
    pub(super) arguments: Option<String>,
    pub(super) began: DateTime<Utc>,
    pub(super) timer: Instant,
    pub(super) is_over: bool,
}

impl Observation {
    /// The span that the call's work belongs to.
    pub(crate) fn span(&self) -> tracing::Span {
        self.trace.span().clone()
    }

    /// The call ended by itself.
    pub(crate) fn end(&mut self, result: &Result<Produced, ToolFailure>) {
        match result {
            Ok(produced) => {
                let outcome = if produced.is_error {
                    AuditOutcome::ToolError
                } else {
                    AuditOutcome::Succeeded
                };
                self.record(outcome, produced.rows, produced.result.len());
            }
            Err(failure) => self.end_failed(failure),
        }
    }

    /// The call ended by itself, without a result.
    pub(crate) fn end_failed(&mut self, failure: &ToolFailure) {
        if let ToolFailure::Internal(source) = failure {
            tracing::error!(
                parent: self.trace.span(),
                tool = %self.operation.target,
                trace_id = %self.trace.trace_id(),
                error = &**source as &dyn std::error::Error,
                "a call failed",
            );
        } else if let ToolFailure::Unavailable { source, .. } = failure {
            self.log_unavailable(&**source);
        }
        let metrics = self.observer.metrics();
        match failure {
            ToolFailure::Timeout { .. } => metrics.count(Count::CallDeadline),
            ToolFailure::Cancelled => metrics.count(Count::CallCancelled),
            ToolFailure::Busy { .. } => metrics.count(Count::Overloaded),
            _ => {}
        }
        let outcome = match failure {
            // The client answers and calls again: so far nothing failed.
            ToolFailure::InputRequired { .. } => AuditOutcome::Succeeded,
            ToolFailure::Failed { .. } | ToolFailure::InvalidArguments(_) => {
                AuditOutcome::ToolError
            }
            other => AuditOutcome::of_code(other.service_code()),
        };
        self.record(outcome, None, 0);
    }

    fn log_unavailable(&self, source: &(dyn Error + 'static)) {
        let (workspace, target) = (&self.principal.workspace, &self.operation.target);
        let away = &self.observer.0.away;
        if let Some(left_out) = away.admit((workspace, target, error_chain(source))) {
            tracing::warn!(
                parent: self.trace.span(),
                %workspace,
                tool = %target,
                trace_id = %self.trace.trace_id(),
                error = source,
                left_out,
                "a call met something that cannot be reached",
            );
        }
    }

    /// The call was answered from the cache.
    pub(crate) fn end_cached(&mut self, bytes: usize) {
        self.record(AuditOutcome::Succeeded, None, bytes);
    }

    /// The call was refused before it ran.
    pub(crate) fn end_refused(&mut self, code: ServiceCode) {
        self.record(AuditOutcome::of_code(code), None, 0);
    }

    fn record(&mut self, outcome: AuditOutcome, rows: Option<u64>, bytes: usize) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let inner = &self.observer.0;
        let duration = self.timer.elapsed();
        let succeeded = outcome == AuditOutcome::Succeeded;
        if !succeeded {
            self.trace.fail(outcome.as_str());
        }
        match (
            self.operation.method,
            inner.tools.get(&*self.operation.target),
        ) {
            (Method::CallTool, Some(tool)) if succeeded => tool.succeeded(duration),
            (Method::CallTool, Some(tool)) => tool.failed(duration),
            (method, _) if succeeded => inner.metrics.method(method.as_str()).succeeded(duration),
            (method, _) => inner.metrics.method(method.as_str()).failed(duration),
        }
        inner.audit.record(AuditRecord {
            time: self.began,
            workspace: self.principal.workspace.clone(),
            user: Some(self.principal.user),
            username: Some(Arc::clone(&self.principal.username)),
            client: Some(self.principal.client.clone()),
            method: self.operation.method.as_str().into(),
            tool: Some(Arc::clone(&self.operation.target)),
            arguments: self.arguments.take(),
            outcome,
            rows,
            bytes: bytes as u64,
            duration,
            trace_id: Some(self.trace.trace_id()),
            node: inner.node.clone(),
        });
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if std::thread::panicking() {
            self.observer.metrics().count(Count::CallPanicked);
            self.record(AuditOutcome::Failed(ServiceCode::Internal), None, 0);
        } else {
            self.observer.metrics().count(Count::CallCancelled);
            self.record(AuditOutcome::Failed(ServiceCode::Cancelled), None, 0);
        }
    }
}
