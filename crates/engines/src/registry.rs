use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::policy::EvictionPolicy;
use tidegate_database_uri::DatabaseUri;
use tidegate_types::{SecretString, WorkspaceSlug};

use crate::data_source::DataSource;
use crate::source::SourceFactories;
use crate::{PoolLimits, QueryError};

/// An engine that nobody used for so long is forgotten; its connections were closed before.
const UNUSED: Duration = Duration::from_mins(30);

/// A database of a workspace, as its metastore describes it (`dbs`).
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Whose it is.
    pub workspace: WorkspaceSlug,
    /// `dbs.id`.
    pub id: i64,
    /// With the password in it.
    pub sqlalchemy_uri: SecretString,
    /// SQLAlchemy's `connect_args`, from `engine_params` of `dbs.extra`: options that win over the URI's.
    pub connect_args: Vec<(String, SecretString)>,
    /// Superset's `server_cert`: authorities in PEM by which a PostgreSQL server is verified. Where `connect_args`
    /// have no `sslmode`, it must then name its host, whatever the URI says.
    pub server_certificate: Option<String>,
    /// Superset's `allow_dml`.
    pub allow_dml: bool,
    /// How much of it this node uses.
    pub limits: PoolLimits,
}

/// The data sources of all workspaces of this node. Each is made at its first use by the factory of its URI's scheme,
/// remade when its description changes, and forgotten, the longest unused first, when there are too many.
pub struct Engines {
    factories: Arc<SourceFactories>,
    engines: Cache<Key, Arc<dyn DataSource>>,
}

/// Everything that an engine is made of. Another password makes another engine.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    workspace: WorkspaceSlug,
    id: i64,
    /// Of the URI and its arguments: no secret lies in the keys of a cache.
    fingerprint: [u8; 32],
    allow_dml: bool,
    limits: PoolLimits,
}

impl Key {
    fn of(config: &DatabaseConfig) -> Self {
        use aws_lc_rs::digest::{Context, SHA256};
        use tidegate_types::ExposeSecret as _;

        let mut context = Context::new(&SHA256);
        let mut part = |text: &str| {
            context.update(&text.len().to_be_bytes());
            context.update(text.as_bytes());
        };
        part(config.sqlalchemy_uri.expose_secret());
        for (name, value) in &config.connect_args {
            part(name);
            part(value.expose_secret());
        }
        part(config.server_certificate.as_deref().unwrap_or_default());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.finish().as_ref());
        Self {
            workspace: config.workspace.clone(),
            id: config.id,
            fingerprint,
            allow_dml: config.allow_dml,
            limits: config.limits,
        }
    }
}

/// Makes [`Engines`].
#[derive(Debug, Clone)]
pub struct EnginesBuilder {
    factories: SourceFactories,
    sqlite_roots: Vec<PathBuf>,
    capacity: usize,
}

impl EnginesBuilder {
    /// Allows SQLite files in this folder and below. Without any, no SQLite file is opened: who may
    /// write a metastore could otherwise read every file of the machine.
    pub fn sqlite_root(mut self, folder: impl Into<PathBuf>) -> Self {
        self.sqlite_roots.push(folder.into());
        self
    }

    /// Opens databases by these factories, besides those that are built in: SQLite and PostgreSQL.
    pub fn sources(mut self, factories: SourceFactories) -> Self {
        self.factories = factories;
        self
    }

    /// How many engines are kept; 256 if not said.
    pub fn capacity(mut self, engines: usize) -> Self {
        self.capacity = engines.max(1);
        self
    }

    /// The registry, still empty.
    pub fn build(self) -> Engines {
        Engines {
            factories: Arc::new(self.factories.with_built_in(self.sqlite_roots)),
            engines: Cache::builder()
                .max_capacity(self.capacity as u64)
                // Whoever comes new must be kept: an engine that is made for each call connects for each call.
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(UNUSED)
                .build(),
        }
    }
}

impl Engines {
    /// Starts to describe a registry.
    pub fn builder() -> EnginesBuilder {
        EnginesBuilder {
            factories: SourceFactories::default(),
            sqlite_roots: Vec::new(),
            capacity: 256,
        }
    }

