use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sea_query::{Expr, Query};
use tidegate_types::{Clock, SecretString, UserId};

use crate::access::Access;
use crate::instance::Instance;
use crate::log::Logs;
use crate::schema::Generation;
use crate::secret::encrypt;
use crate::user::Users;
use crate::{
    Chart, Dashboard, Database, Dataset, Entity, MetastoreError, Repository, UnitOfWork, schema,
};
use tidegate_database::{Backend, Pool, PoolSettings, row};

/// How long creating all tables may take.
const SCHEMA_DEADLINE: Duration = Duration::from_mins(1);

row! {
    struct RevisionRow {
        version: String = alembic_version.version_num,
    }
}

/// How a metastore is read.
#[derive(Debug, Clone, Default)]
pub struct MetastoreSettings {
    /// Connections and time-outs.
    pub pool: PoolSettings,
    /// Superset's flag `DASHBOARD_RBAC`: the roles of a dashboard decide who sees it.
    pub dashboard_roles: bool,
    /// Superset's `SECRET_KEY`, under which it encrypts the passwords of databases. Without it, databases
    /// whose password is stored cannot be connected to.
    pub secret_key: Option<SecretString>,
}

/// One workspace's users, rights, databases, datasets, charts and dashboards, in Superset's own schema.
/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Metastore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    dashboard_roles: bool,
    secret_key: Option<SecretString>,
    /// Found by [`Metastore::check_revision`].
    generation: OnceLock<Generation>,
}

impl std::fmt::Debug for Metastore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metastore")
            .field("backend", &self.inner.pool.backend())
            .finish_non_exhaustive()
    }
}

impl Metastore {
    fn new(pool: Pool, settings: MetastoreSettings) -> Self {
        Self {
            inner: Arc::new(Inner {
                pool,
                dashboard_roles: settings.dashboard_roles,
                secret_key: settings.secret_key,
                generation: OnceLock::new(),
            }),
        }
    }

    /// Opens the SQLite file at `path`. With `create`, a missing or empty file gets all tables; a file of
    /// another program is left as it is.
    ///
    /// # Errors
    /// `Unsuitable`: the file is another database, or of another revision. `Unavailable`: it cannot be opened.
    pub async fn open_sqlite(
        path: impl AsRef<Path>,
        create: bool,
        settings: MetastoreSettings,
    ) -> Result<Self, MetastoreError> {
        let pool = Pool::sqlite(path.as_ref(), create, settings.pool);
        let metastore = Self::new(pool, settings);
        // The writer goes first: it makes the file and switches it to write-ahead logging.
        metastore
            .inner
            .pool
            .run_script("open the metastore", "PRAGMA user_version;", "")
            .await?;
        if create && metastore.is_empty().await? {
            metastore.create_schema().await?;
        }
        metastore.check_revision().await?;
        Ok(metastore)
    }

    /// Prepares connections to a PostgreSQL metastore. Nothing is sent yet; [`ping`](Self::ping) and
    /// [`check_revision`](Self::check_revision) tell whether it is there and what it is.
    ///
    /// # Errors
    /// `Unsuitable`: the URL does not parse.
    pub fn connect_postgres(
        url: &SecretString,
        settings: MetastoreSettings,
    ) -> Result<Self, MetastoreError> {
        Ok(Self::new(Pool::postgres(url, settings.pool)?, settings))
    }

    /// Whether the metastore is a SQLite file, which only one node may use.
    pub fn is_sqlite(&self) -> bool {
        self.inner.pool.backend() == Backend::Sqlite
    }

    /// Asks for nothing, to see whether the metastore answers. One statement.
    pub async fn ping(&self) -> Result<(), MetastoreError> {
        let statement = Query::select().expr(Expr::val(1)).to_owned();
        self.inner
            .pool
            .fetch("reach the metastore", &statement)
            .await
            .map(drop)
    }

    /// Whether the SQLite file has no table at all.
    async fn is_empty(&self) -> Result<bool, MetastoreError> {
        let tables = Query::select()
            .column("name")
            .from("sqlite_master")
            .limit(1)
            .to_owned();
        Ok(self
            .inner
            .pool
            .fetch_one("look for tables", &tables)
            .await?
            .is_none())
    }

    /// Whether the metastore's tables exist. One statement.
    pub async fn has_schema(&self) -> Result<bool, MetastoreError> {
        let mut statement = Query::select();
        match self.inner.pool.backend() {
            Backend::Sqlite => statement
                .column("name")
                .from("sqlite_master")
                .and_where(Expr::cust("type = 'table' AND name = 'alembic_version'")),
            Backend::Postgres => statement
                .expr(Expr::val(1))
                .and_where(Expr::cust("to_regclass('alembic_version') IS NOT NULL")),
        };
        Ok(self
            .inner
            .pool
            .fetch_one("look for the metastore's tables", &statement)
            .await?
            .is_some())
    }

