//! Where rows go. Everything goes through one connection and one transaction of the caller's.

use std::fmt::Write as _;

use bytes::Bytes;
use futures_util::SinkExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe};
use tokio_postgres::{Client, CopyInSink};

use super::cell::{Cell, Row, Table, write_copy_row};

/// A driver's own error.
pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// A connection that takes rows.
pub(super) trait Sink: Send {
    /// Runs a script of this crate.
    fn script(&mut self, sql: &'static str) -> impl Future<Output = Result<(), Source>> + Send;

    /// Adds rows to a table.
    fn insert(
        &mut self,
        table: Table,
        rows: &mut (dyn Iterator<Item = Row> + Send),
    ) -> impl Future<Output = Result<(), Source>> + Send;
}

/// SQLite takes 32,766 values a statement (its `SQLITE_MAX_VARIABLE_NUMBER`); a quarter of that is as fast.
const VALUES_A_STATEMENT: usize = 8000;

impl Sink for SqliteConnection {
    async fn script(&mut self, sql: &'static str) -> Result<(), Source> {
        Ok(sqlx::raw_sql(sql).execute(self).await.map(drop)?)
    }

    async fn insert(
        &mut self,
        table: Table,
        rows: &mut (dyn Iterator<Item = Row> + Send),
    ) -> Result<(), Source> {
        let at_once = VALUES_A_STATEMENT / table.columns.len();
        loop {
            let mut arguments = SqliteArguments::default();
            let mut count = 0;
            for row in (&mut *rows).take(at_once) {
                debug_assert_eq!(table.columns.len(), row.len(), "a row of {}", table.name);
                row.into_iter()
                    .try_for_each(|cell| bind(&mut arguments, cell))?;
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            let sql = insert_statement(table, count);
            sqlx::query_with(AssertSqlSafe(sql), arguments)
                .execute(&mut *self)
                .await?;
        }
    }
}

fn bind(arguments: &mut SqliteArguments, cell: Cell) -> Result<(), sqlx::error::BoxDynError> {
    match cell {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Int(value) => arguments.add(value),
        Cell::Cents(value) => arguments.add(f64::from(value) / 100.0),
        Cell::Bool(value) => arguments.add(value),
        Cell::Text(text) => arguments.add(text.into_owned()),
        // Sixteen bytes, as Superset's `UUIDType(binary=True)` reads them.
        Cell::Uuid(value) => arguments.add(value),
        Cell::Bytes(bytes) => arguments.add(bytes),
        Cell::Time(_) | Cell::Stamp(_) => arguments.add(cell.time_text()),
    }
}

/// Quotes every name: `offset`, `schema` and `sql` are words of SQL in one backend or the other.
fn column_list(table: Table) -> String {
    let mut list = String::new();
    for (at, column) in table.columns.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(list, "{comma}\"{column}\"");
    }
    list
}

fn insert_statement(table: Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
    format!(
        "INSERT INTO \"{}\" ({}) VALUES {}",
        table.name,
        column_list(table),
        vec![row; rows].join(", ")
    )
}

/// About as much as one message to PostgreSQL should hold.
const COPY_BYTES: usize = 256 * 1024;

impl Sink for &Client {
    async fn script(&mut self, sql: &'static str) -> Result<(), Source> {
        Ok(self.batch_execute(sql).await?)
    }

    async fn insert(
        &mut self,
        table: Table,
        rows: &mut (dyn Iterator<Item = Row> + Send),
    ) -> Result<(), Source> {
        let sql = format!(
            "COPY \"{}\" ({}) FROM STDIN",
            table.name,
            column_list(table)
        );
        let copy: CopyInSink<Bytes> = self.copy_in(&sql).await?;
        let mut copy = std::pin::pin!(copy);
        let mut text = String::with_capacity(COPY_BYTES + 4096);
        for row in rows {
            debug_assert_eq!(table.columns.len(), row.len(), "a row of {}", table.name);
            write_copy_row(&row, &mut text);
            if text.len() >= COPY_BYTES {
                let next = String::with_capacity(text.capacity());
                copy.send(Bytes::from(std::mem::replace(&mut text, next)))
                    .await?;
            }
        }
        copy.send(Bytes::from(text)).await?;
        copy.finish().await?;
        Ok(())
    }
}
