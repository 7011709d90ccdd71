use sqlx::{Postgres, Sqlite};

use super::pool::{Statement, safe};
use super::{Row, bind};
use crate::MetastoreError;

/// A transaction that writes; rolled back when dropped before [`commit`](Self::commit).
pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    /// Runs a changing statement. Returns how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        operation: &'static str,
        statement: &impl Statement,
    ) -> Result<u64, MetastoreError> {
        match self {
            Self::Sqlite(transaction) => {
                let (sql, values) = statement.for_sqlite();
                let query = sqlx::query_with(safe(sql), bind::sqlite(operation, values)?);
                query
                    .execute(&mut **transaction)
                    .await
                    .map(|done| done.rows_affected())
            }
            Self::Postgres(transaction) => {
                let (sql, values) = statement.for_postgres();
                let query = sqlx::query_with(safe(sql), bind::postgres(operation, values)?);
                query
                    .execute(&mut **transaction)
                    .await
                    .map(|done| done.rows_affected())
            }
        }
        .map_err(|err| MetastoreError::from_sqlx(operation, err))
    }

    /// Runs a statement that gives rows: a select, or an insert with `RETURNING`.
    pub(crate) async fn fetch(
        &mut self,
        operation: &'static str,
        statement: &impl Statement,
    ) -> Result<Vec<Row>, MetastoreError> {
        let rows = match self {
            Self::Sqlite(transaction) => {
                let (sql, values) = statement.for_sqlite();
                let query = sqlx::query_with(safe(sql), bind::sqlite(operation, values)?);
                let rows = query.fetch_all(&mut **transaction).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(transaction) => {
                let (sql, values) = statement.for_postgres();
                let query = sqlx::query_with(safe(sql), bind::postgres(operation, values)?);
                let rows = query.fetch_all(&mut **transaction).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        rows.map_err(|err| MetastoreError::from_sqlx(operation, err))
    }

    /// Makes the changes last.
    pub(crate) async fn commit(self, operation: &'static str) -> Result<(), MetastoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(|err| MetastoreError::from_sqlx(operation, err))
    }
}
