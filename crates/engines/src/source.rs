//! Where data sources come from: a factory for each kind of database, by the scheme of its URI.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_database_uri::{DatabaseUri, TlsMode, UriError, backend};
use tidegate_types::ExposeSecret as _;

use crate::data_source::DataSource;
use crate::postgres::PostgresEngine;
use crate::sqlite::SqliteEngine;
use crate::{ConnectFailure, DatabaseConfig, QueryError};

/// Opens the databases of one kind.
pub trait SourceFactory: Send + Sync {
    /// Makes the data source of a database. It connects when it is used, not before. Runs on a thread that may block,
    /// since it may have to read files.
    ///
    /// # Errors
    /// `InvalidUri`, `PathNotAllowed`; `Unavailable` for a file that does not exist.
    fn open(&self, config: &DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError>;
}

/// Factories by the scheme of the URIs that they open.
#[derive(Clone, Default)]
pub struct SourceFactories(BTreeMap<String, Arc<dyn SourceFactory>>);

impl SourceFactories {
    /// Opens databases whose URI begins with `scheme` (`mysql` of `mysql+pymysql://…`) by this factory, instead of
    /// another one if there is one.
    pub fn insert(&mut self, scheme: &str, factory: Arc<dyn SourceFactory>) {
        self.0.insert(scheme.to_ascii_lowercase(), factory);
    }

    /// Adds the databases that are built in, where no factory of one's own opens them.
    pub(crate) fn with_built_in(mut self, sqlite_roots: Vec<PathBuf>) -> Self {
        let mut add = |scheme: &str, factory: Arc<dyn SourceFactory>| {
            self.0.entry(scheme.to_owned()).or_insert(factory);
        };
        add(
            "sqlite",
            Arc::new(SqliteFactory {
                roots: sqlite_roots,
            }),
        );
        add("postgresql", Arc::new(PostgresFactory));
        add("postgres", Arc::new(PostgresFactory));
        self
    }

    /// Opens a database by the factory of its scheme.
    pub(crate) fn open(&self, config: &DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError> {
        let backend = backend(&config.sqlalchemy_uri)?;
        match self.0.get(&backend) {
            Some(factory) => factory.open(config),
            None => Err(UriError::unknown(&backend).into()),
        }
    }
}

impl fmt::Debug for SourceFactories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Opens SQLite files in these folders.
struct SqliteFactory {
    roots: Vec<PathBuf>,
}

impl SourceFactory for SqliteFactory {
    fn open(&self, config: &DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError> {
        let DatabaseUri::Sqlite(uri) = parse(config)? else {
            return Err(other_kind());
        };
        warn_of(&uri.ignored, config);
        let path = allowed(&self.roots, &uri.path)?;
        let allow_dml = config.allow_dml && !uri.is_read_only;
        Ok(Arc::new(SqliteEngine::new(path, allow_dml, config.limits)))
    }
}

struct PostgresFactory;

impl SourceFactory for PostgresFactory {
    fn open(&self, config: &DatabaseConfig) -> Result<Arc<dyn DataSource>, QueryError> {
        let DatabaseUri::PostgreSql(mut uri) = parse(config)? else {
            return Err(other_kind());
        };
        warn_of(&uri.ignored, config);
        if let Some(pem) = &config.server_certificate {
            if !config
                .connect_args
                .iter()
                .any(|(name, _)| name == "sslmode")
            {
                uri.tls.mode = TlsMode::VerifyFull;
            }
            uri.tls.root_pem = Some(pem.clone());
        }
        let engine = PostgresEngine::new(*uri, config.allow_dml, config.limits)?;
        Ok(Arc::new(engine))
    }
}

fn other_kind() -> QueryError {
    QueryError::Internal("a URI of another kind of database".to_owned())
}

fn parse(config: &DatabaseConfig) -> Result<DatabaseUri, UriError> {
    let arguments: Vec<_> = config
        .connect_args
        .iter()
        .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
        .collect();
    DatabaseUri::parse_with(&config.sqlalchemy_uri, &arguments)
}

fn warn_of(ignored: &[String], config: &DatabaseConfig) {
    if ignored.is_empty() {
        return;
    }
    tracing::warn!(
        workspace = %config.workspace,
        database = config.id,
        options = ?ignored,
        "options of a database's connection mean nothing here and are passed over",
    );
}

impl From<UriError> for QueryError {
    fn from(err: UriError) -> Self {
        match err {
            UriError::Backend { backend } => Self::UnsupportedBackend { backend },
            UriError::Invalid { reason } => Self::InvalidUri { reason },
        }
    }
}

/// The file without links and `..`, when it lies in an allowed folder.
fn allowed(roots: &[PathBuf], path: &Path) -> Result<PathBuf, QueryError> {
    let resolved = path.canonicalize().map_err(|err| {
        // Whether a file outside exists is not told.
        if could_hold(roots, path) {
            QueryError::Unavailable {
                cause: ConnectFailure::File,
                reason: err.kind().to_string(),
            }
        } else {
            QueryError::PathNotAllowed
        }
    })?;
    let is_allowed = roots
        .iter()
        .filter_map(|root| root.canonicalize().ok())
        .any(|root| resolved.starts_with(root));
    if is_allowed {
        Ok(resolved)
    } else {
        Err(QueryError::PathNotAllowed)
    }
}

fn could_hold(roots: &[PathBuf], path: &Path) -> bool {
    !path
        .components()
        .any(|part| part == std::path::Component::ParentDir)
        && roots.iter().any(|root| path.starts_with(root))
}
