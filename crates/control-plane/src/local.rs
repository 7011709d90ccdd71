use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use tidegate_database::{Pool, PoolSettings, row};
use tidegate_types::{Clock, SecretString};

use crate::sealing::{self, Sealer};
use crate::{ManagerError, UnixSecs, migration};

/// Where the manager's database is, and what seals secrets in it.
#[derive(Debug, Clone)]
pub enum LocalSettings {
    /// A SQLite file, made when it is not there. Its sealing key is drawn once and kept beside it (`<file>.key`,
    /// readable by its owner alone) unless `secret` is given.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// At least 32 characters.
        secret: Option<SecretString>,
    },
    /// A PostgreSQL database, shared by all nodes.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: SecretString,
        /// At least 32 characters, the same on every node.
        secret: SecretString,
    },
}

/// The manager on a database.
pub struct LocalManager {
    pub(crate) pool: Pool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealer: Sealer,
}

/// The statements are short, and people and tokens wait for them: a server that hangs is given up sooner than a metastore.
const POSTGRES: PoolSettings = PoolSettings {
    max_connections: 8,
    acquire_timeout: Duration::from_secs(3),
    statement_timeout: Duration::from_secs(4),
    idle_timeout: Duration::from_mins(5),
};

/// What is sealed into a new database, so that another secret is noticed when the database is opened and not when
/// the first key is needed.
const SEALING_MARK: &str = "marks.value:sealing";

impl LocalManager {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// `Invalid`: the secret is too short or not the database's. `Unavailable`. `Internal` when the database is not a
    /// manager's, or of a newer version.
    pub async fn open(
        settings: LocalSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ManagerError> {
        let (pool, sealer) = match settings {
            LocalSettings::Sqlite { path, secret } => {
                keep_private(&path)?;
                let secret = match secret {
                    Some(secret) => secret,
                    None => sealing::secret_beside(&path)?,
                };
                let pool = Pool::sqlite_owned(&path, PoolSettings::default());
                (pool, Sealer::new(&secret)?)
            }
            LocalSettings::Postgres { url, secret } => {
                let sealer = Sealer::new(&secret)?;
                (Pool::postgres(&url, POSTGRES)?, sealer)
            }
        };
        let manager = Self {
            pool,
            clock,
            sealer,
        };
        migration::migrate(&manager.pool, manager.now()).await?;
        manager.check_secret().await?;
        Ok(manager)
    }

    /// Looks whether the database can be used, and changes nothing in it. Whether it holds a manager already; if not, the
    /// first start makes one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn look(
        settings: LocalSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<bool, ManagerError> {
        let (pool, secret) = match settings {
            LocalSettings::Sqlite { path, secret } => {
                if !path.exists() {
                    return Ok(false);
                }
                (Pool::sqlite(&path, false, PoolSettings::default()), secret)
            }
            LocalSettings::Postgres { url, secret } => {
                (Pool::postgres(&url, POSTGRES)?, Some(secret))
            }
        };
        let exists = migration::look(&pool).await?.is_some();
        if let (Some(secret), true) = (secret, exists) {
            let sealer = Sealer::new(&secret)?;
            let manager = Self {
                pool,
                clock,
                sealer,
            };
            manager.check_mark().await?;
        }
        Ok(exists)
    }

    /// Opens the database of a manager that is there, makes nothing and changes no tables: for commands beside the nodes. `None`:
    /// there is no manager.
    ///
    /// # Errors
    /// As [`Self::open`]; `Internal` also when the tables are of an older version, which a node brings up to date.
    pub async fn open_existing(
        settings: LocalSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, ManagerError> {
        let pool = match &settings {
            LocalSettings::Sqlite { path, .. } if !path.exists() => return Ok(None),
            LocalSettings::Sqlite { path, .. } => Pool::sqlite_owned(path, PoolSettings::default()),
            LocalSettings::Postgres { url, .. } => Pool::postgres(url, POSTGRES)?,
        };
        if !migration::check(&pool).await? {
            pool.close().await;
            return Ok(None);
        }
        let secret = match settings {
            LocalSettings::Sqlite { path, secret: None } => sealing::existing_secret_beside(&path)?,
            LocalSettings::Sqlite {
                secret: Some(secret),
                ..
            }
            | LocalSettings::Postgres { secret, .. } => secret,
        };
        let manager = Self {
            pool,
            clock,
            sealer: Sealer::new(&secret)?,
        };
        manager.check_secret().await?;
        Ok(Some(manager))
    }

    /// Ends all connections, after what runs on them.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The time, as it is stored.
    pub(crate) fn now(&self) -> UnixSecs {
        self.clock.unix_secs()
    }

    async fn check_secret(&self) -> Result<(), ManagerError> {
        let mark = Query::insert()
            .into_table("marks")
            .columns(["name", "value"])
            .values_panic([
                "sealing".into(),
                self.sealer.seal(SEALING_MARK, b"")?.into(),
            ])
            .on_conflict(OnConflict::column("name").do_nothing().to_owned())
            .to_owned();
        self.pool.execute("mark the secret", &mark).await?;
        self.check_mark().await
    }

    /// Whether the secret opens what was sealed when the database was made.
    async fn check_mark(&self) -> Result<(), ManagerError> {
        let mark = MarkRow::select(&mut Query::select())
            .from("marks")
            .and_where(Expr::col("name").eq("sealing"))
            .to_owned();
        let row: Option<MarkRow> = self.pool.read_one("check the secret", &mark).await?;
        let sealed = row.map(|row| row.value).unwrap_or_default();
        self.sealer
            .open(SEALING_MARK, &sealed)
            .map(drop)
            .map_err(|_| {
                ManagerError::Invalid(
                    "the manager's secret is not the one that its database was made with: give that one \
                     (for SQLite without a secret it is in the file <database>.key)"
                        .to_owned(),
                )
            })
    }
}

row! {
    struct MarkRow {
        value: Vec<u8> = marks.value,
    }
}

/// Makes the file for its owner alone before SQLite makes it for everybody: it holds hashes of passwords.
fn keep_private(path: &Path) -> Result<(), ManagerError> {
    match sealing::create_private(path) {
        Ok(_) => Ok(()),
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(err) => Err(ManagerError::Internal(Box::new(io::Error::new(
            err.kind(),
            format!(
                "the manager's database {} cannot be made: {err}",
                path.display()
            ),
        )))),
    }
}
