//! Brings the tables up to date. Numbered scripts, all in one transaction; of several nodes that start at
//! once one runs them, and the others wait for it and find them done.

use std::time::{Duration, Instant};

use sea_query::{Alias, Expr, ExprTrait as _, Order, Query, SelectStatement};
use tidegate_database::{Backend, DatabaseError, FromRow, NamedRow, Pool, Transaction, row};

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
const MIGRATIONS: &[Migration] = &[migration!("0001"), migration!("0002"), migration!("0003")];

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
    let mut transaction = begin(pool).await?;
    transaction.set_statement_timeout(PATIENCE);
    // SQLite's transaction began as a writer's, which is its lock.
    transaction.run_script("", PATIENCE_POSTGRES).await?;
    transaction.run_script("", LOCK_POSTGRES).await?;
    let found = found_version(&mut transaction).await?;
    let newest = migrations.len();
    if found > newest {
        return Err(too_new(found, newest));
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

/// The version of the tables, without changing anything; `None` for an empty database.
///
/// # Errors
/// As [`migrate`].
pub(crate) async fn look(pool: &Pool) -> Result<Option<usize>, DatabaseError> {
    let mut transaction = pool.begin("look at the manager's tables").await?;
    let found = known_version(&mut transaction).await?;
    let newest = MIGRATIONS.len();
    match found {
        Some(version) if version > newest => Err(too_new(version, newest)),
        found => Ok(found),
    }
}

/// SQLite's lock is the transaction itself: who finds it taken asks again, as long as another node may migrate.
async fn begin(pool: &Pool) -> Result<Transaction, DatabaseError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match pool.begin("migrate the manager's tables").await {
            Err(DatabaseError::Timeout { .. })
                if pool.backend() == Backend::Sqlite && Instant::now() < deadline => {}
            begun => return begun,
        }
    }
}

/// Whether there are the tables of this version. `false`: the database is empty. Changes nothing.
///
/// # Errors
/// `Unsuitable` when the tables are of an older or newer version, or of another program.
pub(crate) async fn check(pool: &Pool) -> Result<bool, DatabaseError> {
    let Some(found) = look(pool).await? else {
        return Ok(false);
    };
    let newest = MIGRATIONS.len();
    if found < newest {
        return Err(DatabaseError::Unsuitable {
            reason: format!(
                "the manager's tables are of version {found}, and this program's of version {newest}: start a server of this \
                 version, which brings them up to date"
            ),
        });
    }
    Ok(true)
}

fn has_versions(tables: &[String]) -> bool {
    tables.iter().any(|name| name == "schema_version")
}

fn too_new(found: usize, newest: usize) -> DatabaseError {
    DatabaseError::Unsuitable {
        reason: format!(
            "the manager's tables are of version {found}, and this program knows versions up to {newest}: \
             run a newer program, or restore a backup from before the upgrade"
        ),
    }
}

fn of_another_program(foreign: &str) -> DatabaseError {
    DatabaseError::Unsuitable {
        reason: format!(
            "the database has tables of another program ({foreign:?}): give the manager a database of its own"
        ),
    }
}

async fn tables(transaction: &mut Transaction) -> Result<Vec<String>, DatabaseError> {
    let names = table_names(transaction.backend());
    let tables = transaction.read(&names).await?.into_iter();
    Ok(tables.map(|TableName(name)| name).collect())
}

async fn read_version(transaction: &mut Transaction) -> Result<usize, DatabaseError> {
    let newest = VersionRow::select(&mut Query::select())
        .from("schema_version")
        .order_by("version", Order::Desc)
        .limit(1)
        .to_owned();
    let newest: Option<VersionRow> = transaction.read_one(&newest).await?;
    let version = newest.map_or(0, |row| row.version);
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

row! {
    struct VersionRow {
        version: i64 = schema_version.version,
    }
}

/// The version of the tables; 0 for an empty database, whose table of versions is made.
async fn found_version(transaction: &mut Transaction) -> Result<usize, DatabaseError> {
    if let Some(version) = known_version(transaction).await? {
        return Ok(version);
    }
    transaction
        .run_script(VERSIONS_SQLITE, VERSIONS_POSTGRES)
        .await?;
    Ok(0)
}

/// The version of the tables; `None` for an empty database.
async fn known_version(transaction: &mut Transaction) -> Result<Option<usize>, DatabaseError> {
    let tables = tables(transaction).await?;
    if has_versions(&tables) {
        return read_version(transaction).await.map(Some);
    }
    match tables.first() {
        Some(foreign) => Err(of_another_program(foreign)),
        None => Ok(None),
    }
}

/// A row of [`table_names`].
struct TableName(String);

const TABLE_NAME: &str = "table_name";

impl FromRow for TableName {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        row.get(TABLE_NAME, TABLE_NAME).map(Self)
    }
}

