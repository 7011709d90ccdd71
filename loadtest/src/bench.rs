//! The short run that a change has to pass: ratios, never times.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use serde::Serialize;

use crate::abandon::{self, Memory};
use crate::ceiling::{self, Ceiling};
use crate::report;

/// How much of each goal a short run has to reach: it shares its cores with whatever else runs there.
const PART: f64 = 0.7;

#[derive(Serialize)]
struct Bench {
    ceiling: Ceiling,
    memory: Memory,
}

/// Measures a Tidegate binary and fails when a figure is too far from its goal.
///
/// # Errors
/// With the figures that are.
pub(crate) fn run(
    binary: &Path,
    data_dir: &Path,
    reports: &Path,
    is_short: bool,
) -> anyhow::Result<()> {
    let (ceiling_plan, memory_plan) = if is_short {
        (
            plan(3, 2),
            abandon::Plan {
                abandoned: 5_000,
                open: 500,
                slow: 50,
            },
        )
    } else {
        (
            plan(7, 5),
            abandon::Plan {
                abandoned: 100_000,
                open: 10_000,
                slow: 200,
            },
        )
    };
    let ceiling = ceiling::measure(binary, data_dir, &ceiling_plan)?;
    let memory = abandon::measure(binary, data_dir, &memory_plan)?;
    let tables = [report::of_ceiling(&ceiling), report::of_memory(&memory)];
    let bench = Bench { ceiling, memory };
    report::publish(&report::folder(reports, "bench")?, &bench, &tables)?;
    let part = if is_short { PART } else { 1.0 };
    let missed = bench.missed(part);
    ensure!(
        missed.is_empty(),
        "below {part} of the goal: {}",
        missed.join(", ")
    );
    Ok(())
}

fn plan(rounds: usize, seconds: u64) -> ceiling::Plan {
    ceiling::Plan {
        rounds,
        duration: Duration::from_secs(seconds),
        connections: 16,
        threads: 1,
        only: Vec::new(),
    }
}

impl Bench {
    fn missed(&self, part: f64) -> Vec<&str> {
        let figures = self
            .ceiling
            .figures
            .iter()
            .filter(|figure| !figure.reaches(part))
            .map(|figure| figure.label);
        let memory = [
            ("start", self.memory.start_ms * part < 300.0),
            ("idle memory", self.memory.idle_mb * part < 60.0),
            (
                "abandoned sessions",
                self.memory.abandoned.is_flat() && self.memory.abandoned.failed == 0,
            ),
            ("open sessions", self.memory.open.lost == 0),
            ("slow readers", self.memory.slow.others_are_served),
        ];
        figures
            .chain(
                memory
                    .into_iter()
                    .filter(|(_, is_reached)| !is_reached)
                    .map(|(what, _)| what),
            )
            .collect()
    }
}
