//! Prometheus' text form, written from the cells at each scrape.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::cells::{BOUNDS_MICROS, Cells, OperationCells, OperationKind};
use super::names::{Count, Level, Names};

pub(crate) fn text(cells: &Arc<Cells>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(Arc::clone(cells))));
    let mut text = String::with_capacity(16 * 1024);
    encode(&mut text, &registry).expect("a String takes every write");
    text
}

#[derive(Debug)]
struct Scrape(Arc<Cells>);

type Labels<'a> = Vec<(&'a str, &'a str)>;

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let tools = self.0.tools();
        let tools: Vec<&OperationCells> = tools.iter().map(|tool| &**tool).collect();
        let methods: Vec<&OperationCells> = self.0.methods().iter().collect();
        operations(&mut encoder, "mcp_tool", "tool", &tools)?;
        operations(&mut encoder, "mcp_method", "method", &methods)?;
        each_name(
            &mut encoder,
            Count::NAMES,
            MetricType::Counter,
            |metric, at| metric.encode_counter::<NoLabelSet, _, u64>(&self.0.count_at(at), None),
        )?;
        each_name(
            &mut encoder,
            Level::NAMES,
            MetricType::Gauge,
            |metric, at| metric.encode_gauge(&self.0.level_at(at)),
        )
    }
}

/// Writes a family for each run of one name, with a line for each label in it.
fn each_name(
    encoder: &mut DescriptorEncoder<'_>,
    names: &[Names],
    kind: MetricType,
    write: impl Fn(&mut MetricEncoder<'_>, usize) -> fmt::Result,
) -> fmt::Result {
    let mut at = 0;
    for family in names.chunk_by(|a, b| a.prometheus == b.prometheus) {
        let mut metric =
            encoder.encode_descriptor(family[0].prometheus, family[0].help, None, kind)?;
        for names in family {
            match names.label {
                Some(label) => {
                    let labels: Labels<'_> = vec![label];
                    write(&mut metric.encode_family(&labels)?, at)?;
                }
                None => write(&mut metric, at)?,
            }
            at += 1;
        }
    }
    Ok(())
}

fn operations(
    encoder: &mut DescriptorEncoder<'_>,
    prefix: &str,
    label: &str,
    operations: &[&OperationCells],
) -> fmt::Result {
    let calls = format!("{prefix}_calls");
    let mut metric =
        encoder.encode_descriptor(&calls, "Calls by outcome", None, MetricType::Counter)?;
    for operation in operations {
        for (outcome, count) in [
            ("success", &operation.succeeded),
            ("failure", &operation.failed),
        ] {
            let labels: Labels<'_> = vec![(label, operation.name.as_str()), ("outcome", outcome)];
            metric
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&count.load(Ordering::Relaxed), None)?;
        }
    }
    let duration = format!("{prefix}_duration_seconds");
    let mut metric =
        encoder.encode_descriptor(&duration, "Duration of calls", None, MetricType::Histogram)?;
    for operation in operations {
        debug_assert!(operation.kind == OperationKind::Tool || label == "method");
        let counts = operation.took.buckets();
        #[expect(clippy::cast_precision_loss, reason = "bounds are below 2^52")]
        let bounds = BOUNDS_MICROS.map(|micros| micros as f64 / 1e6);
        let buckets: Vec<(f64, u64)> = bounds
            .into_iter()
            .chain([f64::MAX])
            .zip(counts.iter().copied())
            .collect();
        let labels: Labels<'_> = vec![(label, operation.name.as_str())];
        metric
            .encode_family(&labels)?
            .encode_histogram::<NoLabelSet>(
                operation.took.sum().as_secs_f64(),
                counts.iter().sum(),
                &buckets,
                None,
            )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Count, Level, Metrics};

    #[test]
    fn every_metric_stands_in_the_text_from_the_start() {
        let text = Metrics::detached().prometheus_text();
        for names in Count::NAMES {
            assert!(
                text.contains(&format!("# TYPE {} counter", names.prometheus)),
                "{}",
                names.prometheus
            );
        }
        for names in Level::NAMES {
            assert!(
                text.contains(&format!("# TYPE {} gauge", names.prometheus)),
                "{}",
                names.prometheus
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_family_is_declared_once() {
        let text = Metrics::detached().prometheus_text();
        let mut types: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .collect();
        let all = types.len();
        types.sort_unstable();
        types.dedup();
        assert_eq!(all, types.len());
    }

    #[test]
    fn calls_stand_under_the_name_of_their_tool() {
        let metrics = Metrics::detached();
        let tool = metrics.tool("list_charts");
        tool.succeeded(Duration::from_millis(3));
        tool.succeeded(Duration::from_micros(50));
        tool.failed(Duration::from_secs(90));
        metrics.unknown_tool().failed(Duration::ZERO);
        metrics.method("tools/list").succeeded(Duration::ZERO);
        metrics.method("made/up").failed(Duration::ZERO);
        metrics.count_by(Count::CacheHit, 7);
        metrics.shift(Level::Sessions, 2);
        let text = metrics.prometheus_text();
        for line in [
            r#"mcp_tool_calls_total{tool="list_charts",outcome="success"} 2"#,
            r#"mcp_tool_calls_total{tool="list_charts",outcome="failure"} 1"#,
            r#"mcp_tool_calls_total{tool="other",outcome="failure"} 1"#,
            r#"mcp_tool_duration_seconds_count{tool="list_charts"} 3"#,
            r#"mcp_tool_duration_seconds_bucket{le="0.005",tool="list_charts"} 2"#,
            r#"mcp_tool_duration_seconds_bucket{le="+Inf",tool="list_charts"} 3"#,
            r#"mcp_method_calls_total{method="tools/list",outcome="success"} 1"#,
            r#"mcp_method_calls_total{method="other",outcome="failure"} 1"#,
            r#"mcp_cache_lookups_total{result="hit"} 7"#,
            "mcp_sessions 2",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in\n{text}"
            );
        }
    }
}
