//! What every request handler needs.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_config::ServerSettings;
use tidegate_runtime::Node;
use tidegate_telemetry::Metrics;
use tidegate_types::WorkspaceSlug;

use crate::in_flight::InFlight;

/// Shared by all workers; built once, outside the server's factory.
pub struct Edge {
    /// The node.
    pub node: Arc<Node>,
    /// The settings of the edge.
    pub settings: ServerSettings,
    /// Which workspace a host name is for.
    pub hosts: WorkspaceHosts,
    /// Counts.
    pub metrics: Metrics,
    /// Requests that are being answered.
    pub in_flight: InFlight,
    /// Whether `/metrics` is served.
    pub serves_metrics: bool,
    /// The scope that a token needs at least, for challenges (RFC 6750 §3).
    pub least_scope: &'static str,
}

/// Which workspace a request is for when its path does not say so.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceHosts {
    /// Workspaces by host name in lower case, without port.
    pub by_host: HashMap<String, WorkspaceSlug>,
    /// The workspace of requests that name none. `None` when there are several.
    pub default: Option<WorkspaceSlug>,
}
