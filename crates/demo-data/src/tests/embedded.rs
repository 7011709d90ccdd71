//! The two SQLite files.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tempfile::TempDir;
use tidegate_types::{Clock, ExposeSecret, WorkspaceSlug};

use super::super::business::Business;
use super::super::cell::Table;
use super::super::{Embedded, create_embedded};
use super::{clock, copy_text};
use tidegate_metastore::{Chart, Direction, ListQuery, Metastore, MetastoreSettings};

fn demo() -> WorkspaceSlug {
    "demo".parse().unwrap()
}

async fn create(root: &TempDir) -> Embedded {
    create_embedded(root.path(), &demo(), &clock())
        .await
        .unwrap()
}

async fn open(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .connect()
        .await
        .unwrap()
}

/// A query for every row of a table, as PostgreSQL's `COPY … TO STDOUT` would print it.
async fn as_copy_text(connection: &mut SqliteConnection, table: Table) -> String {
    let mut values = Vec::new();
    for column in table.columns {
        let sql = "SELECT type FROM pragma_table_info(?) WHERE name = ?";
        let kind: String = sqlx::query_scalar(sql)
            .bind(table.name)
            .bind(*column)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        let value = match kind.as_str() {
            "NUMERIC(12, 2)" => format!("printf('%.2f', {column})"),
            "BOOLEAN" => format!("iif({column}, 't', 'f')"),
            _ => format!("CAST({column} AS text)"),
        };
        values.push(format!("iif({column} IS NULL, '\\N', {value})"));
    }
    let row = values.join(" || char(9) || ");
    let sql = format!(
        "SELECT group_concat({row}, char(10) ORDER BY {}) FROM {}",
        table.columns[0], table.name
    );
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_sample_file_holds_every_row_of_the_business() {
    let root = TempDir::new().unwrap();
    let embedded = create(&root).await;
    let mut connection = open(&embedded.sample).await;
    let business = Business::generate();
    for (table, _) in business.tables() {
        let found = as_copy_text(&mut connection, table).await;
        assert!(
            copy_text(&business, table.name).trim_end() == found,
            "{} differs",
            table.name
        );
    }
}

#[tokio::test]
async fn the_metastore_opens_and_shows_each_user_what_they_may_see() {
    let root = TempDir::new().unwrap();
    let embedded = create(&root).await;
    let metastore =
        Metastore::open_sqlite(&embedded.metastore, false, MetastoreSettings::default())
            .await
            .unwrap();
    for (username, charts) in [("admin", 12), ("analyst", 12), ("viewer", 7)] {
        let user = metastore
            .users()
            .by_username(username)
            .await
            .unwrap()
            .unwrap();
        let access = metastore.access_of(user.id).await.unwrap().unwrap();
        let query = ListQuery::new(Chart::uuid.column(), Direction::Ascending);
        let page = metastore.charts().list(&access, &query).await.unwrap();
        assert_eq!(charts, page.total, "{username}");
        assert_eq!(
            username == "viewer",
            access.row_rules(1).is_some(),
            "{username}"
        );
    }
    let database = metastore.databases().connection(1).await.unwrap().unwrap();
    let uri = format!("sqlite:///{}", embedded.sample.display());
    assert_eq!(uri, database.uri.expose_secret());
    assert!(!database.allow_dml);
    metastore.close().await;

    let mut connection = open(&embedded.metastore).await;
    let broken = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(broken.is_empty(), "every reference leads somewhere");
}

#[tokio::test]
async fn files_that_exist_are_left_alone() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("demo");
    std::fs::create_dir(&folder).unwrap();
    let files = ["metastore.sqlite", "sample.sqlite"].map(|name| folder.join(name));
    for file in &files {
        std::fs::write(file, "somebody's work").unwrap();
    }
    assert!(!create(&root).await.was_created);
    for file in &files {
        assert_eq!("somebody's work", std::fs::read_to_string(file).unwrap());
    }
}

#[tokio::test]
async fn a_missing_file_comes_back_and_the_other_stays() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("demo");
    std::fs::create_dir(&folder).unwrap();
    let sample = folder.join("sample.sqlite");
    std::fs::write(&sample, "somebody's data").unwrap();
    let embedded = create(&root).await;
    assert!(embedded.was_created);
    assert!(embedded.metastore.is_file());
    assert_eq!("somebody's data", std::fs::read_to_string(&sample).unwrap());
}

#[tokio::test]
async fn what_a_crashed_start_left_is_done_again() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("demo");
    std::fs::create_dir(&folder).unwrap();
    for name in ["metastore.sqlite.part", "sample.sqlite.part"] {
        std::fs::write(folder.join(name), "half a file").unwrap();
    }
    let embedded = create(&root).await;
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        [".seed.lock", "metastore.sqlite", "sample.sqlite"].as_slice(),
        names
    );
    let mut connection = open(&embedded.metastore).await;
    let stamp: String = sqlx::query_scalar("SELECT created_on FROM dbs")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(
        clock().now().format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        stamp
    );
}

#[tokio::test]
async fn of_several_that_start_at_once_one_creates_the_workspace() {
    let root = TempDir::new().unwrap();
    let starts = tokio::join!(create(&root), create(&root), create(&root));
    let created = [starts.0, starts.1, starts.2]
        .iter()
        .filter(|start| start.was_created)
        .count();
    assert_eq!(1, created);
}