    /// The engine of a database. No connection is made yet. Callers that come together for a new one wait for
    /// the one of them that makes it; nobody else does.
    ///
    /// # Errors
    /// `UnsupportedBackend`, `InvalidUri`, `PathNotAllowed`; `Unavailable` for a SQLite file that does
    /// not exist.
    pub async fn get(&self, config: &DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError> {
        let key = Key::of(config);
        if let Some(engine) = self.engines.get(&key).await {
            return Ok(engine);
        }
        let (config, factories) = (config.clone(), self.factories.clone());
        let made = self.engines.try_get_with(key, async move {
            // It asks the file system, which may take its time.
            let made = tokio::task::spawn_blocking(move || factories.open(&config)).await;
            made.map_err(|err| QueryError::Internal(err.to_string()))?
        });
        made.await.map_err(|err| (*err).clone())
    }
}

/// The name of the PostgreSQL database that a connection URI leads to: what SQL calls its catalog. `None` where it does not
/// say, and for others.
pub fn database_name(uri: &SecretString) -> Option<String> {
    match DatabaseUri::parse(uri).ok()? {
        DatabaseUri::PostgreSql(uri) => uri.database,
        DatabaseUri::Sqlite(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFactory;

    fn config(id: i64, uri: &str) -> DatabaseConfig {
        DatabaseConfig {
            workspace: "acme".parse().unwrap(),
            id,
            sqlalchemy_uri: uri.to_owned().into(),
            connect_args: Vec::new(),
            server_certificate: None,
            allow_dml: false,
            limits: PoolLimits::default(),
        }
    }

    /// Opens nothing, and says that it was asked.
    struct Asked;

    impl SourceFactory for Asked {
        fn open(&self, _: &DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError> {
            Err(QueryError::Internal("asked".to_owned()))
        }
    }

    #[tokio::test]
    async fn databases_are_opened_by_the_factory_of_their_scheme() {
        let mut factories = SourceFactories::default();
        factories.insert("MySQL", Arc::new(Asked));
        factories.insert("sqlite", Arc::new(Asked));
        let engines = Engines::builder().sources(factories).build();
        for (uri, is_asked) in [
            ("mysql://h/d", true),
            ("mysql+pymysql://h/d", true),
            ("MYSQL://h/d", true),
            // In place of the one that is built in.
            ("sqlite:////data/a.db", true),
            ("mariadb://h/d", false),
            ("postgresql+psycopg2://h/d", false),
            ("mysql", false),
        ] {
            let opened = engines.get(&config(1, uri)).await;
            let was_asked = matches!(&opened, Err(QueryError::Internal(text)) if text == "asked");
            assert_eq!(is_asked, was_asked, "{uri}");
        }
    }

    #[tokio::test]
    async fn the_longest_unused_engine_is_forgotten_when_there_are_too_many() {
        let engines = Engines::builder().capacity(2).build();
        let config = |id| config(id, "postgresql://127.0.0.1:1/x");
        let mut made = Vec::new();
        for id in 1..=3 {
            made.push(engines.get(&config(id)).await.unwrap());
            engines.engines.run_pending_tasks().await;
        }
        assert_eq!(2, engines.engines.entry_count());
        for (id, is_kept) in [(3, true), (2, true), (1, false)] {
            let again = engines.get(&config(id)).await.unwrap();
            let before = &made[usize::try_from(id).unwrap() - 1];
            assert_eq!(is_kept, Arc::ptr_eq(&again, before), "{id}");
        }
    }

    #[test]
    fn a_connections_catalog_is_its_database_as_it_is_read_everywhere() {
        for (uri, expected) in [
            ("postgresql://u:p@h/my%20db", Some("my db")),
            (
                "postgresql+psycopg2://u:a#b/c:d@h:5432/nasty?sslmode=disable",
                Some("nasty"),
            ),
            ("postgresql://h/?dbname=other", Some("other")),
            ("sqlite:////data/a.db", None),
        ] {
            assert_eq!(expected, database_name(&uri.into()).as_deref(), "{uri}");
        }
    }
}
