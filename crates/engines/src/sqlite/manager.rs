use std::path::PathBuf;
use std::time::Duration;

use bb8::ManageConnection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tidegate_postgres::ConnectFailure as ServerFailure;

use super::authorizer::Allowance;
use crate::fair_semaphore::FairPermit;
use crate::pool::{Generation, Pooled};
use crate::{ConnectFailure, QueryError};

/// How long a statement waits for another process's lock.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// The longest string or blob that a query may make or read. An answer has less; the rest is for those that take
/// a part of a long text.
const VALUE_BYTES: i32 = 8 << 20;
const SQL_BYTES: i32 = 1 << 20;
/// What SQLite may take of this process's memory, all of its connections together. Columns, groups, sorted rows
/// and common tables live there; without a bound one statement takes all that there is. What it caches of files
/// counts, too, and gives way.
pub(super) const HEAP_BYTES: i64 = 24 << 20;

pub(super) struct SqliteConnection {
    pub(super) connection: Connection,
    pub(super) allowance: Allowance,
    generation: u64,
    is_retired: bool,
}

impl Pooled for SqliteConnection {
    fn is_closed(&self) -> bool {
        false
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn retire(&mut self) {
        self.is_retired = true;
    }

    fn keep_while_running(&mut self, permit: FairPermit) -> Option<FairPermit> {
        // A lease stays with its query on the thread where it runs.
        Some(permit)
    }
}

pub(super) struct SqliteManager {
    pub(super) path: PathBuf,
    pub(super) allow_dml: bool,
    pub(super) generation: Generation,
}

impl SqliteManager {
    fn open(path: PathBuf, allow_dml: bool, generation: u64) -> rusqlite::Result<SqliteConnection> {
        let access = if allow_dml {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        } else {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        };
        // The path was resolved when it was checked: a link in it now is an attempt to get around that.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(LOCK_WAIT)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // Otherwise a misspelt "column" is a text, and its answer is wrong without a word.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 5_000),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 16),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        ] {
            connection.set_limit(limit, value)?;
        }
        // It is the process's, and can only be lowered this way: the first connection sets it.
        connection.pragma_update(None, "hard_heap_limit", HEAP_BYTES)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let allowance = Allowance::default();
        let asked = allowance.clone();
        connection.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            asked.authorize(&context)
        }));
        Ok(SqliteConnection {
            connection,
            allowance,
            generation,
            is_retired: false,
        })
    }
}

impl ManageConnection for SqliteManager {
    type Connection = SqliteConnection;
    type Error = QueryError;

    async fn connect(&self) -> Result<SqliteConnection, QueryError> {
        let (path, allow_dml) = (self.path.clone(), self.allow_dml);
        let generation = self.generation.now();
        tokio::task::spawn_blocking(move || Self::open(path, allow_dml, generation))
            .await
            .map_err(|err| QueryError::Internal(err.to_string()))?
            .map_err(|err| QueryError::Unavailable {
                cause: match err.sqlite_error_code() {
                    Some(ErrorCode::OutOfMemory) => {
                        ConnectFailure::Server(ServerFailure::TooManyConnections)
                    }
                    _ => ConnectFailure::File,
                },
                // The library adds the path, which is nobody's business.
                reason: err
                    .sqlite_error_code()
                    .map_or_else(|| "cannot be opened".to_owned(), |code| format!("{code:?}")),
            })
    }

    async fn is_valid(&self, _: &mut SqliteConnection) -> Result<(), QueryError> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut SqliteConnection) -> bool {
        // A write was here, or a transaction could not be ended.
        connection.is_retired || !connection.connection.is_autocommit()
    }
}
