//! OpenTelemetry: traces and metrics to a collector, by OTLP over HTTP.
//!
//! Exports run on the SDK's own threads with a blocking client, so that they need no async runtime and
//! take no time of the arbiters.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, MeterProvider as _};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tidegate_config::{OtlpSettings, TelemetrySettings};
use tidegate_types::{ExposeSecret, NodeId};

use crate::metrics::{Cells, Count, Level, OperationKind};

/// The name of our instrumentation scope.
pub(crate) const SCOPE: &str = "tidegate";

/// The providers; each owns a thread.
#[derive(Debug)]
pub(crate) struct Otel {
    pub(crate) traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Otel {
    pub(crate) fn start(
        settings: &TelemetrySettings,
        otlp: &OtlpSettings,
        node: &NodeId,
    ) -> Result<Self, opentelemetry_otlp::ExporterBuildError> {
        let endpoint = otlp.endpoint.as_str().trim_end_matches('/');
        let headers = headers(otlp);
        let spans = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .with_timeout(otlp.timeout)
            .with_headers(headers.clone())
            .build()?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_endpoint(format!("{endpoint}/v1/metrics"))
            .with_timeout(otlp.timeout)
            .with_headers(headers)
            .build()?;
        let resource = resource(&settings.service_name, node);
        let reader = PeriodicReader::builder(metrics)
            .with_interval(otlp.interval)
            .build();
        Ok(Self {
            traces: SdkTracerProvider::builder()
                .with_batch_exporter(spans)
                .with_sampler(sampler(otlp.sample_ratio))
                .with_resource(resource.clone())
                .build(),
            metrics: SdkMeterProvider::builder()
                .with_reader(reader)
                .with_resource(resource)
                .build(),
        })
    }

    /// Registers what is read at each export, and returns what is told of each call.
    pub(crate) fn instruments(&self, cells: &Arc<Cells>) -> Durations {
        let meter = self.metrics.meter(SCOPE);
        observe(&meter, cells);
        Durations::new(&meter)
    }

    /// Sends what is left, each within its share of the time. Blocks.
    pub(crate) fn shut_down(&self, most: Duration) {
        for (what, result) in [
            ("traces", self.traces.shutdown_with_timeout(most / 2)),
            ("metrics", self.metrics.shutdown_with_timeout(most / 2)),
        ] {
            if let Err(err) = result {
                tracing::warn!(error = %err, "could not send the last {what}");
            }
        }
    }
}

/// A caller's decision is kept; traces that start here are sampled by their id.
pub(crate) fn sampler(ratio: f64) -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)))
}

fn resource(service: &str, node: &NodeId) -> Resource {
    Resource::builder()
        .with_service_name(service.to_owned())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", node.to_string()),
        ])
        .build()
}

fn headers(otlp: &OtlpSettings) -> HashMap<String, String> {
    let text = otlp
        .headers
        .as_ref()
        .map_or("", |headers| headers.expose_secret());
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// `mcp.server.operation.duration` of the semantic conventions: seconds, by method and tool.
#[derive(Debug)]
pub(crate) struct Durations {
    histogram: Histogram<f64>,
}

impl Durations {
    fn new(meter: &Meter) -> Self {
        let histogram = meter
            .f64_histogram("mcp.server.operation.duration")
            .with_unit("s")
            .with_description("Duration of a request as the server saw it")
            // The boundaries that the conventions advise.
            .with_boundaries(vec![
                0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
            ])
            .build();
        Self { histogram }
    }

    /// Tells of one call. A tool's call is told of once, with its tool; its `tools/call` row is not
    /// told of again.
    pub(crate) fn record(&self, kind: OperationKind, name: &str, is_success: bool, took: Duration) {
        let mut attributes = match kind {
            OperationKind::Tool => vec![
                KeyValue::new("mcp.method.name", "tools/call"),
                KeyValue::new("gen_ai.operation.name", "execute_tool"),
                KeyValue::new("gen_ai.tool.name", name.to_owned()),
            ],
            OperationKind::Method if name == "tools/call" => return,
            OperationKind::Method => vec![KeyValue::new("mcp.method.name", name.to_owned())],
        };
        if !is_success {
            let error = if kind == OperationKind::Tool {
                "tool_error"
            } else {
                "_OTHER"
            };
            attributes.push(KeyValue::new("error.type", error));
        }
        self.histogram.record(took.as_secs_f64(), &attributes);
    }
}

/// Counts and levels, read from the cells at each export: a call pays nothing for them.
fn observe(meter: &Meter, cells: &Arc<Cells>) {
    for (at, names) in Count::NAMES.iter().enumerate() {
        let cells = Arc::clone(cells);
        meter
            .u64_observable_counter(names.statsd)
            .with_description(names.help)
            .with_callback(move |observer| observer.observe(cells.count_at(at), &[]))
            .build();
    }
    for (at, names) in Level::NAMES.iter().enumerate() {
        let cells = Arc::clone(cells);
        meter
            .i64_observable_gauge(names.statsd)
            .with_description(names.help)
            .with_callback(move |observer| observer.observe(cells.level_at(at), &[]))
            .build();
    }
    let cells = Arc::clone(cells);
    meter
        .u64_observable_counter("mcp.tool.calls")
        .with_description("Calls by tool and outcome")
        .with_callback(move |observer| {
            for tool in cells.tools() {
                for (outcome, count) in [("success", &tool.succeeded), ("failure", &tool.failed)] {
                    let attributes = [
                        KeyValue::new("gen_ai.tool.name", tool.name.clone()),
                        KeyValue::new("outcome", outcome),
                    ];
                    observer.observe(count.load(Ordering::Relaxed), &attributes);
                }
            }
        })
        .build();
}
