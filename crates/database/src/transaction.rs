use std::time::Duration;

use sqlx::Sqlite;

use crate::bind::PostgresValues;
use crate::pool::safe;
use crate::postgres::PostgresTransaction;
use crate::{Backend, DatabaseError, FromRow, Row, Statement, bind, read_rows};

/// Statements that happen together or not at all. Dropping it undoes what it did.
pub struct Transaction {
    kind: TransactionKind,
    operation: &'static str,
    statement_timeout: Duration,
    /// Whether a statement failed. PostgreSQL then takes `COMMIT` for `ROLLBACK` without a word, and SQLite would keep
    /// the others.
    has_failed: bool,
}

pub(crate) enum TransactionKind {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(Box<PostgresTransaction>),
}

pub(crate) async fn in_time<T>(
    deadline: Duration,
    operation: &'static str,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DatabaseError> {
    match tokio::time::timeout(deadline, work).await {
        Ok(result) => result.map_err(|err| DatabaseError::from_sqlx(operation, err)),
        Err(_) => Err(DatabaseError::Timeout { operation }),
    }
}

impl Transaction {
    pub(crate) fn new(
        kind: TransactionKind,
        operation: &'static str,
        statement_timeout: Duration,
    ) -> Self {
        Self {
            kind,
            operation,
            statement_timeout,
            has_failed: false,
        }
    }

    /// Which kind of database it is on.
    pub fn backend(&self) -> Backend {
        match self.kind {
            TransactionKind::Sqlite(_) => Backend::Sqlite,
            TransactionKind::Postgres(_) => Backend::Postgres,
        }
    }

    /// Sets how long each further statement may take, here; PostgreSQL has a limit of its own.
    pub fn set_statement_timeout(&mut self, timeout: Duration) {
        self.statement_timeout = timeout;
    }

    /// Runs a statement that gives rows: a selection, or a change that returns some.
    pub async fn fetch(&mut self, statement: &impl Statement) -> Result<Vec<Row>, DatabaseError> {
        let had_failed = std::mem::replace(&mut self.has_failed, true);
        let rows = self.fetch_rows(statement).await?;
        self.has_failed = had_failed;
        Ok(rows)
    }