fn table_names(backend: Backend) -> SelectStatement {
    match backend {
        Backend::Sqlite => Query::select()
            .expr_as(Expr::col("name"), TABLE_NAME)
            .from("sqlite_master")
            .and_where(Expr::col("type").eq("table"))
            .and_where(Expr::col("name").not_like("sqlite\\_%"))
            .order_by("name", Order::Asc)
            .to_owned(),
        Backend::Postgres => Query::select()
            .expr_as(Expr::col("table_name").cast_as("text"), TABLE_NAME)
            .from((Alias::new("information_schema"), Alias::new("tables")))
            .and_where(Expr::col("table_schema").eq(Expr::cust("current_schema()")))
            .order_by("table_name", Order::Asc)
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tidegate_database::PoolSettings;

    use super::*;

    const FIRST: Migration = Migration {
        sqlite: "CREATE TABLE one (id INTEGER); INSERT INTO one VALUES (1);",
        postgres: "",
    };
    const SECOND: Migration = Migration {
        sqlite: "ALTER TABLE one ADD COLUMN name TEXT; UPDATE one SET name = 'kept';",
        postgres: "",
    };
    const BROKEN: Migration = Migration {
        sqlite: "CREATE TABLE two (id INTEGER); SELECT no_such_column FROM two;",
        postgres: "",
    };

    row! {
        struct NameRow {
            name: String = one.name,
        }
    }

    row! {
        struct DoneRow {
            version: i64 = schema_version.version,
            migrated_at: UnixSecs = schema_version.migrated_at,
        }
    }

    row! {
        struct UserRow {
            username: String = accounts.username,
        }
    }

    fn pool(folder: &Path) -> Pool {
        Pool::sqlite_owned(&folder.join("manager.sqlite"), PoolSettings::default())
    }

    async fn names(pool: &Pool) -> Vec<String> {
        let names = table_names(Backend::Sqlite);
        let tables: Vec<TableName> = pool.read("list tables", &names).await.unwrap();
        tables.into_iter().map(|TableName(name)| name).collect()
    }

    #[tokio::test]
    async fn an_older_database_goes_on_from_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path());
        migrate_by(&pool, 1, &[FIRST]).await.unwrap();
        migrate_by(&pool, 2, &[FIRST, SECOND]).await.unwrap();
        migrate_by(&pool, 3, &[FIRST, SECOND]).await.unwrap();
        let name = NameRow::select(&mut Query::select()).from("one").to_owned();
        let names: Vec<NameRow> = pool.read("read", &name).await.unwrap();
        assert_eq!(
            vec!["kept"],
            names.iter().map(|row| &row.name).collect::<Vec<_>>()
        );
        let versions = DoneRow::select(&mut Query::select())
            .from("schema_version")
            .to_owned();
        let done: Vec<DoneRow> = pool.read("read", &versions).await.unwrap();
        let done: Vec<_> = done
            .iter()
            .map(|row| (row.version, row.migrated_at))
            .collect();
        assert_eq!(vec![(1, 1), (2, 2)], done);
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_nothing_of_itself() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path());
        migrate_by(&pool, 1, &[FIRST]).await.unwrap();
        let failed = migrate_by(&pool, 2, &[FIRST, SECOND, BROKEN]).await;
        assert!(failed.is_err());
        assert_eq!(["one", "schema_version"], *names(&pool).await);
        migrate_by(&pool, 3, &[FIRST, SECOND]).await.unwrap();
    }

    #[tokio::test]
    async fn an_older_program_refuses_a_newer_database() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path());
        migrate_by(&pool, 1, &[FIRST, SECOND]).await.unwrap();
        let said = migrate_by(&pool, 2, &[FIRST])
            .await
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("of version 2, and this program knows versions up to 1"),
            "{said}"
        );
    }

    /// Whoever accepted an invitation with a password had the address verified without a proof.
    #[tokio::test]
    async fn addresses_that_an_invitation_alone_verified_are_not_verified_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path());
        migrate_by(&pool, 1, &MIGRATIONS[..1]).await.unwrap();
        let mut transaction = pool.begin("fill").await.unwrap();
        for (name, password, created_at, accepted_at) in [
            ("squatter", "'$x'", 1_000, Some(1_002)),
            ("by-provider", "NULL", 1_000, Some(1_001)),
            ("vouched", "'$x'", 1_000, None),
            ("joined-later", "'$x'", 1_000, Some(9_000)),
        ] {
            let account = format!(
                "INSERT INTO accounts (id, kind, username, email, verified_email, display_name, is_active, is_administrator, \
                 password_hash, must_change_password, sessions_valid_from, created_at) VALUES ('{name}', 'person', '{name}', \
                 '{name}@x', '{name}@x', '', 1, 0, {password}, 0, 0, {created_at});"
            );
            transaction.run_script(account.leak(), "").await.unwrap();
            if let Some(at) = accepted_at {
                let event = format!(
                    "INSERT INTO audit_events (happened_at, action, account, outcome) VALUES ({at}, 'invitation.accepted', \
                     '{name}', 'ok');"
                );
                transaction.run_script(event.leak(), "").await.unwrap();
            }
        }
        transaction.commit().await.unwrap();
        migrate_by(&pool, 2, MIGRATIONS).await.unwrap();
        let verified = UserRow::select(&mut Query::select())
            .from("accounts")
            .and_where(Expr::col("verified_email").is_not_null())
            .order_by("username", Order::Asc)
            .to_owned();
        let users: Vec<UserRow> = pool.read("read", &verified).await.unwrap();
        let names: Vec<_> = users.iter().map(|row| row.username.as_str()).collect();
        assert_eq!(["joined-later", "vouched"], *names);
    }

    #[test]
    fn both_backends_have_the_same_tables_and_columns() {
        fn shape(script: &str) -> Vec<String> {
            let lines = script.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("--"));
            let name = |line: &str| {
                let mut words = line.split_whitespace();
                let first = words.next().unwrap_or_default().to_owned();
                match first.as_str() {
                    "CREATE" | "INSERT" | "PRIMARY" => line.to_owned(),
                    _ => first.trim_end_matches(';').to_owned(),
                }
            };
            lines.map(name).collect()
        }
        for migration in MIGRATIONS {
            assert_eq!(shape(migration.sqlite), shape(migration.postgres));
        }
    }
}
