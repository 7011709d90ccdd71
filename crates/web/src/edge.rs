//! What every request handler needs.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tidegate_config::ServerSettings;
use tidegate_oauth_types::ResourceMap;
use tidegate_runtime::Node;
use tidegate_telemetry::Metrics;
use tidegate_types::WorkspaceSlug;

use crate::access::ControlPlaneAccess;
use crate::unknown_proxies::UnknownProxies;

/// Shared by all workers; built once, outside the server's factory.
pub struct Edge {
    /// The node.
    pub node: Arc<Node>,
    /// The settings of the edge.
    pub settings: ServerSettings,
    /// Which workspace a host name is for, and which resources there are.
    pub directory: Directory,
    /// Sign-in and the authorization server, where there is a manager.
    pub access: Option<ControlPlaneAccess>,
    /// How clients get in.
    pub entry: Entry,
    /// Counts.
    pub metrics: Metrics,
    /// Whether `/metrics` is served.
    pub serves_metrics: bool,
    /// What challenges ask for (RFC 6750 §3): scopes separated by spaces. `None`: whatever the client chooses.
    pub challenge_scope: Option<String>,
    /// Proxies that the settings do not name.
    pub unknown_proxies: UnknownProxies,
    /// Another issuer whose tokens are accepted, where clients can find it.
    pub external_issuer: Option<ExternalIssuer>,
}

/// Another issuer, as clients hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIssuer {
    /// Its identifier (RFC 8414 §2): its metadata are found by it.
    pub issuer: String,
    /// What clients may ask it for; empty when that is not known.
    pub scopes_supported: Vec<String>,
}

/// How clients get in, as the first page tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Everybody is one user of Superset.
    Open {
        /// The user's name.
        user: String,
        /// The workspaces that are configured.
        workspaces: Vec<WorkspaceSlug>,
    },
    /// By tokens of another issuer.
    Token {
        /// Which, where it is configured.
        issuer: Option<String>,
    },
    /// By an account here.
    SignIn,
}

/// Names of workspaces and resources, which change as workspaces come and go. Cloning is cheap.
#[derive(Clone)]
pub struct Directory(Arc<ArcSwap<Names>>);

/// What a [`Directory`] holds at one time.
#[derive(Debug, Clone)]
pub struct Names {
    /// Workspaces by host.
    pub hosts: WorkspaceHosts,
    /// The issuer and its resources.
    pub resources: ResourceMap,
}

impl Directory {
    /// A directory of these names.
    pub fn new(names: Names) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(names)))
    }

    /// Takes other names.
    pub fn replace(&self, names: Names) {
        self.0.store(Arc::new(names));
    }

    /// The names as they are now.
    pub fn names(&self) -> Guard<Arc<Names>> {
        self.0.load()
    }
}

/// Which workspace a request is for when its path does not say so.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceHosts {
    /// Workspaces by host name in lower case, without port.
    pub by_host: HashMap<String, WorkspaceSlug>,
    /// The workspace of requests that name none. `None` when there are several.
    pub default: Option<WorkspaceSlug>,
}

impl WorkspaceHosts {
    /// The workspace of a `Host` header (`name` or `name:port`).
    pub fn find(&self, host: &str) -> Option<&WorkspaceSlug> {
        if self.by_host.is_empty() {
            return None;
        }
        self.by_host.get(&without_port(host).to_ascii_lowercase())
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
