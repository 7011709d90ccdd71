use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use sea_query::{
    DeleteStatement, InsertStatement, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder,
    UpdateStatement, Value, Values,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlitePool};
use tidegate_types::SecretString;
use tokio::sync::OnceCell;

use crate::bind::PostgresValues;
use crate::postgres::PostgresPool;
use crate::transaction::{Transaction, TransactionKind, in_time};
use crate::{DatabaseError, FromRow, Row, bind, read_rows, sqlite};

/// Sizes and time-outs of the connections to one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Connections at the most. SQLite: those that read; one more writes.
    pub max_connections: u32,
    /// How long a call waits for a connection.
    pub acquire_timeout: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
    /// How long an unused connection stays open (PostgreSQL).
    pub idle_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(5),
        }
    }
}

/// Which kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// The connections to one database.
pub struct Pool {
    kind: PoolKind,
    statement_timeout: Duration,
}

enum PoolKind {
    /// SQLite has one writer; giving it a connection of its own makes writers queue here, where
    /// they have a deadline, rather than in SQLite's busy handler.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
        /// Whether the file was opened, by either.
        is_open: OnceCell<()>,
    },
    Postgres(PostgresPool),
}

/// A statement that sea-query can build for either backend.
pub trait Statement: Sync {
    /// As SQLite reads it.
    fn for_sqlite(&self) -> (String, Values);
    /// As PostgreSQL reads it.
    fn for_postgres(&self) -> (String, Values);
}

/// One statement of a transaction.
pub struct Step<'a> {
    /// What it does.
    pub statement: &'a dyn Statement,
    /// Whether the transaction is undone when it changes no row.
    pub must_change: bool,
}

macro_rules! statement {
    ($($name:ty),*) => {$(
        impl Statement for $name {
            fn for_sqlite(&self) -> (String, Values) {
                with_literal_limit(self.build(SqliteQueryBuilder))
            }
            fn for_postgres(&self) -> (String, Values) {
                self.build(PostgresQueryBuilder)
            }
        }
    )*};
}
statement!(
    SelectStatement,
    InsertStatement,
    UpdateStatement,
    DeleteStatement
);

/// Writes the number of `LIMIT ? OFFSET ?` at the end into the SQL. SQLite plans for the value of a bound limit:
/// sqlx clears the values after each run, and SQLite then compiles the whole statement again.
fn with_literal_limit((mut sql, mut values): (String, Values)) -> (String, Values) {
    const END: &str = " LIMIT ? OFFSET ?";
    let at = values.0.len().wrapping_sub(2);
    if sql.ends_with(END)
        && let Some(Value::BigUnsigned(Some(limit))) = values.0.get(at)
    {
        sql.truncate(sql.len() - END.len());
        // Writing to a string does not fail.
        let _ = write!(sql, " LIMIT {limit} OFFSET ?");
        values.0.remove(at);
    }
    (sql, values)
}

/// The SQL is built by sea-query from identifiers that are constants of our crates; every value is bound.
pub(crate) fn safe(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}

