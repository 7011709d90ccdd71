//! How a node ends.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Node;
use crate::workspace::WorkspaceHandle;

/// How often a stopping node looks whether its changes are told.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Node {
    /// Fires when the node lost something that it cannot do without.
    pub fn ends(&self) -> &CancellationToken {
        &self.ends
    }

    /// Stops readiness, so that no new requests are sent here, and ends change streams.
    pub fn begin_drain(&self) {
        self.core.draining.cancel();
    }

    /// Whether the node no longer wants requests.
    pub fn is_draining(&self) -> bool {
        self.core.draining.is_cancelled()
    }

    /// Waits for running calls, at most `grace`, and lets nothing new run. Returns how many calls still do.
    pub async fn drain(&self, grace: Duration) -> usize {
        self.begin_drain();
        let ends = Instant::now() + grace;
        let running = self.core.executors.drain(grace).await;
        if tokio::time::timeout_at(ends, self.published())
            .await
            .is_err()
        {
            tracing::error!(
                "changes were not told to the other nodes; they may give kept answers until these expire"
            );
        }
        self.core.uses.flush().await;
        running
    }

    /// Waits until the other nodes are told all that calls of this one changed.
    async fn published(&self) {
        while !self
            .workspaces
            .all()
            .iter()
            .all(WorkspaceHandle::is_published)
        {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Stops the tools' threads and the actors. Connections that were opened there break: whoever still
    /// needs a workspace's metastore, as the audit does, comes before.
    pub fn stop(&self) {
        self.core.executors.stop();
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
    }
}
