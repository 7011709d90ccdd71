//! Brings the tables up to date. Numbered scripts, all in one transaction; of several nodes that start at
//! once one runs them, and the others wait for it and find them done.

use std::time::Duration;

use sea_query::{Alias, Expr, ExprTrait as _, Func, Query, SelectStatement};
use tidegate_database::{Backend, DatabaseError, Pool, Transaction};

use crate::UnixSecs;

/// One step from a version of the tables to the next. Landed ones are never edited.
struct Migration {
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($number:literal) => {
        Migration {
            sqlite: include_str!(concat!("../migrations/", $number, ".sqlite.sql")),
            postgres: include_str!(concat!("../migrations/", $number, ".postgres.sql")),
        }
    };
}

/// The first makes version 1.
const MIGRATIONS: &[Migration] = &[migration!("0001")];

/// How long a node waits for another that migrates, and how long a script may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// A number that no other program takes for its locks: "tidegate", as eight bytes.
const LOCK_POSTGRES: &str = "SELECT pg_advisory_xact_lock(8388346223955506277)";
const PATIENCE_POSTGRES: &str = "SET LOCAL statement_timeout = '2min'";

const VERSIONS_SQLITE: &str = "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, migrated_at INTEGER NOT NULL) STRICT";
const VERSIONS_POSTGRES: &str = "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, migrated_at BIGINT NOT NULL)";

/// Brings the tables up to the newest version that this program knows.
///
/// # Errors
/// `Unsuitable` when the tables are of a newer version or of another program; what is there stays as it is.
pub(crate) async fn migrate(pool: &Pool, now: UnixSecs) -> Result<(), DatabaseError> {
    migrate_by(pool, now, MIGRATIONS).await
}

async fn migrate_by(
    pool: &Pool,
    now: UnixSecs,
    migrations: &[Migration],
) -> Result<(), DatabaseError> {
    let mut transaction = pool.begin("migrate the manager's tables").await?;
    transaction.set_statement_timeout(PATIENCE);
    // SQLite's transaction began as a writer's, which is its lock.
    transaction.run_script("", PATIENCE_POSTGRES).await?;
    transaction.run_script("", LOCK_POSTGRES).await?;
    let found = found_version(&mut transaction).await?;
    let newest = migrations.len();
    if found > newest {
        return Err(DatabaseError::Unsuitable {
            reason: format!(
                "the manager's tables are of version {found}, and this program knows versions up to {newest}: \
                 run a newer program, or restore a backup from before the upgrade"
            ),
        });
    }
    for (at, migration) in migrations.iter().enumerate().skip(found) {
        transaction
            .run_script(migration.sqlite, migration.postgres)
            .await?;
        let version = i64::try_from(at + 1).unwrap_or(i64::MAX);
        let done = Query::insert()
            .into_table("schema_version")
            .columns(["version", "migrated_at"])
            .values_panic([version.into(), now.into()])
            .to_owned();
        transaction.execute(&done).await?;
    }
    transaction.commit().await
}

/// The version of the tables; 0 for an empty database, whose table of versions is made.
async fn found_version(transaction: &mut Transaction) -> Result<usize, DatabaseError> {
    let mut tables = Vec::new();
    for row in transaction
        .fetch(&table_names(transaction.backend()))
        .await?
    {
        tables.push(row.text_or_empty(0)?);
    }
    if tables.iter().any(|name| name == "schema_version") {
        let newest = Query::select()
            .expr(Func::max(Expr::col("version")))
            .from("schema_version")
            .to_owned();
        let row = transaction.fetch_one(&newest).await?;
        let version = row.map(|row| row.integer(0)).transpose()?.flatten();
        return Ok(usize::try_from(version.unwrap_or(0)).unwrap_or(usize::MAX));
    }
    if let Some(foreign) = tables.first() {
        return Err(DatabaseError::Unsuitable {
            reason: format!(
                "the database has tables of another program ({foreign:?}): give the manager a database of its own"
            ),
        });
    }
    transaction
        .run_script(VERSIONS_SQLITE, VERSIONS_POSTGRES)
        .await?;
    Ok(0)
}

fn table_names(backend: Backend) -> SelectStatement {
    match backend {
        Backend::Sqlite => Query::select()
            .column("name")
            .from("sqlite_master")
            .and_where(Expr::col("type").eq("table"))
            .and_where(Expr::col("name").not_like("sqlite\\_%"))
            .order_by("name", sea_query::Order::Asc)
            .to_owned(),
        Backend::Postgres => Query::select()
            .expr(Expr::col("table_name").cast_as("text"))
            .from((Alias::new("information_schema"), Alias::new("tables")))
            .and_where(Expr::col("table_schema").eq(Expr::cust("current_schema()")))
            .order_by("table_name", sea_query::Order::Asc)
            .to_owned(),
    }
}
