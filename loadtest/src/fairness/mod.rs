//! Whether one tenant's trouble costs its neighbours anything.
//!
//! Two workspaces share a node and have a PostgreSQL server each. The neighbour's calls come at fixed times, whatever the
//! answers take; a phase without any load first gives the figure to compare with.

mod neighbours;
mod probe;
mod trouble;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::wire::Call;
use neighbours::Neighbours;
use probe::{Probe, Probed};
use trouble::Trouble;

/// The most that p99 may grow in another workspace, as a ratio.
pub(crate) const MAX_P99_RATIO: f64 = 1.5;

/// How long to measure.
pub(crate) struct Plan {
    /// Of each phase.
    pub(crate) duration: Duration,
    /// Calls of the neighbour in each phase.
    pub(crate) calls: u32,
    /// Calls of the troublemaker at once.
    pub(crate) flood: usize,
    /// Nodes.
    pub(crate) nodes: u16,
}

/// One phase: what was wrong in workspace `acme`, and how its neighbours fared.
#[derive(Debug, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// Of workspace `beta`.
    pub(crate) neighbour: Probed,
    /// To that of the phase without load.
    pub(crate) p99_ratio: f64,
    /// Of another user of workspace `acme`, where its own metastore works.
    pub(crate) colleague: Option<Probed>,
    /// Whether the ratio is held to [`MAX_P99_RATIO`], or only reported.
    pub(crate) is_bounded: bool,
}

impl Phase {
    /// Whether nobody was refused and the neighbour was served as before.
    pub(crate) fn is_fair(&self) -> bool {
        let colleague = self.colleague.as_ref();
        self.neighbour.failed == 0
            && colleague.is_none_or(|probed| probed.failed == 0)
            && (!self.is_bounded || self.p99_ratio <= MAX_P99_RATIO)
    }
}

/// What the neighbour and the colleague call, in turns.
fn calls(with_queries: bool) -> Vec<Call> {
    let mut calls = vec![
        Call::tool(
            "list_charts",
            json!({"request": {"page": 1, "page_size": 10}}),
        ),
        Call::tool("health_check", json!({})),
        Call::tool("get_dataset_info", json!({"request": {"identifier": 1}})),
    ];
    if with_queries {
        calls.push(Call::tool(
            "execute_sql",
            json!({"request": {"database_id": 1, "sql": "select count(*) from customers"}}),
        ));
    }
    calls
}

/// Runs all phases.
///
/// # Errors
/// A program is missing or does not start.
pub(crate) fn measure(binary: &Path, plan: &Plan) -> anyhow::Result<Vec<Phase>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let phases: [(&'static str, Trouble, bool); 5] = [
        ("nothing", Trouble::None, true),
        (
            "queries of one user that wait for a lock",
            Trouble::Lock,
            true,
        ),
        ("queries of one user that need the CPU", Trouble::Cpu, false),
        ("a metastore that hangs", Trouble::HangingMetastore, true),
        ("a metastore that is gone", Trouble::MissingMetastore, true),
    ];
    let mut measured: Vec<Phase> = Vec::new();
    for (name, trouble, is_bounded) in phases {
        // A deployment for each: what one phase leaves behind is not the next one's.
        let neighbours = Neighbours::start(binary, plan.nodes)?;
        let (neighbour, colleague) = runtime.block_on(phase(&neighbours, trouble, plan))?;
        let before = measured
            .first()
            .map_or(neighbour.p99_ms, |first| first.neighbour.p99_ms);
        measured.push(Phase {
            name,
            p99_ratio: neighbour.p99_ms / before,
            neighbour,
            colleague,
            is_bounded,
        });
    }
    Ok(measured)
}

async fn phase(
    neighbours: &Neighbours,
    trouble: Trouble,
    plan: &Plan,
) -> anyhow::Result<(Probed, Option<Probed>)> {
    let beta = Probe::new(neighbours, "beta", "analyst", calls(true))?;
    let acme = Probe::new(neighbours, "acme", "analyst", calls(true))?;
    // Rights, pools and statements are there before anything is measured.
    beta.warm_up().await?;
    acme.warm_up().await?;
    let ending = trouble.begin(neighbours, plan.flood).await?;
    let colleague = async {
        if trouble.breaks_the_metastore() {
            return None;
        }
        Some(acme.run(plan.calls, plan.duration).await)
    };
    let (neighbour, colleague) = tokio::join!(beta.run(plan.calls, plan.duration), colleague);
    ending.end(neighbours)?;
    Ok((neighbour, colleague))
}
