//! A long run of mixed traffic in which nothing may grow and nothing may fail.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior};

use crate::ceiling::median;
use crate::drive::{self, Bounds, Comparison, Target};
use crate::process::{Database, Deployment};
use crate::scenario::Workload;

/// How often the nodes are looked at.
const SAMPLES: u32 = 120;
/// What a node may use more in the last quarter than in the second one; the first one fills caches and pools.
const MORE_MB: f64 = 16.0;
/// Likewise, open files and sockets.
const MORE_DESCRIPTORS: f64 = 32.0;

/// What is driven, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) database: Database,
    /// Nodes behind nginx; more than one share a Redis.
    pub(crate) nodes: u16,
    pub(crate) users: usize,
    pub(crate) duration: Duration,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Soak {
    pub(crate) minutes: u64,
    pub(crate) traffic: Comparison,
    pub(crate) nodes: Vec<Growth>,
}

/// What one node used: medians of the second and of the last quarter of the run.
#[derive(Debug, Serialize)]
pub(crate) struct Growth {
    pub(crate) memory_mb: [f64; 2],
    pub(crate) descriptors: [f64; 2],
}

impl Growth {
    fn is_flat(&self) -> bool {
        let grew = |[before, after]: [f64; 2]| after - before;
        grew(self.memory_mb) <= MORE_MB && grew(self.descriptors) <= MORE_DESCRIPTORS
    }
}

impl Soak {
    /// # Errors
    /// With what grew or failed.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.traffic.calls() > 0, "nothing was called");
        let failed = self.traffic.failed();
        ensure!(failed == 0, "{failed} answers were wrong");
        for (number, node) in self.nodes.iter().enumerate() {
            ensure!(node.is_flat(), "node {} grew: {node:?}", number + 1);
        }
        Ok(())
    }
}

/// Memory in MB and open descriptors of a node at one time.
type Sample = [f64; 2];

/// Drives a deployment with a workload, and looks at its nodes meanwhile.
///
/// # Errors
/// Something does not start, or a node is gone.
pub(crate) fn soak(
    binary: &Path,
    workload: &Workload,
    plan: &Plan,
    reports: &Path,
) -> anyhow::Result<Soak> {
    let deployment = Deployment::start(binary, plan.database, plan.nodes, true)?;
    let target = Target {
        name: "soak".to_owned(),
        url: deployment.url().clone(),
        credentials: deployment.credentials(),
    };
    let bounds = Bounds {
        users: plan.users.max(workload.clients.len()),
        duration: plan.duration,
        max_requests: u64::MAX,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let targets = [target];
    let traffic = drive::compare(&targets, workload, &bounds, 1, reports);
    let (traffic, samples) =
        runtime.block_on(async { tokio::try_join!(traffic, watch(&deployment, plan.duration)) })?;
    let nodes = (0..usize::from(plan.nodes))
        .map(|node| growth(&samples, node))
        .collect();
    Ok(Soak {
        minutes: plan.duration.as_secs() / 60,
        traffic,
        nodes,
    })
}

/// What each node used, again and again.
async fn watch(deployment: &Deployment, duration: Duration) -> anyhow::Result<Vec<Vec<Sample>>> {
    let mut ticks = tokio::time::interval(duration / SAMPLES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let begun = Instant::now();
    let mut samples = Vec::new();
    while begun.elapsed() < duration {
        ticks.tick().await;
        samples.push(deployment.usage()?);
    }
    Ok(samples)
}

fn growth(samples: &[Vec<Sample>], node: usize) -> Growth {
    let quarter = samples.len() / 4;
    let of = |part: &[Vec<Sample>], what: usize| {
        median(part.iter().map(|sample| sample[node][what]).collect())
    };
    let both = |what| {
        [
            of(&samples[quarter..2 * quarter], what),
            of(&samples[3 * quarter..], what),
        ]
    };
    Growth {
        memory_mb: both(0),
        descriptors: both(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_after_the_first_quarter_is_seen_and_what_grows_before_is_not() {
        let samples = |of: fn(u32) -> f64| -> Vec<Vec<Sample>> {
            (0..100).map(|n| vec![[100.0 + of(n), 50.0]]).collect()
        };
        assert!(growth(&samples(|n| f64::from(n.min(25))), 0).is_flat());
        assert!(!growth(&samples(f64::from), 0).is_flat());
    }
}
