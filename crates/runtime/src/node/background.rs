//! What a node does without being asked.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use tidegate_telemetry::{Level, Metrics};

use crate::service::Core;
use crate::supervise::supervise;
use crate::workspace::WorkspaceRegistry;

/// How often levels are measured.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// Starts the node's background tasks.
pub(super) fn look_after(
    core: &Arc<Core>,
    workspaces: &Arc<WorkspaceRegistry>,
    arbiter: &ArbiterHandle,
    metrics: &Metrics,
) {
    let (uses, draining) = (Arc::clone(&core.uses), core.draining.clone());
    supervise(arbiter, "uses of grants", metrics.clone(), move || {
        Arc::clone(&uses).run(draining.clone())
    });
    let executors = Arc::clone(&core.executors);
    supervise(arbiter, "watchdog", metrics.clone(), move || {
        Arc::clone(&executors).watch()
    });
    let parts = (Arc::clone(core), Arc::clone(workspaces), metrics.clone());
    supervise(arbiter, "measurements", metrics.clone(), move || {
        let (core, workspaces, metrics) = parts.clone();
        measure(core, workspaces, metrics)
    });
    let parts = (Arc::clone(core), Arc::clone(workspaces));
    supervise(arbiter, "idle workspaces", metrics.clone(), move || {
        let (core, workspaces) = parts.clone();
        close_idle(core, workspaces)
    });
}

/// Measures what there is now, until the node stops.
async fn measure(core: Arc<Core>, workspaces: Arc<WorkspaceRegistry>, metrics: Metrics) {
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    while !core.draining.is_cancelled() {
        metrics.set(Level::Sessions, whole(core.sessions.len()));
        metrics.set(Level::Streams, whole(core.streams.open()));
        metrics.set(Level::Workspaces, whole(workspaces.all().len()));
        metrics.set(Level::Running, whole(core.executors.running()));
        metrics.set(Level::Waiting, whole(core.executors.waiting()));
        metrics.set(Level::InFlight, whole(core.executors.in_flight()));
        tokio::time::sleep(MEASURE_EVERY).await;
    }
}

/// Closes workspaces that nobody uses, until the node stops.
async fn close_idle(core: Arc<Core>, workspaces: Arc<WorkspaceRegistry>) {
    let idle = core.settings.workspace_idle;
    let pause = (idle / 4).clamp(Duration::from_secs(1), Duration::from_mins(1));
    while core
        .draining
        .run_until_cancelled(tokio::time::sleep(pause))
        .await
        .is_some()
    {
        workspaces.close_idle(idle).await;
    }
}
