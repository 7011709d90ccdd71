//! Traces: one span a call, with the attributes of the semantic conventions for MCP.

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceState};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Target of the span of a call. It is of level DEBUG: OpenTelemetry takes it always, the log only at
/// that level, since to format its fields would cost each call more than the call's own log line.
pub(crate) const TARGET: &str = "tidegate_call";

/// Longest `tracestate` that is carried on (W3C Trace Context §3.3.1.5 asks for 512 at least).
const MOST_STATE_BYTES: usize = 512;

/// The id of a trace: 16 bytes, shown as 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(opentelemetry::TraceId);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl serde::Serialize for TraceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A place in a trace, as `traceparent` and `tracestate` tell it (W3C Trace Context, level 1).
#[derive(Debug, Clone, PartialEq)]
pub struct TraceContext(SpanContext);

impl TraceContext {
    /// Reads a caller's context out of two headers, or out of `_meta`. `None` for what is not valid,
    /// which starts a new trace (§2.4): a broken context is never an error of the call.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_version = is_hex(version, 2) && version != "ff";
        // Version 00 ends here; later ones may go on.
        if !is_version || (version == "00" && parts.next().is_some()) {
            return None;
        }
        if !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        let state = tracestate
            .filter(|state| state.len() <= MOST_STATE_BYTES)
            .and_then(|state| TraceState::from_str(state).ok())
            .unwrap_or_default();
        let context = SpanContext::new(
            opentelemetry::TraceId::from_hex(trace).ok()?,
            SpanId::from_hex(span).ok()?,
            TraceFlags::new(flags) & TraceFlags::SAMPLED,
            true,
            state,
        );
        context.is_valid().then_some(Self(context))
    }

    /// The start of a new trace, which is not recorded.
    fn random() -> Self {
        let ids = RandomIdGenerator::default();
        Self(SpanContext::new(
            ids.new_trace_id(),
            ids.new_span_id(),
            TraceFlags::default(),
            false,
            TraceState::default(),
        ))
    }

    /// The id of the trace.
    pub fn trace_id(&self) -> TraceId {
        TraceId(self.0.trace_id())
    }

    /// The `traceparent` to hand on.
    pub fn traceparent(&self) -> String {
        let flags = self.0.trace_flags() & TraceFlags::SAMPLED;
        format!(
            "00-{}-{}-{:02x}",
            self.0.trace_id(),
            self.0.span_id(),
            flags.to_u8()
        )
    }

    /// The `tracestate` to hand on; empty when there is none.
    pub fn tracestate(&self) -> String {
        self.0.trace_state().header()
    }
}

/// §3.2.2 asks for lower case.
fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is known of a call when it starts.
#[derive(Debug, Clone, Copy)]
pub struct CallInfo<'a> {
    /// `mcp.method.name`: the JSON-RPC method.
    pub method: &'a str,
    /// The tool, prompt or resource that the call is for.
    pub target: Option<&'a str>,
    /// `mcp.session.id` of a session of an older client.
    pub session: Option<&'a str>,
    /// `mcp.protocol.version`.
    pub protocol_version: &'a str,
    /// `jsonrpc.request.id`; `None` for a notification.
    pub request_id: Option<&'a str>,
}

/// The trace of one call.
#[derive(Debug, Clone)]
pub struct CallTrace {
    span: Span,
    context: TraceContext,
}

impl CallTrace {
    /// Starts the span of a call below a caller's context. Without OpenTelemetry there is no span, and
    /// the id of the trace alone is kept or made.
    pub fn start(info: &CallInfo<'_>, parent: Option<&TraceContext>) -> Self {
        let span = span_of(info);
        if let Some(parent) = parent
            && !span.is_disabled()
        {
            let context = opentelemetry::Context::new().with_remote_span_context(parent.0.clone());
            // Fails where only the log takes the span, which needs no parent.
            drop(span.set_parent(context));
        }
        let own = if span.is_disabled() {
            None
        } else {
            Some(span.context().span().span_context().clone())
        };
        let context = match own.filter(SpanContext::is_valid) {
            Some(own) => TraceContext(own),
            None => parent.cloned().unwrap_or_else(TraceContext::random),
        };
        Self { span, context }
    }

    /// The span; instrument the call's future with it.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The call's own place in the trace, to hand on.
    pub fn context(&self) -> &TraceContext {
        &self.context
    }

    /// The id of the trace.
    pub fn trace_id(&self) -> TraceId {
        self.context.trace_id()
    }

    /// Marks the call as failed. `error_type` is one of a small set: a code's name, or `tool_error`.
    pub fn fail(&self, error_type: &str) {
        self.span.record("error.type", error_type);
        self.span.record("otel.status_code", "ERROR");
    }
}

fn span_of(info: &CallInfo<'_>) -> Span {
    use tracing::field::Empty;
    if !tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        return Span::none();
    }
    let name = match info.target {
        // Resources are many: their URI would make as many names of spans.
        Some(target) if !info.method.starts_with("resources/") => {
            format!("{} {target}", info.method)
        }
        _ => info.method.to_owned(),
    };
    let span = tracing::debug_span!(
        target: TARGET,
        parent: None,
        "call",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = Empty,
        error.type = Empty,
        mcp.method.name = info.method,
        mcp.protocol.version = info.protocol_version,
        mcp.session.id = info.session,
        jsonrpc.request.id = info.request_id,
        gen_ai.operation.name = Empty,
        gen_ai.tool.name = Empty,
        gen_ai.prompt.name = Empty,
        mcp.resource.uri = Empty,
        network.protocol.name = "http",
        network.transport = "tcp",
    );
    if let Some(target) = info.target {
        match info.method {
            "tools/call" => {
                span.record("gen_ai.operation.name", "execute_tool");
                span.record("gen_ai.tool.name", target);
            }
            "prompts/get" => {
                span.record("gen_ai.prompt.name", target);
            }
            _ => {
                span.record("mcp.resource.uri", target);
            }
        }
    }
    span
}

#[cfg(test)]
mod tests;
