use std::sync::Arc;

use tidegate_engines::{Engines, PoolLimits};
use tidegate_metastore::Metastore;
use tidegate_sql_guard::DefinitionKinds;
use tidegate_types::WorkspaceSlug;

/// A workspace that a request is bound to.
#[derive(Clone)]
pub struct Workspace {
    /// Its slug.
    pub slug: WorkspaceSlug,
    /// Where a Superset shows its dashboards and charts, without a slash at the end, if one does. Links in
    /// answers begin with it, and are left out without it; they are never built from request headers.
    pub public_url: Option<Arc<str>>,
    /// Its metastore.
    pub metastore: Metastore,
    /// Engines for its databases.
    pub engines: Arc<Engines>,
    /// Limits of `execute_sql`.
    pub sql_limits: SqlLimits,
    /// What is on in it.
    pub features: Arc<dyn Features>,
}

/// Features that are on or off in a workspace, and may change while it is open.
#[async_trait::async_trait]
pub trait Features: Send + Sync {
    /// Whether `execute_sql` fills in `template_params` (Superset's `ENABLE_TEMPLATE_PROCESSING`).
    async fn fills_in_templates(&self, workspace: &WorkspaceSlug) -> bool;
}

/// Features that stay as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedFeatures {
    /// See [`Features::fills_in_templates`].
    pub fills_in_templates: bool,
}

#[async_trait::async_trait]
impl Features for FixedFeatures {
    async fn fills_in_templates(&self, _: &WorkspaceSlug) -> bool {
        self.fills_in_templates
    }
}

impl Workspace {
    /// A link to one of its pages, where there are pages.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        let base = self.public_url.as_ref()?;
        Some(format!("{base}{path}"))
    }
}

/// Limits of queries in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlLimits {
    /// Rows when the call does not say.
    pub default_rows: u32,
    /// Rows at the most.
    pub max_rows: u32,
    /// Seconds at the most.
    pub max_seconds: u32,
    /// Bytes of rows at the most; reading stops there.
    pub max_bytes: usize,
    /// Whether databases that allow DML may be written to by SQL at all.
    pub may_write: bool,
    /// What of tables themselves may be changed, where anything may be written to.
    pub definitions: DefinitionKinds,
    /// How much of each database this node uses.
    pub pool: PoolLimits,
}