    async fn fetch_rows(&mut self, statement: &impl Statement) -> Result<Vec<Row>, DatabaseError> {
        let (operation, deadline) = (self.operation, self.statement_timeout);
        match &mut self.kind {
            TransactionKind::Sqlite(transaction) => {
                let (sql, values) = statement.for_sqlite();
                let query = sqlx::query_with(safe(sql), bind::sqlite(operation, values)?);
                let rows =
                    in_time(deadline, operation, query.fetch_all(&mut **transaction)).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            TransactionKind::Postgres(transaction) => {
                let (sql, values) = statement.for_postgres();
                let values = PostgresValues::of(operation, values)?;
                let rows = transaction
                    .fetch(operation, deadline, &sql, &values.bound())
                    .await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a statement that gives one row at the most.
    pub async fn fetch_one(
        &mut self,
        statement: &impl Statement,
    ) -> Result<Option<Row>, DatabaseError> {
        Ok(self.fetch(statement).await?.into_iter().next())
    }

    /// Runs a statement that gives rows, and reads them by name.
    ///
    /// # Errors
    /// `Corrupt` names the table, the column and the row of what cannot be read.
    pub async fn read<T: FromRow>(
        &mut self,
        statement: &impl Statement,
    ) -> Result<Vec<T>, DatabaseError> {
        read_rows(self.operation, &self.fetch(statement).await?)
    }

    /// Runs a statement that gives one row at the most, and reads it by name.
    pub async fn read_one<T: FromRow>(
        &mut self,
        statement: &impl Statement,
    ) -> Result<Option<T>, DatabaseError> {
        Ok(self.read(statement).await?.into_iter().next())
    }

    /// Runs a changing statement. Returns how many rows it changed.
    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64, DatabaseError> {
        self.execute_dyn(statement).await
    }

    pub(crate) async fn execute_dyn(
        &mut self,
        statement: &dyn Statement,
    ) -> Result<u64, DatabaseError> {
        let had_failed = std::mem::replace(&mut self.has_failed, true);
        let changed = self.change(statement).await?;
        self.has_failed = had_failed;
        Ok(changed)
    }

    async fn change(&mut self, statement: &dyn Statement) -> Result<u64, DatabaseError> {
        let (operation, deadline) = (self.operation, self.statement_timeout);
        match &mut self.kind {
            TransactionKind::Sqlite(transaction) => {
                let (sql, values) = statement.for_sqlite();
                let query = sqlx::query_with(safe(sql), bind::sqlite(operation, values)?);
                let done = in_time(deadline, operation, query.execute(&mut **transaction)).await?;
                Ok(done.rows_affected())
            }
            TransactionKind::Postgres(transaction) => {
                let (sql, values) = statement.for_postgres();
                let values = PostgresValues::of(operation, values)?;
                transaction
                    .execute(operation, deadline, &sql, &values.bound())
                    .await
            }
        }
    }

    /// Runs SQL without values that is a constant of the caller's: one script for each backend.
    pub async fn run_script(
        &mut self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Result<(), DatabaseError> {
        let (operation, deadline) = (self.operation, self.statement_timeout);
        let had_failed = std::mem::replace(&mut self.has_failed, true);
        match &mut self.kind {
            TransactionKind::Sqlite(transaction) => {
                let script = sqlx::raw_sql(sqlite).execute(&mut **transaction);
                in_time(deadline, operation, script).await.map(drop)
            }
            TransactionKind::Postgres(transaction) => {
                transaction.run_script(operation, deadline, postgres).await
            }
        }?;
        self.has_failed = had_failed;
        Ok(())
    }

    /// Makes it lasting. After a time-out or an interruption it may or may not have happened.
    ///
    /// # Errors
    /// `Unavailable`: a statement of it failed or was given up; nothing of the transaction happened.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        let (operation, deadline) = (self.operation, self.statement_timeout);
        if self.has_failed {
            return Err(DatabaseError::Unavailable {
                operation,
                source: "a statement of the transaction failed before, so it was undone".into(),
            });
        }
        match self.kind {
            TransactionKind::Sqlite(transaction) => {
                match in_time(deadline, operation, transaction.commit()).await {
                    // The file could not be read or written just then: the next who opens it finds out.
                    Err(DatabaseError::Unavailable { operation, source }) => {
                        Err(DatabaseError::Interrupted { operation, source })
                    }
                    result => result,
                }
            }
            TransactionKind::Postgres(transaction) => transaction.commit(operation, deadline).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};

    use crate::{DatabaseError, Pool, PoolSettings, row};

    row! {
        struct Parent {
            id: i64 = parents.id,
        }
    }

    const SCHEMA: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT; \
                          CREATE TABLE children (id INTEGER PRIMARY KEY, \
                          parent INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE) STRICT;";

    /// One test waits for its time-out; the others must not meet it on a busy machine.
    async fn pool(folder: &Path) -> Pool {
        let settings = PoolSettings {
            acquire_timeout: std::time::Duration::from_secs(2),
            ..PoolSettings::default()
        };
        let pool = Pool::sqlite_owned(&folder.join("ours.sqlite"), settings);
        pool.run_script("make tables", SCHEMA, "").await.unwrap();
        pool
    }

    fn insert(id: i64) -> sea_query::InsertStatement {
        Query::insert()
            .into_table("parents")
            .columns(["id"])
            .values_panic([id.into()])
            .to_owned()
    }

    fn ids() -> SelectStatement {
        Parent::select(&mut Query::select())
            .from("parents")
            .to_owned()
    }

    async fn count(pool: &Pool) -> usize {
        pool.fetch("count", &ids()).await.unwrap().len()
    }

    #[tokio::test]
    async fn what_is_not_committed_did_not_happen() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path()).await;
        let mut transaction = pool.begin("insert").await.unwrap();
        assert_eq!(1, transaction.execute(&insert(1)).await.unwrap());
        assert_eq!(1, transaction.fetch(&ids()).await.unwrap().len());
        assert_eq!(0, count(&pool).await, "others do not see it yet");
        drop(transaction);
        let mut transaction = pool.begin("insert").await.unwrap();
        assert!(transaction.fetch_one(&ids()).await.unwrap().is_none());
        transaction.execute(&insert(2)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(1, count(&pool).await);
    }

    #[tokio::test]
    async fn another_writer_waits_for_a_transaction_that_only_read_so_far() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (pool(folder.path()).await, {
            let settings = PoolSettings {
                acquire_timeout: std::time::Duration::from_millis(50),
                ..PoolSettings::default()
            };
            Pool::sqlite_owned(&folder.path().join("ours.sqlite"), settings)
        });
        let mut deciding = one.begin("decide").await.unwrap();
        assert!(deciding.fetch_one(&ids()).await.unwrap().is_none());
        // Of this process: it queues for the writer. Of another: SQLite makes it wait.
        let same = one.begin("write").await.err().unwrap();
        assert!(
            matches!(same, DatabaseError::Unavailable { .. }),
            "{same:?}"
        );
        let foreign = other.execute("write", &insert(1)).await.unwrap_err();
        assert!(
            matches!(foreign, DatabaseError::Timeout { .. }),
            "{foreign:?}"
        );
        deciding.execute(&insert(1)).await.unwrap();
        deciding.commit().await.unwrap();
        assert_eq!(1, other.execute("write", &insert(2)).await.unwrap());
    }

    #[tokio::test]
    async fn a_file_of_ours_holds_references() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path()).await;
        let child = |parent: i64| {
            Query::insert()
                .into_table("children")
                .columns(["id", "parent"])
                .values_panic([1.into(), parent.into()])
                .to_owned()
        };
        let err = pool.execute("insert", &child(7)).await.unwrap_err();
        assert!(matches!(err, DatabaseError::Conflict { .. }), "{err:?}");
        pool.execute("insert", &insert(7)).await.unwrap();
        pool.execute("insert", &child(7)).await.unwrap();
        let delete = Query::delete()
            .from_table("parents")
            .and_where(Expr::col("id").eq(7))
            .to_owned();
        pool.execute("delete", &delete).await.unwrap();
        let left = Query::select().column("id").from("children").to_owned();
        assert!(pool.fetch("read", &left).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_transaction_with_a_failed_statement_is_not_committed() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path()).await;
        let mut transaction = pool.begin("insert").await.unwrap();
        transaction.execute(&insert(1)).await.unwrap();
        let again = transaction.execute(&insert(1)).await.unwrap_err();
        assert!(matches!(again, DatabaseError::Conflict { .. }), "{again:?}");
        transaction.execute(&insert(2)).await.unwrap();
        let refused = transaction.commit().await.unwrap_err();
        assert!(
            matches!(refused, DatabaseError::Unavailable { .. }),
            "{refused:?}"
        );
        assert_eq!(0, count(&pool).await);
    }

    #[tokio::test]
    async fn a_transaction_with_a_statement_that_was_given_up_is_not_committed() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path()).await;
        let mut transaction = pool.begin("insert").await.unwrap();
        transaction.execute(&insert(1)).await.unwrap();
        let counts = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) \
                      SELECT count(*) FROM n)";
        let long = Query::select().expr(Expr::cust(counts)).to_owned();
        let answer = transaction.fetch(&long);
        assert!(futures_util::poll!(std::pin::pin!(answer)).is_pending());
        assert!(transaction.commit().await.is_err());
        assert_eq!(0, count(&pool).await);
    }

    #[tokio::test]
    async fn a_change_may_return_rows() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path()).await;
        let mut transaction = pool.begin("insert").await.unwrap();
        let returning = insert(5).returning_col("id").to_owned();
        let added: Option<Parent> = transaction.read_one(&returning).await.unwrap();
        assert_eq!(5, added.unwrap().id);
    }
}
