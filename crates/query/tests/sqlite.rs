//! The SQLite engine on real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tidegate_query::{
    DatabaseConfig, Engine, Engines, Mode, PoolLimits, Query, QueryError, TableKind, Truncation,
};
use tokio_util::sync::CancellationToken;

const ENDLESS: &str =
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT sum(n) FROM r";

struct Fixture {
    folder: TempDir,
    engines: Engines,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(folder.path().join("data.db")).unwrap();
    db.execute_batch(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, raw BLOB);
         INSERT INTO t VALUES (1, 'ann', 1.5, x'00ff'), (2, 'bob', NULL, NULL), (3, 'cleo', 2, NULL);
         CREATE VIEW v AS SELECT id FROM t;",
    )
    .unwrap();
    let engines = Engines::builder().sqlite_root(folder.path()).build();
    Fixture { folder, engines }
}

impl Fixture {
    fn config(&self, allow_dml: bool, connections: u32) -> DatabaseConfig {
        DatabaseConfig {
            workspace: "acme".parse().unwrap(),
            id: 1,
            sqlalchemy_uri: uri(&self.folder.path().join("data.db")).into(),
            allow_dml,
            limits: PoolLimits {
                connections,
                waiting: 1,
                checkout_timeout: Duration::from_millis(300),
                ..PoolLimits::default()
            },
        }
    }

    fn engine(&self, allow_dml: bool) -> Arc<dyn Engine> {
        self.engines.get(&self.config(allow_dml, 2)).unwrap()
    }
}

fn uri(path: &Path) -> String {
    format!("sqlite:///{}", path.display())
}

fn write(sql: &[&str]) -> Query {
    Query {
        statements: sql.iter().map(|&sql| sql.to_owned()).collect(),
        mode: Mode::Write,
        ..Query::read("")
    }
}

#[tokio::test]
async fn rows_come_with_their_types() {
    let fixture = fixture();
    let result = fixture
        .engine(false)
        .run_one(Query::read(
            "SELECT id, name, price, raw, id AS name, NULL AS n FROM t ORDER BY id",
        ))
        .await
        .unwrap();
    let columns: Vec<_> = result
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.type_name.as_str()))
        .collect();
    assert_eq!(
        vec![
            ("id", "int64"),
            ("name", "object"),
            ("price", "float64"),
            ("raw", "object"),
            ("name__1", "int64"),
            ("n", "object"),
        ],
        columns
    );
    assert_eq!(
        json!([1, "ann", 1.5, "\\x00ff", 1, null]),
        json!(result.rows[0])
    );
    assert_eq!(
        (3, None, None),
        (result.row_count(), result.truncation, result.affected_rows)
    );
}

#[tokio::test]
async fn reading_stops_at_the_rows_and_at_the_bytes() {
    let fixture = fixture();
    let engine = fixture.engine(false);
    let endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r";
    let rows = engine
        .run_one(Query {
            max_rows: 7,
            ..Query::read(endless)
        })
        .await
        .unwrap();
    assert_eq!(
        (7, Some(Truncation::Rows)),
        (rows.row_count(), rows.truncation)
    );
    let bytes = engine
        .run_one(Query {
            max_bytes: 1_000,
            max_rows: usize::MAX,
            ..Query::read(endless)
        })
        .await
        .unwrap();
    assert_eq!(Some(Truncation::Bytes), bytes.truncation);
    assert!(serde_json::to_string(&bytes.row_objects()).unwrap().len() <= 1_000);
    let exact = engine
        .run_one(Query {
            max_rows: 3,
            ..Query::read("SELECT id FROM t")
        })
        .await
        .unwrap();
    assert_eq!((3, None), (exact.row_count(), exact.truncation));
}

#[tokio::test]
async fn a_late_query_is_stopped() {
    let fixture = fixture();
    let engine = fixture.engine(false);
    let start = Instant::now();
    let outcome = engine
        .run(Query {
            timeout: Duration::from_millis(100),
            ..Query::read(ENDLESS)
        })
        .await;
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(
        engine.run(Query::read("SELECT 1")).await.is_ok(),
        "the connection is good again"
    );
}

