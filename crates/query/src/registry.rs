use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tidegate_types::{ExposeSecret, SecretString, WorkspaceSlug};

use crate::engine::Engine;
use crate::postgres::PostgresEngine;
use crate::sqlite::SqliteEngine;
use crate::uri::Location;
use crate::{PoolLimits, QueryError};

/// A database of a workspace, as its metastore describes it (`dbs`).
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Whose it is.
    pub workspace: WorkspaceSlug,
    /// `dbs.id`.
    pub id: i64,
    /// With the password in it.
    pub sqlalchemy_uri: SecretString,
    /// Superset's `allow_dml`.
    pub allow_dml: bool,
    /// How much of it this node uses.
    pub limits: PoolLimits,
}

/// The engines of all workspaces of this node. Each is made at its first use, remade when its
/// description changes, and forgotten, the longest unused first, when there are too many.
pub struct Engines {
    sqlite_roots: Vec<PathBuf>,
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_database: HashMap<(WorkspaceSlug, i64), Entry>,
    uses: u64,
}

struct Entry {
    config: DatabaseConfig,
    engine: Arc<dyn Engine>,
    last_use: u64,
}

impl Entry {
    fn is_for(&self, config: &DatabaseConfig) -> bool {
        self.config.sqlalchemy_uri.expose_secret() == config.sqlalchemy_uri.expose_secret()
            && self.config.allow_dml == config.allow_dml
            && self.config.limits == config.limits
    }
}

/// Makes [`Engines`].
#[derive(Debug, Clone)]
pub struct EnginesBuilder {
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

    /// How many engines are kept; 256 if not said.
    pub fn capacity(mut self, engines: usize) -> Self {
        self.capacity = engines.max(1);
        self
    }

    /// The registry, still empty.
    pub fn build(self) -> Engines {
        Engines {
            sqlite_roots: self.sqlite_roots,
            capacity: self.capacity,
            entries: Mutex::default(),
        }
    }
}

impl Engines {
    /// Starts to describe a registry.
    pub fn builder() -> EnginesBuilder {
        EnginesBuilder {
            sqlite_roots: Vec::new(),
            capacity: 256,
        }
    }

    /// The engine of a database. No connection is made yet. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `UnsupportedBackend`, `InvalidUri`, `PathNotAllowed`; `Unavailable` for a SQLite file that does
    /// not exist.
    pub fn get(&self, config: &DatabaseConfig) -> Result<Arc<dyn Engine>, QueryError> {
        let key = (config.workspace.clone(), config.id);
        // A panic while the lock is held leaves nothing half done.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.uses += 1;
        let now = entries.uses;
        if let Some(entry) = entries.by_database.get_mut(&key)
            && entry.is_for(config)
        {
            entry.last_use = now;
            return Ok(entry.engine.clone());
        }
        let engine = self.connect(config)?;
        if entries.by_database.len() >= self.capacity && !entries.by_database.contains_key(&key) {
            let coldest = entries
                .by_database
                .iter()
                .min_by_key(|(_, entry)| entry.last_use)
                .map(|(key, _)| key.clone());
            // Queries that run on it hold it; its connections close when they are done.
            coldest.map(|key| entries.by_database.remove(&key));
        }
        entries.by_database.insert(
            key,
            Entry {
                config: config.clone(),
                engine: engine.clone(),
                last_use: now,
            },
        );
        Ok(engine)
    }

    fn connect(&self, config: &DatabaseConfig) -> Result<Arc<dyn Engine>, QueryError> {
        Ok(match Location::parse(&config.sqlalchemy_uri)? {
            Location::Sqlite { path } => Arc::new(SqliteEngine::new(
                self.allowed(&path)?,
                config.allow_dml,
                config.limits,
            )),
            Location::PostgreSql(location) => Arc::new(PostgresEngine::new(
                &location,
                config.allow_dml,
                config.limits,
            )?),
        })
    }

    /// The file without links and `..`, when it lies in an allowed folder.
    fn allowed(&self, path: &Path) -> Result<PathBuf, QueryError> {
        let resolved = path.canonicalize().map_err(|err| {
            // Whether a file outside exists is not told.
            if self.could_hold(path) {
                QueryError::Unavailable {
                    reason: err.kind().to_string(),
                }
            } else {
                QueryError::PathNotAllowed
            }
        })?;
        let is_allowed = self
            .sqlite_roots
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .any(|root| resolved.starts_with(root));
        if is_allowed {
            Ok(resolved)
        } else {
            Err(QueryError::PathNotAllowed)
        }
    }

    fn could_hold(&self, path: &Path) -> bool {
        !path
            .components()
            .any(|part| part == std::path::Component::ParentDir)
            && self.sqlite_roots.iter().any(|root| path.starts_with(root))
    }
}
