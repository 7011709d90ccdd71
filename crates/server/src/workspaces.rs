//! The workspaces of the configuration, and those of the manager.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use tidegate_config::{
    Flag, Flags, LOOPBACK_NAMES, MetastoreSettings as Where, Settings, WorkspaceSettings,
};
use tidegate_control_plane::Manager;
use tidegate_control_plane::workspace::{FindConnection, FindWorkspace, WorkspaceConnection};
use tidegate_demo_data::create_embedded;
use tidegate_engines::{Engines, EnginesBuilder, PoolLimits, SourceFactories};
use tidegate_metastore::{
    Metastore, MetastoreError, MetastoreSettings, PoolSettings, StoredPasswords,
};
use tidegate_oauth_types::ResourceMap;
use tidegate_runtime::{OpenError, OpenWorkspace};
use tidegate_sql_guard::{DefinitionKind, DefinitionKinds};
use tidegate_tools::{Features, FixedFeatures, SqlLimits, Workspace};
use tidegate_types::{Clock, WorkspaceSlug};
use tidegate_web::{Names, WorkspaceHosts};
use tokio::runtime::Handle;
use url::Url;

pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// Opens the workspaces that the configuration names, and those that the manager knows besides.
pub(crate) struct KnownWorkspaces {
    manager: Option<Manager>,
    /// What decides features at run time; without it the configuration does.
    features: Option<Arc<dyn Features>>,
    flags: Flags,
    is_alone: bool,
    settings: HashMap<WorkspaceSlug, WorkspaceSettings>,
    /// Where those of the manager were when they were opened.
    opened: Mutex<HashMap<WorkspaceSlug, WorkspaceConnection>>,
    data_dir: PathBuf,
    /// The base of links to the pages of a Superset, where a workspace has none of its own.
    public_url: Option<Url>,
    sql_limits: SqlLimits,
    engines: Arc<Engines>,
    /// What opens databases besides the engines that are built in.
    sources: SourceFactories,
    clock: Arc<dyn Clock>,
    runtime: Handle,
}

impl KnownWorkspaces {
    pub(crate) fn new(
        settings: &Settings,
        manager: Option<Manager>,
        features: Option<Arc<dyn Features>>,
        sources: SourceFactories,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut engines = Engines::builder().sources(sources.clone());
        for workspace in &settings.workspaces {
            engines = with_root(engines, &workspace.metastore);
        }
        let query = &settings.query;
        Self {
            manager,
            features,
            flags: settings.flags,
            is_alone: settings.state.replicas == 1,
            settings: enabled(settings)
                .map(|workspace| (workspace.slug.clone(), workspace.clone()))
                .collect(),
            opened: Mutex::default(),
            data_dir: settings.data_dir.clone(),
            public_url: settings.server.public_url.clone(),
            sql_limits: SqlLimits {
                default_rows: query.default_row_limit,
                max_rows: query.max_row_limit,
                max_seconds: u32::try_from(query.max_timeout.as_secs()).unwrap_or(u32::MAX),
                max_bytes: settings
                    .response_size
                    .as_ref()
                    .map_or(16 << 20, |size| size.max_bytes),
                may_write: false,
                definitions: definitions(&query.allowed_ddl),
                pool: PoolLimits {
                    connections: query.pool_size,
                    checkout_timeout: query.connect_timeout,
                    idle_timeout: query.idle,
                    ..PoolLimits::default()
                },
            },
            engines: Arc::new(engines.build()),
            sources,
            clock,
            runtime: Handle::current(),
        }
    }

    /// A workspace that no configuration names.
    async fn of_manager(&self, slug: &WorkspaceSlug) -> Result<Option<WorkspaceSettings>, Source> {
        let Some(manager) = &self.manager else {
            return Ok(None);
        };
        let slug = slug.clone();
        let Some(known) = manager.call(FindWorkspace { slug: slug.clone() }).await? else {
            return Ok(None);
        };
        let find = FindConnection { slug: slug.clone() };
        let Some(connection) = manager.call(find).await? else {
            return Ok(None);
        };
        self.opened.lock().insert(slug.clone(), connection.clone());
        let metastore = Where::parse(connection.metastore.into(), &slug, &self.data_dir).map_err(
            |_| "its metastore is neither \"embedded\" nor a sqlite:// or postgres:// URL",
        )?;
        if metastore.is_node_local() && !self.is_alone {
            return Err("its metastore is a file, which the other nodes do not have".into());
        }
        let url = |text: Option<String>| text.as_deref().map(Url::parse).transpose();
        Ok(Some(WorkspaceSettings {
            slug,
            metastore,
            metastore_pool_size: 8,
            seed: true,
            hosts: known.hosts,
            public_url: url(known.public_url)?,
            superset_url: url(connection.superset_url)?,
            secret_key: connection.secret_key.map(Into::into),
            allow_dml: true,
            is_enabled: true,
            flags: self.flags,
            named_flags: Flags::default(),
        }))
    }