#[tokio::test]
async fn a_cancelled_and_a_dropped_query_free_their_connection() {
    let fixture = fixture();
    let engine = fixture.engines.get(&fixture.config(false, 1)).unwrap();
    let cancel = CancellationToken::new();
    let query = Query {
        cancel: cancel.clone(),
        ..Query::read(ENDLESS)
    };
    let (outcome, ()) = tokio::join!(engine.run(query), async { cancel.cancel() });
    assert!(matches!(outcome, Err(QueryError::Cancelled)), "{outcome:?}");

    // The only connection is free again only if the dropped query has been stopped.
    let dropped = tokio::time::timeout(Duration::from_millis(50), engine.run(Query::read(ENDLESS)));
    assert!(dropped.await.is_err());
    assert!(engine.run(Query::read("SELECT 1")).await.is_ok());
}

#[tokio::test]
async fn when_all_connections_are_taken_callers_wait_and_then_hear_busy() {
    let fixture = fixture();
    let engine = fixture.engines.get(&fixture.config(false, 1)).unwrap();
    let cancel = CancellationToken::new();
    let running = tokio::spawn({
        let (engine, cancel) = (engine.clone(), cancel.clone());
        async move {
            engine
                .run(Query {
                    cancel,
                    ..Query::read(ENDLESS)
                })
                .await
        }
    });
    tokio::task::yield_now().await;
    // One may wait: one of two is told at once, the other when its wait is over.
    let (one, two) = tokio::join!(
        engine.run(Query::read("SELECT 1")),
        engine.run(Query::read("SELECT 1"))
    );
    assert!(matches!(one, Err(QueryError::Busy)), "{one:?}");
    assert!(matches!(two, Err(QueryError::Busy)), "{two:?}");
    cancel.cancel();
    assert!(matches!(running.await.unwrap(), Err(QueryError::Cancelled)));
    assert!(engine.run(Query::read("SELECT 1")).await.is_ok());
}

#[tokio::test]
async fn the_database_itself_refuses_what_the_guard_would_have() {
    let fixture = fixture();
    for engine in [fixture.engine(false), fixture.engine(true)] {
        for sql in [
            "DELETE FROM t",
            "CREATE TABLE x(a)",
            "ATTACH '/etc/passwd' AS x",
            "PRAGMA query_only = 0",
            "PRAGMA database_list",
            "SELECT load_extension('x')",
            "SELECT * FROM pragma_database_list",
            "VACUUM INTO '/tmp/x'",
            "COMMIT",
            "CREATE TEMP TABLE x(a)",
        ] {
            let outcome = engine.run(Query::read(sql)).await;
            assert!(
                matches!(outcome, Err(QueryError::Database { .. })),
                "{sql}: {outcome:?}"
            );
        }
        let rows = engine
            .run_one(Query::read("SELECT count(*) FROM t"))
            .await
            .unwrap();
        assert_eq!(json!(3), rows.rows[0][0]);
    }
}

