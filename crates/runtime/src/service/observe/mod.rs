//! Every call leaves a metric, an audit record and a trace, however it ends.

mod observation;

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use serde_json::Value;
use tidegate_config::SqlLiterals;
use tidegate_protocol::Method;
use tidegate_store::{LimitScope, StoreError};
use tidegate_telemetry::{
    AuditOutcome, AuditQueue, AuditRecord, CallInfo, CallTrace, Count, LogSampler, Metrics,
    ToolMetrics, TraceContext, redact_arguments,
};
use tidegate_tools::Catalogue;
use tidegate_types::{ClientName, Clock, NodeId, ServiceCode, WorkspaceSlug, error_chain};

pub(crate) use observation::Observation;

use super::operation::OperationSummary;
use super::{Caller, TraceParent};

/// Counts and records. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Observer(Arc<Inner>);

struct Inner {
    metrics: Metrics,
    audit: AuditQueue,
    tools: HashMap<String, ToolMetrics>,
    sql_literals: SqlLiterals,
    clock: Arc<dyn Clock>,
    node: NodeId,
    /// Of lines about what is away, which every call meets meanwhile.
    away: LogSampler,
}

impl Observer {
    pub(crate) fn new(
        metrics: Metrics,
        audit: AuditQueue,
        catalogue: &Catalogue,
        sql_literals: SqlLiterals,
        clock: Arc<dyn Clock>,
        node: NodeId,
    ) -> Self {
        let tools = catalogue
            .tools()
            .map(|entry| {
                (
                    entry.spec().name.to_owned(),
                    metrics.tool(entry.spec().name),
                )
            })
            .collect();
        Self(Arc::new(Inner {
            metrics,
            audit,
            tools,
            sql_literals,
            clock,
            node,
            away: LogSampler::default(),
        }))
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// A progress or log message that its client was too slow for.
    pub(crate) fn dropped_notification(&self) {
        self.0.metrics.count(Count::DroppedEvent);
    }

    pub(crate) fn limited(&self, scope: &LimitScope) {
        self.0.metrics.count(match scope {
            LimitScope::Tenant | LimitScope::Everybody(_) | LimitScope::Address(..) => {
                Count::LimitedTenant
            }
            LimitScope::User(_) | LimitScope::Account(..) => Count::LimitedUser,
            LimitScope::Client(_) | LimitScope::ClientAt(..) => Count::LimitedClient,
            LimitScope::Tool(..) => Count::LimitedTool,
        });
    }

    /// A good token whose user the workspace does not have; `arguments` say who was looked for.
    pub(crate) fn unknown_user(
        &self,
        workspace: &WorkspaceSlug,
        client: &ClientName,
        arguments: String,
    ) {
        let inner = &self.0;
        inner.audit.record(AuditRecord {
            time: inner.clock.now(),
            workspace: workspace.clone(),
            user: None,
            username: None,
            client: Some(client.clone()),
            method: "authenticate".into(),
            tool: None,
            arguments: Some(arguments),
            outcome: AuditOutcome::Denied(ServiceCode::Forbidden),
            rows: None,
            bytes: 0,
            duration: std::time::Duration::ZERO,
            trace_id: None,
            node: inner.node.clone(),
        });
    }

    /// It cannot be said now who calls: what has to be asked about a workspace's users does not answer.
    pub(crate) fn unidentified(&self, workspace: &WorkspaceSlug, source: &(dyn Error + 'static)) {
        if let Some(left_out) = self.0.away.admit((workspace, error_chain(source))) {
            tracing::warn!(
                %workspace,
                error = source,
                left_out,
                "a caller cannot be identified"
            );
        }
    }

    /// The shared store does not say what has to be known of a call; `task` is what it is asked for.
    pub(crate) fn store_away(&self, task: &'static str, err: &StoreError) {
        if let Some(left_out) = self.0.away.admit((task, error_chain(err))) {
            tracing::warn!(
                task,
                error = err as &dyn Error,
                left_out,
                "the shared store is away"
            );
        }
    }

    /// A call that was refused before it was one.
    pub(crate) fn refused(&self, caller: &Caller, method: Method, target: &str, code: ServiceCode) {
        let inner = &self.0;
        let duration = std::time::Duration::ZERO;
        match inner.tools.get(target) {
            Some(tool) => tool.failed(duration),
            None => inner.metrics.unknown_tool().failed(duration),
        }
        let principal = &caller.principal;
        inner.audit.record(AuditRecord {
            time: inner.clock.now(),
            workspace: principal.workspace.clone(),
            user: Some(principal.user),
            username: Some(Arc::clone(&principal.username)),
            client: Some(principal.client.clone()),
            method: method.as_str().into(),
            tool: Some(target.chars().take(128).collect::<String>().into()),
            arguments: None,
            outcome: AuditOutcome::of_code(code),
            rows: None,
            bytes: 0,
            duration,
            trace_id: trace_parent(&caller.trace).map(|trace| trace.trace_id()),
            node: inner.node.clone(),
        });
    }

    /// Begins to observe a call.
    pub(crate) fn begin(
        &self,
        caller: &Caller,
        operation: &OperationSummary,
        arguments: &Value,
        request: &Request<'_>,
    ) -> Observation {
        // The message's own context is the client's call; the header's may be a proxy's.
        let parent = trace_parent(request.trace).or_else(|| trace_parent(&caller.trace));
        let trace = CallTrace::start(
            &CallInfo {
                method: operation.method.as_str(),
                target: Some(&operation.target),
                session: request.session,
                protocol_version: request.protocol_version,
                request_id: Some(request.id),
            },
            parent.as_ref(),
        );
        Observation {
            observer: self.clone(),
            trace,
            principal: Arc::clone(&caller.principal),
            operation: operation.clone(),
            // Now, since the tool takes the value apart.
            arguments: (!arguments.is_null())
                .then(|| redact_arguments(arguments, self.0.sql_literals)),
            began: self.0.clock.now(),
            timer: self.0.clock.instant(),
            is_over: false,
        }
    }
}

/// What a trace says of the request.
pub(crate) struct Request<'a> {
    pub id: &'a str,
    pub session: Option<&'a str>,
    pub protocol_version: &'a str,
    /// Trace context of `_meta`.
    pub trace: &'a TraceParent,
}

fn trace_parent(trace: &TraceParent) -> Option<TraceContext> {
    TraceContext::parse(trace.parent.as_deref()?, trace.state.as_deref())
}