    /// The metastore of a workspace with a Superset of its own. `None`: we embed the workspace, and make its users ourselves.
    ///
    /// # Errors
    /// There is no such workspace, or its metastore cannot be reached.
    pub(crate) async fn metastore_of_superset(
        &self,
        slug: &WorkspaceSlug,
    ) -> Result<Option<Metastore>, Source> {
        let found;
        let settings = if let Some(settings) = self.settings.get(slug) {
            settings
        } else {
            let of_manager = self.of_manager(slug).await?;
            found = of_manager.ok_or("there is no such workspace")?;
            &found
        };
        if matches!(settings.metastore, Where::Embedded { .. }) {
            return Ok(None);
        }
        self.metastore(settings).await.map(Some)
    }

    async fn metastore(&self, workspace: &WorkspaceSettings) -> Result<Metastore, Source> {
        let settings = metastore_settings(workspace);
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
                let metastore = {
                    // The connections are served by the runtime that built this, which outlives those of callers.
                    let _runtime = self.runtime.enter();
                    Metastore::connect_postgres(url, settings)?
                };
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
impl OpenWorkspace for KnownWorkspaces {
    async fn open(&self, slug: &WorkspaceSlug) -> Result<Option<Workspace>, OpenError> {
        let failed = |source: Source| OpenError {
            slug: slug.clone(),
            reason: public_reason(&*source),
            source,
        };
        let found;
        let (settings, engines) = match self.settings.get(slug) {
            Some(settings) => (settings, Arc::clone(&self.engines)),
            None => match self.of_manager(slug).await.map_err(failed)? {
                Some(settings) => {
                    found = settings;
                    let engines = Engines::builder().sources(self.sources.clone());
                    let engines = with_root(engines, &found.metastore);
                    (&found, Arc::new(engines.build()))
                }
                None => return Ok(None),
            },
        };
        let metastore = self.metastore(settings).await.map_err(failed)?;
        if !settings.metastore.is_node_local() {
            // Nobody waits for it: it only tells the operator.
            let (slug, metastore) = (slug.clone(), metastore.clone());
            self.runtime
                .spawn(async move { check_secret_key(&slug, &metastore).await });
        }
        let url = settings
            .superset_url
            .as_ref()
            .or(settings.public_url.as_ref())
            // A metastore of ours has no Superset beside it that could show its pages.
            .or(self
                .public_url
                .as_ref()
                .filter(|_| !matches!(settings.metastore, Where::Embedded { .. })));
        Ok(Some(Workspace {
            slug: slug.clone(),
            public_url: url.map(|url| url.as_str().trim_end_matches('/').into()),
            metastore,
            engines,
            sql_limits: SqlLimits {
                may_write: settings.allow_dml,
                ..self.sql_limits
            },
            features: self.features.clone().unwrap_or_else(|| {
                let fills_in_templates = settings.flags.is_on(Flag::TemplateProcessing);
                Arc::new(FixedFeatures { fills_in_templates })
            }),
        }))
    }

    async fn is_current(&self, workspace: &Workspace) -> Result<bool, OpenError> {
        let slug = &workspace.slug;
        if self.settings.contains_key(slug) {
            return Ok(true);
        }
        self.is_where_it_was(slug)
            .await
            .map_err(|source| OpenError {
                slug: slug.clone(),
                reason: public_reason(&*source),
                source,
            })
    }
}

/// Why a workspace cannot be opened, without hosts, users and files.
fn public_reason(err: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    match err.downcast_ref::<MetastoreError>() {
        Some(err) => format!("its metastore: {}", err.public_reason()),
        None => "the log says why".to_owned(),
    }
}

/// Tells the operator when the passwords of databases cannot be read, which would else be found out by the first query.
async fn check_secret_key(slug: &WorkspaceSlug, metastore: &Metastore) {
    match metastore.databases().stored_passwords().await {
        Ok(found) => {
            if let Some(problem) = secret_key_problem(slug, &found) {
                tracing::warn!(workspace = %slug, databases = ?found.unreadable, "{problem}");
            }
        }
        Err(err) => tracing::warn!(
            workspace = %slug,
            error = &err as &dyn std::error::Error,
            "the stored passwords of databases could not be looked at"
        ),
    }
}

/// What is wrong with the secret key, as far as stored passwords tell.
pub(crate) fn secret_key_problem(slug: &WorkspaceSlug, found: &StoredPasswords) -> Option<String> {
    let (unreadable, all) = (
        found.unreadable.len(),
        found.readable + found.unreadable.len(),
    );
    match (unreadable, found.has_key) {
        (0, _) => None,
        (_, false) => Some(format!(
            "workspaces.{slug}.secret_key is not set, and {unreadable} databases have an encrypted password: they cannot be queried"
        )),
        (_, true) if found.readable == 0 => Some(format!(
            "workspaces.{slug}.secret_key decrypts none of {all} stored passwords: it is not the SECRET_KEY of this Superset, and these databases cannot be queried"
        )),
        _ => Some(format!(
            "workspaces.{slug}.secret_key decrypts {} of {all} stored passwords: the other databases cannot be queried",
            found.readable
        )),
    }
}

impl KnownWorkspaces {
    /// Whether the manager still has the workspace where it was opened.
    async fn is_where_it_was(&self, slug: &WorkspaceSlug) -> Result<bool, Source> {
        let Some(manager) = &self.manager else {
            return Ok(true);
        };
        let find = FindConnection { slug: slug.clone() };
        let now = manager.call(find).await?;
        let mut opened = self.opened.lock();
        let is_same = now.is_some() && now.as_ref() == opened.get(slug);
        if !is_same {
            opened.remove(slug);
        }
        Ok(is_same)
    }
}

/// How a workspace's metastore is read.
pub(crate) fn metastore_settings(workspace: &WorkspaceSettings) -> MetastoreSettings {
    MetastoreSettings {
        pool: PoolSettings {
            max_connections: workspace.metastore_pool_size,
            ..PoolSettings::default()
        },
        dashboard_roles: workspace.flags.is_on(Flag::DashboardRbac),
        secret_key: workspace.secret_key.clone(),
    }
}

/// A workspace may name SQLite files beside its own metastore, and no others.
fn with_root(engines: EnginesBuilder, metastore: &Where) -> EnginesBuilder {
    match metastore {
        Where::Embedded { folder } => engines.sqlite_root(absolute(folder)),
        Where::Sqlite { path } => match path.parent() {
            Some(folder) => engines.sqlite_root(absolute(folder)),
            None => engines,
        },
        Where::Postgres { .. } => engines,
    }
}

fn absolute(folder: &std::path::Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The workspaces that are served. With a manager those whose service is off are there too, since a rule may turn it on.
pub(crate) fn enabled(settings: &Settings) -> impl Iterator<Item = &WorkspaceSettings> {
    let is_decided_later = settings.manager.is_some();
    settings.workspaces.iter().filter(move |workspace| {
        workspace.is_enabled && (is_decided_later || workspace.flags.is_on(Flag::McpService))
    })
}

/// The names of the configuration's workspaces, and of those that the manager knows besides.
pub(crate) fn names<'w>(
    settings: &'w Settings,
    others: impl IntoIterator<Item = (&'w WorkspaceSlug, &'w [String])>,
    issuer: &Url,
) -> Names {
    let own = enabled(settings).map(|workspace| (&workspace.slug, workspace.hosts.as_slice()));
    let mut by_host = HashMap::new();
    let mut slugs = Vec::new();
    for (slug, hosts) in own.chain(others) {
        for host in hosts {
            // The first one has it: the configuration's.
            by_host
                .entry(host.to_ascii_lowercase())
                .or_insert_with(|| slug.clone());
        }
        slugs.push(slug.clone());
    }
    let default = match &slugs[..] {
        [only] => Some(only.clone()),
        _ => None,
    };
    let resources = ResourceMap::new(issuer, by_host.clone(), default.clone());
    Names {
        resources: resources.with_other_names(other_names(settings, issuer)),
        hosts: WorkspaceHosts { by_host, default },
    }
}

/// What `query.allowed_ddl` lists.
fn definitions(names: &BTreeSet<String>) -> DefinitionKinds {
    let kinds = names.iter().filter_map(|name| DefinitionKind::named(name));
    kinds.collect()
}

/// Names of this machine that lead here as well as the issuer's, where the issuer is the address that is listened on: a
/// client compares the URL that it was given with what the server says of itself.
fn other_names<'s>(
    settings: &'s Settings,
    issuer: &Url,
) -> impl Iterator<Item = &'static str> + use<'s> {
    let is_local = settings.server.public_url.is_none()
        && issuer
            .host_str()
            .is_some_and(|host| LOOPBACK_NAMES.contains(&host));
    LOOPBACK_NAMES
        .into_iter()
        .filter(move |name| is_local && settings.server.allowed_hosts.permits(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_config::QuerySettings;

    #[test]
    fn every_definition_that_a_setting_may_name_is_one_of_the_guard() {
        let names = QuerySettings::DDL.map(str::to_owned);
        assert_eq!(DefinitionKinds::ALL, definitions(&names.into()));
        assert_eq!(
            QuerySettings::DDL,
            DefinitionKind::ALL.map(DefinitionKind::as_str)
        );
    }
}
