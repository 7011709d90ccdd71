//! Two binaries in turns, so that a change of a few percent shows on a machine whose speed changes by more.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::measured::{MEASURED, Measured, median};
use super::rounds::{Rate, Side, rates};
use super::say;
use crate::process::{Database, Deployment};

/// How two binaries are compared.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) database: Database,
    /// Nodes behind nginx; more than one share a Redis.
    pub(crate) nodes: u16,
    pub(crate) rounds: usize,
    pub(crate) duration: Duration,
    /// Only these calls, by their labels; all where there are none.
    pub(crate) only: Vec<String>,
}

impl Plan {
    fn includes(&self, label: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == label)
    }
}

/// What came of a call.
#[derive(Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) label: &'static str,
    /// Calls a second of the binary, and of the one that it is compared with: medians.
    pub(crate) per_second: f64,
    pub(crate) against_per_second: f64,
    /// The median of the rounds' own ratios, the lowest and the highest.
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
    /// CPU time of the nodes for each call, microseconds: medians.
    pub(crate) cpu_us: f64,
    pub(crate) against_cpu_us: f64,
}

impl Ratio {
    fn of(label: &'static str, rates: &[[Rate; 2]]) -> Self {
        let of: Vec<f64> = rates
            .iter()
            .map(|[one, other]| one.per_second / other.per_second.max(1.0))
            .collect();
        let middle = |value: &dyn Fn(&[Rate; 2]) -> f64| median(rates.iter().map(value).collect());
        Self {
            label,
            per_second: middle(&|[one, _]| one.per_second),
            against_per_second: middle(&|[_, other]| other.per_second),
            lowest: of.iter().copied().fold(f64::MAX, f64::min),
            highest: of.iter().copied().fold(0.0, f64::max),
            median: median(of),
            cpu_us: middle(&|[one, _]| one.cpu_us),
            against_cpu_us: middle(&|[_, other]| other.cpu_us),
        }
    }
}

/// Measures every call of the ceiling on both.
///
/// # Errors
/// Something does not run, or answers are wrong.
pub(crate) fn compare(binary: &Path, against: &Path, plan: &Plan) -> anyhow::Result<Vec<Ratio>> {
    let mut ratios = Vec::new();
    for is_cached in [false, true] {
        let calls: Vec<&Measured> = MEASURED
            .iter()
            .filter(|call| call.is_cached == is_cached && plan.includes(call.label))
            .collect();
        if calls.is_empty() {
            continue;
        }
        let start = |binary| Deployment::start(binary, plan.database, plan.nodes, is_cached);
        let (one, other) = (start(binary)?, start(against)?);
        for call in &calls {
            say(&format!("{}: {} rounds", call.label, plan.rounds));
            let sides = [
                Side {
                    url: one.url(),
                    token: Some(one.token()),
                    cpu: &|| one.cpu(),
                },
                Side {
                    url: other.url(),
                    token: Some(other.token()),
                    cpu: &|| other.cpu(),
                },
            ];
            ratios.push(Ratio::of(
                call.label,
                &rates(call, &sides, plan.rounds, plan.duration)?,
            ));
            if call.is_audited() {
                for side in [&one, &other] {
                    side.check_audit().context(call.label)?;
                }
            }
        }
    }
    Ok(ratios)
}
