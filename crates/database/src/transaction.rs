use std::time::Duration;

use sqlx::{Postgres, Sqlite};

use crate::pool::safe;
use crate::{Backend, DatabaseError, Row, Statement, bind};

/// Statements that happen together or not at all. Dropping it undoes what it did.
pub struct Transaction {
    pub(crate) kind: TransactionKind,
    pub(crate) operation: &'static str,
    pub(crate) statement_timeout: Duration,
}

pub(crate) enum TransactionKind {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
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
                let query = sqlx::query_with(safe(sql), bind::postgres(operation, values)?);
                let rows =
                    in_time(deadline, operation, query.fetch_all(&mut **transaction)).await?;
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

    /// Runs a changing statement. Returns how many rows it changed.
    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64, DatabaseError> {
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
                let query = sqlx::query_with(safe(sql), bind::postgres(operation, values)?);
                let done = in_time(deadline, operation, query.execute(&mut **transaction)).await?;
                Ok(done.rows_affected())
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
        match &mut self.kind {
            TransactionKind::Sqlite(transaction) => {
                let script = sqlx::raw_sql(sqlite).execute(&mut **transaction);
                in_time(deadline, operation, script).await.map(drop)
            }
            TransactionKind::Postgres(transaction) => {
                let script = sqlx::raw_sql(postgres).execute(&mut **transaction);
                in_time(deadline, operation, script).await.map(drop)
            }
        }
    }

    /// Makes it lasting. After a time-out it may or may not have happened.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        let (operation, deadline) = (self.operation, self.statement_timeout);
        match self.kind {
            TransactionKind::Sqlite(transaction) => {
                in_time(deadline, operation, transaction.commit()).await
            }
            TransactionKind::Postgres(transaction) => {
                in_time(deadline, operation, transaction.commit()).await
            }
        }
    }
}
