//! The metadata of a real Superset 6.1, for tests on both backends.
//!
//! It holds Superset's own example dashboards and a few users: `admin` (Admin), `ben` (Alpha, owns dashboard
//! 1), `cleo` (Gamma, reads two datasets, owns chart 4), `dan` (Gamma and sql_lab, the whole database),
//! `eve` (Public), `finn` (Gamma, one dataset under two row level security rules), `gus` (inactive).
//! Dashboard 2 is a draft, dashboard 3 is limited to a role. Superset ran with `DASHBOARD_RBAC` on.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

use crate::postgres::PostgresServer;

/// The `SECRET_KEY` that the Superset encrypted with. The password of its one database is `superset`.
pub const SECRET_KEY: &str = "peer-secret-key-0123456789-abcdefghijklmnop";

/// `pg_dump` of the metadata, compressed.
const DUMP: &[u8] = include_bytes!("../data/superset-6.1-metadata.sql.gz");

/// Puts the metadata into a new database of the server and returns its URL.
///
/// # Errors
/// There is a database of that name, or the server refuses the dump.
pub fn restore(server: &PostgresServer, database: &str) -> Result<String> {
    let mut sql = String::new();
    GzDecoder::new(DUMP)
        .read_to_string(&mut sql)
        .context("could not unpack the dump")?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), sql)?;
    let url = server.create_database(database)?;
    server.load(database, file.path())?;
    Ok(url)
}

/// Copies all rows of a restored database into the SQLite file at `path`, whose tables are there already and
/// empty, in the form in which SQLAlchemy stores them in SQLite.
///
/// # Errors
/// A table or column of the file is not in the database, or a row does not fit.
pub async fn copy_to_sqlite(server: &PostgresServer, database: &str, path: &Path) -> Result<()> {
    let mut file = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .connect()
        .await?;
    let tables = sqlx::query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&mut file)
    .await?;
    let tables: Vec<String> = tables
        .iter()
        .map(|table| table.try_get(0))
        .collect::<Result<_, _>>()?;
    let rows_of =
        |table: &String| format!("SELECT coalesce(json_agg(t)::text, '[]') FROM \"{table}\" t");
    // One psql for all of them: a process for each took most of the time.
    let all = tables.iter().map(rows_of).collect::<Vec<_>>();
    let all = server.execute(
        database,
        &format!("SELECT concat_ws(chr(30), ({}))", all.join("), (")),
    )?;
    for (table, rows) in tables.iter().zip(all.split('\u{1e}')) {
        copy_table(&mut file, table, rows)
            .await
            .with_context(|| format!("table {table}"))?;
    }
    Ok(())
}

async fn copy_table(file: &mut SqliteConnection, table: &str, rows: &str) -> Result<()> {
    let columns = sqlx::query(AssertSqlSafe(format!(
        "SELECT name, type FROM pragma_table_info('{table}')"
    )))
    .fetch_all(&mut *file)
    .await?;
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for column in columns {
        let (name, kind): (String, String) = (column.try_get(0)?, column.try_get(1)?);
        let value = format!("json_extract(value, '$.\"{name}\"')");
        values.push(match kind.as_str() {
            "NUMERIC(16)" | "BINARY(16)" => format!("unhex(replace({value}, '-', ''))"),
            // PostgreSQL writes bytes as \x and hex digits.
            "BLOB" => format!("unhex(substr({value}, 3))"),
            // A space for the T, and six digits after the point.
            "DATETIME" => format!(
                "CASE WHEN {value} IS NULL THEN NULL WHEN instr({value}, '.') = 0 \
                 THEN replace({value}, 'T', ' ') || '.000000' \
                 ELSE substr(replace({value}, 'T', ' ') || '000000', 1, 26) END"
            ),
            _ => value,
        });
        names.push(format!("\"{name}\""));
    }
    let insert = format!(
        "INSERT INTO \"{table}\" ({}) SELECT {} FROM json_each(?)",
        names.join(", "),
        values.join(", ")
    );
    sqlx::query(AssertSqlSafe(format!("DELETE FROM \"{table}\"")))
        .execute(&mut *file)
        .await?;
    sqlx::query(AssertSqlSafe(insert))
        .bind(rows)
        .execute(&mut *file)
        .await?;
    Ok(())
}
