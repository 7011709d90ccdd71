//! The workspaces of the configuration.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidegate_config::{Flag, MetastoreSettings as Where, Settings, WorkspaceSettings};
use tidegate_metastore::seed::create_embedded;
use tidegate_metastore::{Metastore, MetastoreError, MetastoreSettings, PoolSettings};
use tidegate_oauth::ResourceMap;
use tidegate_query::{Engines, PoolLimits};
use tidegate_runtime::{OpenError, OpenWorkspace};
use tidegate_tools::{SqlLimits, Workspace};
use tidegate_types::{Clock, WorkspaceSlug};
use tidegate_web::WorkspaceHosts;
use url::Url;

use crate::application::BuildError;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Opens the workspaces that the configuration names.
pub(crate) struct ConfiguredWorkspaces {
    settings: HashMap<WorkspaceSlug, WorkspaceSettings>,
    data_dir: PathBuf,
    public_url: String,
    sql_limits: SqlLimits,
    engines: Arc<Engines>,
    clock: Arc<dyn Clock>,
}

impl ConfiguredWorkspaces {
    pub(crate) fn new(settings: &Settings, public_url: String, clock: Arc<dyn Clock>) -> Self {
        let mut engines = Engines::builder();
        for workspace in &settings.workspaces {
            // A workspace may name SQLite files beside its own metastore, and no others.
            match &workspace.metastore {
                Where::Embedded { folder } => engines = engines.sqlite_root(absolute(folder)),
                Where::Sqlite { path } => {
                    if let Some(folder) = path.parent() {
                        engines = engines.sqlite_root(absolute(folder));
                    }
                }
                Where::Postgres { .. } => {}
            }
        }
        let query = &settings.query;
        Self {
            settings: enabled(settings)
                .map(|workspace| (workspace.slug.clone(), workspace.clone()))
                .collect(),
            data_dir: settings.data_dir.clone(),
            public_url,
            sql_limits: SqlLimits {
                default_rows: query.default_row_limit,
                max_rows: query.max_row_limit,
                max_seconds: u32::try_from(query.max_timeout.as_secs()).unwrap_or(u32::MAX),
                max_bytes: settings
                    .response_size
                    .as_ref()
                    .map_or(16 << 20, |size| size.max_bytes),
                may_write: false,
                pool: PoolLimits {
                    connections: query.pool_size,
                    checkout_timeout: query.connect_timeout,
                    idle_timeout: query.idle,
                    ..PoolLimits::default()
                },
            },
            engines: Arc::new(engines.build()),
            clock,
        }
    }

    async fn metastore(&self, workspace: &WorkspaceSettings) -> Result<Metastore, Source> {
        let settings = MetastoreSettings {
            pool: PoolSettings {
                max_connections: workspace.metastore_pool_size,
                ..PoolSettings::default()
            },
            dashboard_roles: workspace.flags.is_on(Flag::DashboardRbac),
            secret_key: workspace.secret_key.clone(),
        };
        match &workspace.metastore {
            Where::Embedded { folder } => {
                let path = if workspace.seed {
                    create_embedded(&self.data_dir, &workspace.slug, self.clock.as_ref())
                        .await?
                        .metastore
                } else {
                    std::fs::create_dir_all(folder)?;
                    folder.join("metastore.sqlite")
                };
                Ok(Metastore::open_sqlite(path, !workspace.seed, settings).await?)
            }
            Where::Sqlite { path } => Ok(Metastore::open_sqlite(path, false, settings).await?),
            Where::Postgres { url } => {
                let metastore = Metastore::connect_postgres(url, settings)?;
                tokio::time::timeout(Duration::from_secs(15), metastore.check_revision())
                    .await
                    .unwrap_or(Err(MetastoreError::Timeout {
                        operation: "read the metastore's revision",
                    }))?;
                Ok(metastore)
            }
        }
    }
}

#[async_trait::async_trait]
impl OpenWorkspace for ConfiguredWorkspaces {
    async fn open(&self, slug: &WorkspaceSlug) -> Result<Option<Workspace>, OpenError> {
        let Some(settings) = self.settings.get(slug) else {
            return Ok(None);
        };
        let metastore = self.metastore(settings).await.map_err(|source| OpenError {
            slug: slug.clone(),
            source,
        })?;
        let url = settings
            .superset_url
            .as_ref()
            .or(settings.public_url.as_ref());
        let public_url = url.map_or_else(|| self.public_url.clone(), |url| url.as_str().to_owned());
        Ok(Some(Workspace {
            slug: slug.clone(),
            public_url: public_url.trim_end_matches('/').into(),
            metastore,
            engines: Arc::clone(&self.engines),
            sql_limits: SqlLimits {
                may_write: settings.allow_dml,
                ..self.sql_limits
            },
        }))
    }
}

fn absolute(folder: &std::path::Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The workspaces that are served.
pub(crate) fn enabled(settings: &Settings) -> impl Iterator<Item = &WorkspaceSettings> {
    settings
        .workspaces
        .iter()
        .filter(|workspace| workspace.is_enabled && workspace.flags.is_on(Flag::McpService))
}

/// Which workspace a host is for.
pub(crate) fn hosts(settings: &Settings) -> WorkspaceHosts {
    let mut by_host = HashMap::new();
    for workspace in enabled(settings) {
        for host in &workspace.hosts {
            by_host.insert(host.clone(), workspace.slug.clone());
        }
    }
    let mut all = enabled(settings);
    let default = match (all.next(), all.next()) {
        (Some(only), None) => Some(only.slug.clone()),
        _ => None,
    };
    WorkspaceHosts { by_host, default }
}

/// The issuer and the resources of the configuration's workspaces.
pub(crate) fn resources(settings: &Settings, public_url: &str) -> Result<ResourceMap, BuildError> {
    let url = Url::parse(public_url).map_err(|_| BuildError::PublicUrl(public_url.to_owned()))?;
    let hosts = hosts(settings);
    Ok(ResourceMap::new(&url, hosts.by_host, hosts.default))
}