impl Pool {
    /// Opens the SQLite file at `path`. Lazily: the first statement connects.
    pub fn sqlite(path: &Path, create: bool, settings: PoolSettings) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(false); // As Superset runs it: its own deletes rely on that.
        Self::sqlite_with(options, settings)
    }

    /// Opens the SQLite file at `path`, made when it is not there, whose tables are ours: references between them are
    /// held, and what was committed survives a loss of power. Lazily: the first statement connects.
    pub fn sqlite_owned(path: &Path, settings: PoolSettings) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            // In WAL mode `NORMAL` may lose the last commits, a revocation among them.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        Self::sqlite_with(options, settings)
    }

    fn sqlite_with(options: SqliteConnectOptions, settings: PoolSettings) -> Self {
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(settings.acquire_timeout)
            .statement_cache_capacity(256)
            // Calls have spans of their own; sqlx would shape a log event for each statement.
            .disable_statement_logging();
        let pool = |size: u32| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(settings.acquire_timeout)
                // A file does not hang up, and the test would cost a hop to the connection's thread.
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        Self {
            kind: PoolKind::Sqlite {
                readers: pool(settings.max_connections).connect_lazy_with(
                    options
                        .clone()
                        .create_if_missing(false)
                        .pragma("query_only", "1")
                        .pragma("mmap_size", "268435456"),
                ),
                writer: pool(1).connect_lazy_with(options),
                is_open: OnceCell::new(),
            },
            statement_timeout: settings.statement_timeout,
        }
    }

    /// Prepares connections to the PostgreSQL database at `url`, which may be reached through a pooler such as PgBouncer
    /// in any of its modes. Lazily: the first statement connects. They are served by the runtime that this runs on.
    ///
    /// # Errors
    /// `Unsuitable`: the URL cannot be used. The reason does not show it.
    pub fn postgres(url: &SecretString, settings: PoolSettings) -> Result<Self, DatabaseError> {
        Ok(Self {
            kind: PoolKind::Postgres(PostgresPool::new(url, settings)?),
            statement_timeout: settings.statement_timeout,
        })
    }

    /// Which kind of database it is.
    pub fn backend(&self) -> Backend {
        match self.kind {
            PoolKind::Sqlite { .. } => Backend::Sqlite,
            PoolKind::Postgres(_) => Backend::Postgres,
        }
    }

    /// SQLite: opens the file, unless it is open.
    async fn open(
        &self,
        operation: &'static str,
        pool: &SqlitePool,
        is_open: &OnceCell<()>,
    ) -> Result<(), DatabaseError> {
        if is_open.initialized() {
            return Ok(());
        }
        // Boxed, as hardly any call comes here and each would carry it.
        let opened = Box::pin(is_open.get_or_try_init(|| sqlite::open(pool)));
        self.in_time(operation, opened).await.map(drop)
    }

    async fn in_time<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, DatabaseError> {
        in_time(self.statement_timeout, operation, work).await
    }

    /// Begins a transaction that reads, decides and changes. Dropping it undoes what it did. SQLite: it waits for the
    /// one writer here, and other processes' writers wait for it. PostgreSQL: read committed; whoever decides by a row
    /// selects it with a lock.
    pub async fn begin(&self, operation: &'static str) -> Result<Transaction, DatabaseError> {
        let kind = match &self.kind {
            PoolKind::Sqlite {
                writer, is_open, ..
            } => {
                self.open(operation, writer, is_open).await?;
                let begin = writer.begin_with("BEGIN IMMEDIATE");
                TransactionKind::Sqlite(self.in_time(operation, begin).await?)
            }
            PoolKind::Postgres(pool) => {
                TransactionKind::Postgres(Box::new(Box::pin(pool.begin(operation)).await?))
            }
        };
        Ok(Transaction::new(kind, operation, self.statement_timeout))
    }

    /// Runs a reading statement. It may be sent twice, when the connection turns out to be gone.
    pub async fn fetch(
        &self,
        operation: &'static str,
        statement: &SelectStatement,
    ) -> Result<Vec<Row>, DatabaseError> {
        match &self.kind {
            PoolKind::Sqlite {
                readers, is_open, ..
            } => {
                let (sql, values) = statement.for_sqlite();
                let query = sqlx::query_with(safe(sql), bind::sqlite(operation, values)?);
                self.open(operation, readers, is_open).await?;
                let rows = self.in_time(operation, query.fetch_all(readers)).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            PoolKind::Postgres(pool) => {
                let (sql, values) = statement.for_postgres();
                let values = PostgresValues::of(operation, values)?;
                // Where a connection may be made the future is large: every caller would carry it.
                let rows = Box::pin(pool.fetch(operation, &sql, &values.bound())).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a reading statement that gives one row at the most.
    pub async fn fetch_one(
        &self,
        operation: &'static str,
        statement: &SelectStatement,
    ) -> Result<Option<Row>, DatabaseError> {
        Ok(self.fetch(operation, statement).await?.into_iter().next())
    }

    /// Runs a reading statement, and reads its rows by name.
    ///
    /// # Errors
    /// `Corrupt` names the table, the column and the row of what cannot be read.
    pub async fn read<T: FromRow>(
        &self,
        operation: &'static str,
        statement: &SelectStatement,
    ) -> Result<Vec<T>, DatabaseError> {
        read_rows(operation, &self.fetch(operation, statement).await?)
    }

    /// Runs a reading statement that gives one row at the most, and reads it by name.
    pub async fn read_one<T: FromRow>(
        &self,
        operation: &'static str,
        statement: &SelectStatement,
    ) -> Result<Option<T>, DatabaseError> {
        Ok(self.read(operation, statement).await?.into_iter().next())
    }

    /// Runs a changing statement. Returns how many rows it changed.
    pub async fn execute(
        &self,
        operation: &'static str,
        statement: &impl Statement,
    ) -> Result<u64, DatabaseError> {
        match &self.kind {
            PoolKind::Sqlite {
                writer, is_open, ..
            } => {
                let (sql, values) = statement.for_sqlite();
                let query = sqlx::query_with(safe(sql), bind::sqlite(operation, values)?);
                self.open(operation, writer, is_open).await?;
                Ok(self
                    .in_time(operation, query.execute(writer))
                    .await?
                    .rows_affected())
            }
            PoolKind::Postgres(pool) => {
                let (sql, values) = statement.for_postgres();
                let values = PostgresValues::of(operation, values)?;
                Box::pin(pool.execute(operation, &sql, &values.bound())).await
            }
        }
    }

    /// Runs changing statements in one transaction: all of them, or none. When a step that must change a row
    /// changes none, everything is undone and `None` is returned; else how many rows each step changed.
    pub async fn execute_all(
        &self,
        operation: &'static str,
        steps: &[Step<'_>],
    ) -> Result<Option<Vec<u64>>, DatabaseError> {
        let mut transaction = self.begin(operation).await?;
        let mut changed = Vec::with_capacity(steps.len());
        for step in steps {
            let rows = transaction.execute_dyn(step.statement).await?;
            if step.must_change && rows == 0 {
                return Ok(None);
            }
            changed.push(rows);
        }
        transaction.commit().await?;
        Ok(Some(changed))
    }

    /// Runs a script of this crate. Its time-out is the caller's business.
    pub async fn run_script(
        &self,
        operation: &'static str,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Result<(), DatabaseError> {
        match &self.kind {
            PoolKind::Sqlite {
                writer, is_open, ..
            } => {
                self.open(operation, writer, is_open).await?;
                let done = sqlx::raw_sql(sqlite).execute(writer).await;
                done.map(drop)
                    .map_err(|err| DatabaseError::from_sqlx(operation, err))
            }
            PoolKind::Postgres(pool) => Box::pin(pool.run_script(operation, postgres)).await,
        }
    }

    /// Closes all connections, after what runs on them.
    pub async fn close(&self) {
        match &self.kind {
            PoolKind::Sqlite {
                readers, writer, ..
            } => {
                readers.close().await;
                // Last, so that it is the one that folds the log into the file.
                writer.close().await;
            }
            PoolKind::Postgres(pool) => pool.close(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_query::Query;

    use super::*;

    #[test]
    fn sqlite_gets_the_limit_as_a_number_and_everything_else_bound() {
        let page = Query::select()
            .column("id")
            .from("slices")
            .and_where(sea_query::ExprTrait::eq(
                sea_query::Expr::col("slice_name"),
                "LIMIT ? OFFSET ?",
            ))
            .limit(10)
            .offset(20)
            .to_owned();
        let (sql, values) = page.for_sqlite();
        assert!(
            sql.ends_with(r#""slice_name" = ? LIMIT 10 OFFSET ?"#),
            "{sql}"
        );
        assert_eq!(2, values.0.len());
        assert!(page.for_postgres().0.ends_with("LIMIT $2 OFFSET $3"));

        let unpaged = Query::select().column("id").from("slices").to_owned();
        assert_eq!(r#"SELECT "id" FROM "slices""#, unpaged.for_sqlite().0);
    }
}