#[tokio::test]
async fn writes_are_all_or_nothing() {
    let fixture = fixture();
    let engine = fixture.engine(true);
    let done = engine
        .run(write(&[
            "INSERT INTO t(name) VALUES ('x'), ('y')",
            "UPDATE t SET price = 0 WHERE name = 'x'",
        ]))
        .await
        .unwrap();
    assert_eq!(
        vec![Some(2), Some(1)],
        done.iter().map(|r| r.affected_rows).collect::<Vec<_>>()
    );
    let failed = engine
        .run(write(&["DELETE FROM t", "INSERT INTO nope VALUES (1)"]))
        .await;
    assert!(matches!(failed, Err(QueryError::Database { .. })));
    let count = engine
        .run_one(Query::read("SELECT count(*) FROM t"))
        .await
        .unwrap();
    assert_eq!(json!(5), count.rows[0][0]);
    for sql in [
        "ATTACH '/tmp/x' AS x",
        "PRAGMA writable_schema = 1",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    ] {
        assert!(engine.run(write(&[sql])).await.is_err(), "{sql}");
    }
    assert!(
        fixture
            .engine(false)
            .run(write(&["DELETE FROM t"]))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_failed_statement_is_told_in_the_databases_words() {
    let fixture = fixture();
    let err = fixture
        .engine(false)
        .run(Query::read("SELECT * FROM nope"))
        .await
        .unwrap_err();
    assert_eq!("no such table: nope", err.to_string());
}

#[tokio::test]
async fn tables_and_columns_are_listed() {
    let fixture = fixture();
    let engine = fixture.engine(false);
    assert_eq!(vec!["main"], engine.schemas().await.unwrap());
    let tables = engine.tables("main").await.unwrap();
    let found: Vec<_> = tables.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    assert_eq!(vec![("t", TableKind::Table), ("v", TableKind::View)], found);
    let columns = engine.columns("main", "t").await.unwrap();
    assert_eq!(
        ("name", "TEXT", false),
        (
            columns[1].name.as_str(),
            columns[1].data_type.as_str(),
            columns[1].is_nullable
        )
    );
    assert!(engine.columns("main", "nope").await.unwrap().is_empty());
    assert!(engine.tables("other").await.unwrap().is_empty());
}

#[tokio::test]
async fn files_outside_of_the_allowed_folders_are_not_opened() {
    let fixture = fixture();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.db");
    rusqlite::Connection::open(&secret)
        .unwrap()
        .execute_batch("CREATE TABLE s(a)")
        .unwrap();
    let link = fixture.folder.path().join("link.db");
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    let up = fixture
        .folder
        .path()
        .join("..")
        .join(outside.path().file_name().unwrap())
        .join("secret.db");
    for path in [
        secret.clone(),
        link,
        up,
        "/etc/passwd".into(),
        outside.path().join("missing.db"),
    ] {
        let config = DatabaseConfig {
            sqlalchemy_uri: uri(&path).into(),
            ..fixture.config(false, 1)
        };
        let outcome = fixture.engines.get(&config).map(drop);
        assert!(
            matches!(outcome, Err(QueryError::PathNotAllowed)),
            "{}: {outcome:?}",
            path.display()
        );
    }
    let missing = DatabaseConfig {
        sqlalchemy_uri: uri(&fixture.folder.path().join("missing.db")).into(),
        ..fixture.config(false, 1)
    };
    assert!(matches!(
        fixture.engines.get(&missing).map(drop),
        Err(QueryError::Unavailable { .. })
    ));
    let none = Engines::builder().build();
    assert!(matches!(
        none.get(&fixture.config(false, 1)).map(drop),
        Err(QueryError::PathNotAllowed)
    ));
}

#[tokio::test]
async fn engines_are_kept_apart_by_workspace_and_remade_on_change() {
    let fixture = fixture();
    let config = fixture.config(false, 1);
    let first = fixture.engines.get(&config).unwrap();
    assert!(Arc::ptr_eq(&first, &fixture.engines.get(&config).unwrap()));
    let other = DatabaseConfig {
        workspace: "rival".parse().unwrap(),
        ..config.clone()
    };
    assert!(!Arc::ptr_eq(&first, &fixture.engines.get(&other).unwrap()));
    let changed = DatabaseConfig {
        allow_dml: true,
        ..config.clone()
    };
    let second = fixture.engines.get(&changed).unwrap();
    assert!(!Arc::ptr_eq(&first, &second));

    let small = Engines::builder()
        .sqlite_root(fixture.folder.path())
        .capacity(1)
        .build();
    let first = small.get(&config).unwrap();
    small.get(&other).unwrap();
    assert!(
        !Arc::ptr_eq(&first, &small.get(&config).unwrap()),
        "the first had to go"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_fails_the_query_and_names_no_path() {
    let fixture = fixture();
    let path = fixture.folder.path().join("text.db");
    std::fs::write(&path, "this is no database, it is text ".repeat(40)).unwrap();
    let config = DatabaseConfig {
        sqlalchemy_uri: uri(&path).into(),
        ..fixture.config(false, 1)
    };
    let err = fixture
        .engines
        .get(&config)
        .unwrap()
        .run(Query::read("SELECT 1 FROM t"))
        .await
        .unwrap_err();
    assert!(!err.to_string().contains("text.db"), "{err}");
}