    /// Refuses a metastore of another revision: its tables may differ in ways that would show the wrong
    /// thing to the wrong person. One statement.
    ///
    /// # Errors
    /// `Unsuitable`: another revision, or no Superset metastore at all.
    pub async fn check_revision(&self) -> Result<(), MetastoreError> {
        let statement = RevisionRow::select(&mut Query::select())
            .from("alembic_version")
            .to_owned();
        let found = match self
            .inner
            .pool
            .read_one::<RevisionRow>("read the metastore's revision", &statement)
            .await
        {
            Ok(row) => row.map(|row| row.version).unwrap_or_default(),
            Err(MetastoreError::Refused { .. }) => {
                return Err(MetastoreError::Unsuitable {
                    reason:
                        "the database holds no Superset metastore (it has no table alembic_version)"
                            .into(),
                });
            }
            Err(err) => return Err(err),
        };
        if let Some(generation) = Generation::of_revision(&found) {
            // Whoever comes second found the same: a database does not change its generation while it is open.
            let _ = self.inner.generation.set(generation);
            return Ok(());
        }
        Err(MetastoreError::Unsuitable {
            reason: format!(
                "the metastore has revision {found:?}, and {} (Superset 6.1) is needed: run `superset db upgrade`",
                schema::REVISION
            ),
        })
    }

    /// Makes all tables in an empty database.
    ///
    /// # Errors
    /// `Refused`: some exist already; nothing is changed then.
    pub async fn create_schema(&self) -> Result<(), MetastoreError> {
        const OPERATION: &str = "create the metastore's tables";
        let script = self
            .inner
            .pool
            .run_script(OPERATION, schema::SQLITE, schema::POSTGRES);
        match tokio::time::timeout(SCHEMA_DEADLINE, script).await {
            Ok(result) => result,
            Err(_) => Err(MetastoreError::Timeout {
                operation: OPERATION,
            }),
        }
    }

    /// Closes all connections after what runs on them. The metastore is of no use afterwards.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }

    /// Users.
    pub fn users(&self) -> Users<'_> {
        Users { metastore: self }
    }

    /// Things of one kind.
    pub fn repository<E: Entity>(&self) -> Repository<'_, E> {
        Repository::new(self)
    }

    /// Charts.
    pub fn charts(&self) -> Repository<'_, Chart> {
        self.repository()
    }

    /// Dashboards.
    pub fn dashboards(&self) -> Repository<'_, Dashboard> {
        self.repository()
    }

    /// Datasets.
    pub fn datasets(&self) -> Repository<'_, Dataset> {
        self.repository()
    }

    /// Databases.
    pub fn databases(&self) -> Repository<'_, Database> {
        self.repository()
    }

    /// Room for what a user changes. Nothing is sent yet.
    pub fn unit_of_work(&self, user: UserId, clock: Arc<dyn Clock>) -> UnitOfWork {
        UnitOfWork::new(self.clone(), user, clock)
    }

    /// The workspace in numbers.
    pub fn instance(&self) -> Instance<'_> {
        Instance { metastore: self }
    }

    /// The log of what was done.
    pub fn logs(&self) -> Logs<'_> {
        Logs { metastore: self }
    }

    /// Encrypts a password for `dbs.password` as Superset does. `None`: the metastore has no secret key,
    /// or the password ends in `*`, which Superset's form cannot keep.
    pub fn encrypt(&self, password: &SecretString) -> Option<Vec<u8>> {
        encrypt(self.secret_key()?, password).ok()
    }

    /// The rights of an active user, read anew: five statements, four of them side by side. `None`:
    /// there is no such user, or they are inactive.
    pub async fn access_of(&self, user: UserId) -> Result<Option<Access>, MetastoreError> {
        match self.users().by_id(user).await? {
            Some(user) => self
                .generation()
                .rights_of(&self.inner.pool, user, self.inner.dashboard_roles)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// The generation that was found; until it is looked for, the one that this version makes.
    pub(crate) fn generation(&self) -> Generation {
        self.inner
            .generation
            .get()
            .copied()
            .unwrap_or(Generation::Owners)
    }

    pub(crate) fn secret_key(&self) -> Option<&SecretString> {
        self.inner.secret_key.as_ref()
    }
}
