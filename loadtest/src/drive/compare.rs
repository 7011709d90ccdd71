//! Two targets in turns, so that neither takes the machine from the other, and the ratios of their figures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use goose::metrics::GooseMetrics;
use serde::Serialize;

use super::{Bounds, Target, drive};
use crate::ceiling::median;
use crate::scenario::Workload;

/// What a run came to.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) workload: String,
    pub(crate) bounds: Bounds,
    pub(crate) rounds: usize,
    pub(crate) targets: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// What was wrong with answers, and how often, by target.
    pub(crate) errors: BTreeMap<String, BTreeMap<String, usize>>,
}

/// One call: a figure for each target. Medians over the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) figures: Vec<Figures>,
}

/// Of one call at one target.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) calls: usize,
    pub(crate) failed: usize,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Comparison {
    /// All calls.
    pub(crate) fn calls(&self) -> usize {
        let figures = self.rows.iter().flat_map(|row| &row.figures);
        figures.map(|figures| figures.calls).sum()
    }

    /// Answers that were none.
    pub(crate) fn failed(&self) -> usize {
        self.rows
            .iter()
            .flat_map(|row| &row.figures)
            .map(|figures| figures.failed)
            .sum()
    }
}

/// Drives each target `rounds` times, in turns.
///
/// # Errors
/// Goose does not start.
pub(crate) async fn compare(
    targets: &[Target],
    workload: &Workload,
    bounds: &Bounds,
    rounds: usize,
    reports: &Path,
) -> anyhow::Result<Comparison> {
    let mut seen: Vec<Vec<BTreeMap<String, Figures>>> = vec![Vec::new(); targets.len()];
    let mut errors: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for round in 0..rounds {
        for turn in 0..targets.len() {
            // Who begins changes, since what comes second finds a warmer machine.
            let number = (turn + round) % targets.len();
            let target = &targets[number];
            let report = reports.join(format!("{}-{}", target.name, round + 1));
            let metrics = Box::pin(drive(target, workload, bounds, &report)).await?;
            for error in metrics.errors.values() {
                let of_target = errors.entry(target.name.clone()).or_default();
                *of_target
                    .entry(format!("{}: {}", error.name, error.error))
                    .or_default() += error.occurrences;
            }
            seen[number].push(figures(&metrics));
        }
    }
    let labels: BTreeSet<&String> = seen.iter().flatten().flat_map(BTreeMap::keys).collect();
    let rows = labels
        .into_iter()
        .map(|label| Row {
            label: label.clone(),
            figures: seen.iter().map(|rounds| middle(rounds, label)).collect(),
        })
        .collect();
    Ok(Comparison {
        workload: workload.description.clone(),
        bounds: *bounds,
        rounds,
        targets: targets.iter().map(|target| target.name.clone()).collect(),
        rows,
        errors,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and times of one run need no more than 52 bits"
)]
fn figures(metrics: &GooseMetrics) -> BTreeMap<String, Figures> {
    let seconds = metrics.duration.max(1) as f64;
    metrics
        .requests
        .values()
        .map(|request| {
            let calls = request.success_count + request.fail_count;
            let figures = Figures {
                calls,
                failed: request.fail_count,
                per_second: request.success_count as f64 / seconds,
                p50_ms: request.raw_data.percentile_us(0.5) as f64 / 1e3,
                p99_ms: request.raw_data.percentile_us(0.99) as f64 / 1e3,
            };
            (request.path.clone(), figures)
        })
        .collect()
}

fn middle(rounds: &[BTreeMap<String, Figures>], label: &str) -> Figures {
    let of_label: Vec<&Figures> = rounds.iter().filter_map(|round| round.get(label)).collect();
    let of = |field: fn(&Figures) -> f64| {
        median(of_label.iter().map(|figures| field(figures)).collect())
    };
    Figures {
        calls: of_label.iter().map(|figures| figures.calls).sum(),
        failed: of_label.iter().map(|figures| figures.failed).sum(),
        per_second: of(|figures| figures.per_second),
        p50_ms: of(|figures| figures.p50_ms),
        p99_ms: of(|figures| figures.p99_ms),
    }
}
