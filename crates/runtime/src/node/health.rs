//! Whether a node can do its work.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tidegate_types::WorkspaceSlug;

use super::Node;

/// Metastores that a probe of readiness asks at the most.
const MAX_PINGED: usize = 16;

/// Why a node cannot do its work.
#[derive(Debug, Clone)]
pub struct Unready {
    /// The parts that it lacks: `draining`, `executor`, `store`, `relay`, `metastore`, `workspaces`.
    pub parts: Vec<&'static str>,
    /// Workspaces that were never opened on this node, and why not, without hosts, users and files. Their names are not
    /// for strangers.
    pub workspaces: BTreeMap<WorkspaceSlug, String>,
}

impl Node {
    /// Whether the node can do its work: the store answers, signals arrive, each workspace that it is to serve was opened
    /// once, and a metastore answers, if any workspace is active. One tenant's metastore that goes away later takes no
    /// node from the others.
    ///
    /// # Errors
    /// The parts that do not, for the log and the probe.
    pub async fn readiness(&self) -> Result<(), Unready> {
        let mut unready = Vec::new();
        if self.core.draining.is_cancelled() {
            unready.push("draining");
        }
        if !self.core.executors.is_well() {
            unready.push("executor");
        }
        if let Err(err) = self.core.state.health.ping().await {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "the shared store does not answer"
            );
            unready.push("store");
        }
        if !self.core.state.relay.is_connected() {
            unready.push("relay");
        }
        if !self.has_metastore().await {
            unready.push("metastore");
        }
        let unopened = self.workspaces.unopened();
        if !unopened.is_empty() {
            unready.push("workspaces");
        }
        if unready.is_empty() {
            Ok(())
        } else {
            Err(Unready {
                parts: unready,
                workspaces: unopened,
            })
        }
    }

    async fn has_metastore(&self) -> bool {
        let active = self.workspaces.all();
        if active.is_empty() {
            return true;
        }
        let mut pings: FuturesUnordered<_> = active
            .iter()
            .take(MAX_PINGED)
            .map(|workspace| async move {
                let workspace = workspace.workspace();
                workspace.metastore.ping().await.inspect_err(|err| {
                    tracing::warn!(
                        workspace = %workspace.slug,
                        error = err as &dyn std::error::Error,
                        "a metastore does not answer",
                    );
                })
            })
            .collect();
        while let Some(ping) = pings.next().await {
            if ping.is_ok() {
                return true;
            }
        }
        false
    }
}
