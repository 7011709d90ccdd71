use std::io;
use std::sync::{Arc, Mutex};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tidegate_config::{LogFormat, LogSettings};

use super::*;
use crate::logs;
use crate::otel::sampler;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Keeps the spans that ended.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("no test panics in here").extend(batch);
        Ok(())
    }
}

/// A writer that keeps the log.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no test panics in here")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn call(target: Option<&'static str>) -> CallInfo<'static> {
    CallInfo {
        method: "tools/call",
        target,
        session: Some("0123456789abcdef"),
        protocol_version: "2025-11-25",
        request_id: Some("7"),
    }
}

/// Runs `work` with traces of the ratio, and gives the spans and the log.
fn traced(ratio: f64, level: &str, work: impl FnOnce()) -> (Vec<SpanData>, String) {
    let (kept, log) = (Kept::default(), Log::default());
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(kept.clone())
        .with_sampler(sampler(ratio))
        .build();
    let settings = LogSettings {
        format: LogFormat::Json,
        level: level.to_owned(),
    };
    let writer = log.clone();
    let subscriber = logs::subscriber(&settings, Some(&provider), move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, work);
    let spans = kept.0.lock().unwrap().clone();
    (spans, log.text())
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

#[test]
fn the_span_of_a_call_follows_the_conventions() {
    let mut id = None;
    let (spans, _) = traced(1.0, "info", || {
        let trace = CallTrace::start(&call(Some("list_charts")), None);
        id = Some(trace.trace_id());
        trace.fail("tool_error");
    });
    let [span] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!("tools/call list_charts", span.name);
    assert_eq!(opentelemetry::trace::SpanKind::Server, span.span_kind);
    assert_eq!(
        id.unwrap().to_string(),
        span.span_context.trace_id().to_string()
    );
    for (name, value) in [
        ("mcp.method.name", "tools/call"),
        ("mcp.protocol.version", "2025-11-25"),
        ("mcp.session.id", "0123456789abcdef"),
        ("jsonrpc.request.id", "7"),
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "list_charts"),
        ("error.type", "tool_error"),
    ] {
        assert_eq!(Some(value.to_owned()), attribute(span, name), "{name}");
    }
    assert!(matches!(
        span.status,
        opentelemetry::trace::Status::Error { .. }
    ));
}

#[test]
fn a_call_belongs_to_the_trace_of_its_caller() {
    let parent = TraceContext::parse(PARENT, Some("vendor=value")).unwrap();
    let (spans, _) = traced(0.0, "info", || {
        let trace = CallTrace::start(&call(None), Some(&parent));
        assert_eq!(parent.trace_id(), trace.trace_id());
        assert_ne!(
            PARENT,
            trace.context().traceparent(),
            "its own span is the parent of what follows"
        );
        assert!(
            trace.context().traceparent().ends_with("-01"),
            "the caller's choice is kept"
        );
        assert_eq!("vendor=value", trace.context().tracestate());
    });
    assert_eq!("b7ad6b7169203331", spans[0].parent_span_id.to_string());
    assert_eq!(
        "0af7651916cd43dd8448eb211c80319c",
        spans[0].span_context.trace_id().to_string()
    );
}

#[test]
fn a_caller_that_does_not_record_is_not_recorded() {
    let parent = TraceContext::parse(&PARENT.replace("-01", "-00"), None).unwrap();
    let (spans, _) = traced(1.0, "info", || {
        let trace = CallTrace::start(&call(None), Some(&parent));
        assert_eq!(parent.trace_id(), trace.trace_id());
    });
    assert!(spans.is_empty());
}

#[test]
fn without_opentelemetry_there_is_an_id_and_no_span() {
    let parent = TraceContext::parse(PARENT, None).unwrap();
    let trace = CallTrace::start(&call(None), Some(&parent));
    assert!(trace.span().is_disabled());
    assert_eq!(PARENT, trace.context().traceparent());
    let (one, two) = (
        CallTrace::start(&call(None), None),
        CallTrace::start(&call(None), None),
    );
    assert_ne!(one.trace_id(), two.trace_id());
    assert!(TraceContext::parse(&one.context().traceparent(), None).is_some());
}

#[test]
fn the_log_is_json_and_has_the_span_of_a_call_at_debug_only() {
    for (level, has_span) in [("info", false), ("debug", true)] {
        let (_, log) = traced(1.0, level, || {
            let trace = CallTrace::start(&call(Some("list_charts")), None);
            let _entered = trace.span().enter();
            tracing::info!(tenant.id = "demo", "a call ended");
        });
        let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
        assert_eq!("a call ended", line["message"]);
        assert_eq!("demo", line["tenant.id"]);
        assert_eq!(has_span, log.contains("list_charts"), "{log}");
    }
}

#[test]
fn the_level_of_the_log_is_held() {
    let (_, log) = traced(1.0, "warn,noisy=off", || {
        tracing::info!("too fine");
        tracing::warn!(target: "noisy", "too loud");
        tracing::warn!("heard");
    });
    assert_eq!(1, log.lines().count(), "{log}");
    for wrong in ["a=b=c", "verbose", "info,tidegate_web", "info,,=foo"] {
        let settings = LogSettings {
            format: LogFormat::Pretty,
            level: wrong.to_owned(),
        };
        assert!(
            logs::subscriber(&settings, None, io::sink).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_is_no_traceparent_starts_a_new_trace() {
    for good in [
        PARENT,
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later",
    ] {
        assert!(TraceContext::parse(good, None).is_some(), "{good}");
    }
    for bad in [
        "",
        "x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(None, TraceContext::parse(bad, None), "{bad}");
    }
}

#[test]
fn a_broken_or_endless_tracestate_is_left_out() {
    for state in ["no equals sign", &format!("a={}", "x".repeat(600))] {
        let context = TraceContext::parse(PARENT, Some(state)).unwrap();
        assert_eq!("", context.tracestate());
    }
}

proptest::proptest! {
    #[test]
    fn parsing_panics_nowhere(parent in ".*", state in ".*") {
        let _ = TraceContext::parse(&parent, Some(&state));
    }
}
