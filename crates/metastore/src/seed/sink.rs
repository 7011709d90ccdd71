//! Where rows go. Everything goes through one connection and one transaction of the caller's.

use std::fmt::Write as _;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe};

use super::cell::{Cell, Row, Table, write_copy_row};

/// A connection that takes rows.
pub(super) trait Sink: Send {
    /// Runs a script of this crate.
    fn script(&mut self, sql: &'static str)
    -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Adds rows to a table.
    fn insert(
        &mut self,
        table: Table,
        rows: &mut (dyn Iterator<Item = Row> + Send),
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// SQLite takes 32,766 values a statement (its `SQLITE_MAX_VARIABLE_NUMBER`); a quarter of that is as fast.
const VALUES_A_STATEMENT: usize = 8000;

impl Sink for SqliteConnection {
    async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(self).await.map(drop)
    }

    async fn insert(
        &mut self,
        table: Table,
        rows: &mut (dyn Iterator<Item = Row> + Send),
    ) -> Result<(), sqlx::Error> {
        let at_once = VALUES_A_STATEMENT / table.columns.len();
        loop {
            let mut arguments = SqliteArguments::default();
            let mut count = 0;
            for row in (&mut *rows).take(at_once) {
                debug_assert_eq!(table.columns.len(), row.len(), "a row of {}", table.name);
                row.into_iter()
                    .try_for_each(|cell| bind(&mut arguments, cell))
                    .map_err(sqlx::Error::Encode)?;
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

impl Sink for PgConnection {
    async fn script(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(self).await.map(drop)
    }

    async fn insert(
        &mut self,
        table: Table,
        rows: &mut (dyn Iterator<Item = Row> + Send),
    ) -> Result<(), sqlx::Error> {
        let sql = format!(
            "COPY \"{}\" ({}) FROM STDIN",
            table.name,
            column_list(table)
        );
        let mut copy = self.copy_in_raw(&sql).await?;
        let mut text = String::with_capacity(COPY_BYTES + 4096);
        for row in rows {
            debug_assert_eq!(table.columns.len(), row.len(), "a row of {}", table.name);
            write_copy_row(&row, &mut text);
            if text.len() >= COPY_BYTES {
                copy.send(text.as_bytes()).await?;
                text.clear();
            }
        }
        copy.send(text.as_bytes()).await?;
        copy.finish().await.map(drop)
    }
}
