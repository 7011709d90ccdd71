//! The SQLite engine on real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tidegate_engines::{
    DataSource, DatabaseConfig, Engines, Mode, PoolLimits, Query, QueryError, TableKind,
    Truncation, UnknownName,
};
use tidegate_sql_guard::{Dialect, NamesInUse, Policy, RelationKind, Script, TableName};
use tidegate_types::UserId;
use tokio_util::sync::CancellationToken;

/// Who asks, where it makes no difference.
const USER: UserId = UserId(1);
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
            connect_args: Vec::new(),
            server_certificate: None,
            allow_dml,
            limits: PoolLimits {
                connections,
                waiting: 1,
                checkout_timeout: Duration::from_millis(300),
                ..PoolLimits::default()
            },
        }
    }

    async fn engine(&self, allow_dml: bool) -> Arc<dyn DataSource> {
        self.engines.get(&self.config(allow_dml, 2)).await.unwrap()
    }
}

fn uri(path: &Path) -> String {
    format!("sqlite:///{}", path.display())
}

fn write(sql: &[&str]) -> Query {
    Query {
        statements: sql.iter().map(|&sql| sql.to_owned()).collect(),
        mode: Mode::Write,
        ..Query::read(USER, "")
    }
}

#[tokio::test]
async fn rows_come_with_their_types() {
    let fixture = fixture();
    let result = fixture
        .engine(false)
        .await
        .run_one(Query::read(
            USER,
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
    let engine = fixture.engine(false).await;
    let endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r";
    let rows = engine
        .run_one(Query {
            max_rows: 7,
            ..Query::read(USER, endless)
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
            ..Query::read(USER, endless)
        })
        .await
        .unwrap();
    assert_eq!(Some(Truncation::Bytes), bytes.truncation);
    assert!(serde_json::to_string(&bytes.row_objects()).unwrap().len() <= 1_000);
    let exact = engine
        .run_one(Query {
            max_rows: 3,
            ..Query::read(USER, "SELECT id FROM t")
        })
        .await
        .unwrap();
    assert_eq!((3, None), (exact.row_count(), exact.truncation));
}

#[tokio::test]
async fn a_late_query_is_stopped() {
    let fixture = fixture();
    let engine = fixture.engine(false).await;
    let start = Instant::now();
    let outcome = engine
        .run_sql(Query {
            timeout: Duration::from_millis(100),
            ..Query::read(USER, ENDLESS)
        })
        .await;
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(
        engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok(),
        "the connection is good again"
    );
}

#[tokio::test]
async fn a_cancelled_and_a_dropped_query_free_their_connection() {
    let fixture = fixture();
    let engine = fixture
        .engines
        .get(&fixture.config(false, 1))
        .await
        .unwrap();
    let cancel = CancellationToken::new();
    let query = Query {
        cancel: cancel.clone(),
        ..Query::read(USER, ENDLESS)
    };
    let (outcome, ()) = tokio::join!(engine.run_sql(query), async { cancel.cancel() });
    assert!(matches!(outcome, Err(QueryError::Cancelled)), "{outcome:?}");

    // The only connection is free again only if the dropped query has been stopped.
    let dropped = tokio::time::timeout(
        Duration::from_millis(50),
        engine.run_sql(Query::read(USER, ENDLESS)),
    );
    assert!(dropped.await.is_err());
    assert!(engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok());
}

#[tokio::test]
async fn when_all_connections_are_taken_callers_wait_and_then_hear_busy() {
    let fixture = fixture();
    let engine = fixture
        .engines
        .get(&fixture.config(false, 1))
        .await
        .unwrap();
    let cancel = CancellationToken::new();
    let running = tokio::spawn({
        let (engine, cancel) = (engine.clone(), cancel.clone());
        async move {
            engine
                .run_sql(Query {
                    cancel,
                    ..Query::read(USER, ENDLESS)
                })
                .await
        }
    });
    tokio::task::yield_now().await;
    // One may wait: one of two is told at once, the other when its wait is over.
    let (one, two) = tokio::join!(
        engine.run_sql(Query::read(USER, "SELECT 1")),
        engine.run_sql(Query::read(USER, "SELECT 1"))
    );
    assert!(matches!(one, Err(QueryError::Busy)), "{one:?}");
    assert!(matches!(two, Err(QueryError::Busy)), "{two:?}");
    cancel.cancel();
    assert!(matches!(running.await.unwrap(), Err(QueryError::Cancelled)));
    assert!(engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok());
}

#[tokio::test]
async fn the_database_itself_refuses_what_the_guard_would_have() {
    let fixture = fixture();
    for engine in [fixture.engine(false).await, fixture.engine(true).await] {
        for sql in [
            "DELETE FROM t",
            "CREATE TABLE x(a)",
            "ATTACH '/etc/passwd' AS x",
            "PRAGMA query_only = 0",
            "PRAGMA database_list",
            "SELECT load_extension('x')",
            "SELECT * FROM pragma_database_list",
            "SELECT * FROM dbstat",
            "SELECT * FROM dbstat('main')",
            "SELECT * FROM sqlite_dbpage",
            "VACUUM INTO '/tmp/x'",
            "COMMIT",
            "CREATE TEMP TABLE x(a)",
        ] {
            let outcome = engine.run_sql(Query::read(USER, sql)).await;
            assert!(
                matches!(outcome, Err(QueryError::Database { .. })),
                "{sql}: {outcome:?}"
            );
        }
        let rows = engine
            .run_one(Query::read(USER, "SELECT count(*) FROM t"))
            .await
            .unwrap();
        assert_eq!(json!(3), rows.rows[0][0]);
    }
}

#[tokio::test]
async fn writes_are_all_or_nothing() {
    let fixture = fixture();
    let engine = fixture.engine(true).await;
    let done = engine
        .run_sql(write(&[
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
        .run_sql(write(&["DELETE FROM t", "INSERT INTO nope VALUES (1)"]))
        .await;
    assert!(matches!(failed, Err(QueryError::Database { .. })));
    let count = engine
        .run_one(Query::read(USER, "SELECT count(*) FROM t"))
        .await
        .unwrap();
    assert_eq!(json!(5), count.rows[0][0]);
    for sql in [
        "ATTACH '/tmp/x' AS x",
        "PRAGMA writable_schema = 1",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    ] {
        assert!(engine.run_sql(write(&[sql])).await.is_err(), "{sql}");
    }
    assert!(
        fixture
            .engine(false)
            .await
            .run_sql(write(&["DELETE FROM t"]))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_change_that_gives_rows_counts_those_that_are_not_read_too() {
    let fixture = fixture();
    let engine = fixture.engine(true).await;
    let query = Query {
        max_rows: 1,
        ..write(&["UPDATE t SET price = 3 RETURNING id"])
    };
    let done = engine.run_sql(query).await.unwrap();
    assert_eq!((1, Some(3)), (done[0].row_count(), done[0].given_rows));
    let read = engine
        .run_sql(Query::read(USER, "SELECT id FROM t"))
        .await
        .unwrap();
    assert_eq!(None, read[0].given_rows);
}

#[tokio::test]
async fn a_failed_statement_is_told_in_the_databases_words() {
    let fixture = fixture();
    let err = fixture
        .engine(false)
        .await
        .run_sql(Query::read(USER, "SELECT * FROM nope"))
        .await
        .unwrap_err();
    assert_eq!("no such table: nope", err.to_string());
}

#[tokio::test]
async fn a_name_that_is_not_there_is_found_in_the_databases_words() {
    let fixture = fixture();
    let engine = fixture.engine(true).await;
    let table = |name: &str| Some(UnknownName::Table(name.to_owned()));
    let column = |name: &str| Some(UnknownName::Column(Some(name.to_owned())));
    for (sql, expected) in [
        ("SELECT * FROM nope", table("nope")),
        ("SELECT * FROM main.nope", table("nope")),
        ("SELECT nope FROM t", column("nope")),
        ("SELECT x.nope FROM t x", column("nope")),
        ("SELECT 1 FROM t WHERE nope = 1", column("nope")),
        ("INSERT INTO t (nope) VALUES (1)", column("nope")),
        ("UPDATE t SET nope = 1", column("nope")),
        // By default SQLite takes a quoted name that it does not know for a text.
        (
            r#"SELECT "nope", count(*) FROM t GROUP BY 1"#,
            column("nope"),
        ),
        (
            r#"SELECT count(*) FROM t WHERE "nope" = 'ann'"#,
            column("nope"),
        ),
        (
            r#"SELECT count(*) FROM t WHERE name = "nope""#,
            column("nope"),
        ),
        (r#"UPDATE t SET name = "nope" WHERE id = 9"#, column("nope")),
        ("SELECT nope(1) FROM t", None),
    ] {
        let query = Query {
            mode: if sql.starts_with("SELECT") {
                Mode::Read
            } else {
                Mode::Write
            },
            ..Query::read(USER, sql)
        };
        let err = engine.run_sql(query).await.unwrap_err();
        let found = engine.unknown_name(&err);
        assert_eq!(expected, found, "{sql}: {err:?}");
    }
}

#[tokio::test]
async fn views_and_triggers_keep_their_texts_in_double_quotes() {
    let fixture = fixture();
    let db = rusqlite::Connection::open(fixture.folder.path().join("data.db")).unwrap();
    db.execute_batch(
        r#"CREATE VIEW anns AS SELECT id FROM t WHERE name = "ann";
           CREATE TRIGGER named AFTER INSERT ON t BEGIN UPDATE t SET name = "new" WHERE id = new.id; END"#,
    )
    .unwrap();
    let engine = fixture.engine(true).await;
    let run = async |sql: &str| engine.run_sql(write(&[sql])).await;
    let found = run("SELECT id FROM anns").await.unwrap();
    assert_eq!(vec![vec![json!(1)]], found[0].rows);
    run("INSERT INTO t VALUES (9, 'x', 1, NULL)").await.unwrap();
    let found = run("SELECT name FROM t WHERE id = 9").await.unwrap();
    assert_eq!(vec![vec![json!("new")]], found[0].rows);
    for sql in [
        r#"SELECT count(*) FROM t WHERE "nope" = 'ann'"#,
        r#"SELECT count(*) FROM anns WHERE "nope" = 'ann'"#,
    ] {
        assert!(run(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn tables_and_columns_are_listed() {
    let fixture = fixture();
    let engine = fixture.engine(false).await;
    assert_eq!(vec!["main"], engine.schemas(USER).await.unwrap());
    let tables = engine.tables(USER, "main").await.unwrap();
    let found: Vec<_> = tables.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    assert_eq!(vec![("t", TableKind::Table), ("v", TableKind::View)], found);
    let columns = engine.columns(USER, "main", "t").await.unwrap();
    assert_eq!(
        ("name", "TEXT", false),
        (
            columns[1].name.as_str(),
            columns[1].data_type.as_str(),
            columns[1].is_nullable
        )
    );
    assert!(
        engine
            .columns(USER, "main", "nope")
            .await
            .unwrap()
            .is_empty()
    );
    assert!(engine.tables(USER, "other").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_shown_of_tables_alone_to_those_who_do_not_see_every_table() {
    let fixture = fixture();
    let db = rusqlite::Connection::open(fixture.folder.path().join("data.db")).unwrap();
    db.execute_batch("CREATE VIRTUAL TABLE notes USING fts5(body)")
        .unwrap();
    let engine = fixture.engine(false).await;
    let limited = Policy::default();
    for (sql, kind, may_explain) in [
        ("select * from t", RelationKind::Plain, true),
        ("select * from T", RelationKind::Plain, true),
        ("select * from main.t", RelationKind::Plain, true),
        ("select * from v", RelationKind::Other, false),
        ("select * from t, v", RelationKind::Other, false),
        ("select * from t where id in v", RelationKind::Other, false),
        (
            "select * from t where id in (select id from V)",
            RelationKind::Other,
            false,
        ),
        ("select * from notes", RelationKind::Other, false),
        ("select * from sqlite_master", RelationKind::Other, false),
        ("select * from nowhere", RelationKind::Other, false),
    ] {
        for explain in ["explain", "explain query plan"] {
            let sql = format!("{explain} {sql}");
            let script = Script::parse(Dialect::Sqlite, &sql).unwrap();
            script.check(limited).unwrap();
            let catalogue = engine
                .describe(USER, &[], &script.names(limited))
                .await
                .unwrap();
            let outcome = script.check_relations(limited, &catalogue);
            assert_eq!(may_explain, outcome.is_ok(), "{sql}: {outcome:?}");
            script
                .check_relations(Policy::READ_ALL, &catalogue)
                .unwrap();
        }
        let last = sql
            .rsplit([' ', '.', ')'])
            .find(|word| !word.is_empty())
            .unwrap();
        let name = TableName::stored(Dialect::Sqlite, None, last);
        let names = NamesInUse {
            tables: [name.clone()].into(),
            ..NamesInUse::default()
        };
        let catalogue = engine.describe(USER, &[], &names).await.unwrap();
        let found = catalogue.tables.get(&name).map(|facts| facts.kind);
        assert_eq!(kind, found.unwrap_or_default(), "{sql}");
    }
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
        let outcome = fixture.engines.get(&config).await.map(drop);
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
        fixture.engines.get(&missing).await.map(drop),
        Err(QueryError::Unavailable { .. })
    ));
    let none = Engines::builder().build();
    assert!(matches!(
        none.get(&fixture.config(false, 1)).await.map(drop),
        Err(QueryError::PathNotAllowed)
    ));
}

#[tokio::test]
async fn engines_are_kept_apart_by_workspace_and_remade_on_change() {
    let fixture = fixture();
    let config = fixture.config(false, 1);
    let first = fixture.engines.get(&config).await.unwrap();
    assert!(Arc::ptr_eq(
        &first,
        &fixture.engines.get(&config).await.unwrap()
    ));
    let other = DatabaseConfig {
        workspace: "rival".parse().unwrap(),
        ..config.clone()
    };
    assert!(!Arc::ptr_eq(
        &first,
        &fixture.engines.get(&other).await.unwrap()
    ));
    let changed = DatabaseConfig {
        allow_dml: true,
        ..config.clone()
    };
    let second = fixture.engines.get(&changed).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
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
        .await
        .unwrap()
        .run_sql(Query::read(USER, "SELECT 1 FROM t"))
        .await
        .unwrap_err();
    assert!(!err.to_string().contains("text.db"), "{err}");
}

#[tokio::test]
async fn a_change_of_tables_changes_no_rows() {
    let fixture = fixture();
    let engine = fixture.engine(true).await;
    let script = [
        ("INSERT INTO t(name) VALUES ('x'), ('y')", 2),
        ("CREATE TABLE IF NOT EXISTS zz(a)", 0),
        ("CREATE TABLE IF NOT EXISTS zz(a)", 0),
        ("INSERT INTO zz VALUES (1), (2), (3)", 3),
        ("CREATE INDEX zz_a ON zz(a)", 0),
        ("ALTER TABLE zz ADD COLUMN b", 0),
        ("UPDATE zz SET b = 1 WHERE a > 1", 2),
        ("UPDATE zz SET b = 1 WHERE a > 100", 0),
        ("CREATE VIEW zv AS SELECT a FROM zz", 0),
        ("DROP VIEW zv", 0),
        ("DROP TABLE zz", 0),
        ("DELETE FROM t WHERE name IN ('x', 'y')", 2),
    ];
    let statements: Vec<&str> = script.iter().map(|(sql, _)| *sql).collect();
    let results = engine.run_sql(write(&statements)).await.unwrap();
    for ((sql, expected), result) in script.iter().zip(results) {
        assert_eq!(Some(*expected), result.affected_rows, "{sql}");
    }
    // Each in a call of its own, where the count before is another connection's.
    for (sql, expected) in script {
        let result = engine.run_one(write(&[sql])).await.unwrap();
        assert_eq!(Some(expected), result.affected_rows, "{sql}");
    }
}

#[tokio::test]
async fn infinities_are_texts_and_integers_keep_every_digit() {
    let fixture = fixture();
    let sql = "SELECT 1e999, -1e999, 9007199254740993, sum(id) + 9007199254740990, 1.5, \
               json_array(9007199254740993) FROM t";
    let result = fixture
        .engine(false)
        .await
        .run_one(Query::read(USER, sql))
        .await;
    assert_eq!(
        json!([
            "Infinity",
            "-Infinity",
            9_007_199_254_740_993_i64,
            9_007_199_254_740_996_i64,
            1.5,
            "[9007199254740993]"
        ]),
        json!(result.unwrap().rows[0])
    );
}

#[tokio::test]
async fn after_a_change_nothing_of_its_session_is_left() {
    let fixture = fixture();
    let engine = fixture.engines.get(&fixture.config(true, 1)).await.unwrap();
    engine
        .run_sql(write(&["INSERT INTO t(id, name) VALUES (4711, 'x')"]))
        .await
        .unwrap();
    let sql = "SELECT last_insert_rowid(), changes(), total_changes()";
    let result = engine.run_one(Query::read(USER, sql)).await.unwrap();
    assert_eq!(json!([0, 0, 0]), json!(result.rows[0]));
}

/// Holds a shared lock on the file, so that changes can be made and not committed.
fn reader(fixture: &Fixture) -> rusqlite::Connection {
    let reader = rusqlite::Connection::open(fixture.folder.path().join("data.db")).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM t")
        .unwrap();
    reader
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_meets_a_lock_is_rolled_back_and_told_as_busy() {
    let fixture = fixture();
    let engine = fixture.engine(true).await;
    let reader = reader(&fixture);
    let outcome = engine
        .run_sql(write(&["INSERT INTO t(name) VALUES ('x')"]))
        .await;
    assert!(matches!(outcome, Err(QueryError::Busy)), "{outcome:?}");
    drop(reader);
    let count = engine
        .run_one(Query::read(USER, "SELECT count(*) FROM t"))
        .await;
    assert_eq!(json!(3), count.unwrap().rows[0][0]);
    assert!(engine.run_sql(write(&["DELETE FROM t"])).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_not_stopped_once_it_has_begun() {
    let fixture = fixture();
    let engine = fixture.engine(true).await;
    for is_left in [false, true] {
        let reader = reader(&fixture);
        let cancel = CancellationToken::new();
        let query = Query {
            cancel: cancel.clone(),
            ..write(&["INSERT INTO t(name) VALUES ('x')"])
        };
        let running = tokio::spawn({
            let engine = engine.clone();
            async move { engine.run_sql(query).await }
        });
        // Committing waits for the reader; new readers are kept out meanwhile.
        let other = rusqlite::Connection::open(fixture.folder.path().join("data.db")).unwrap();
        other.busy_timeout(Duration::ZERO).unwrap();
        let is_committing = || {
            other
                .query_row("SELECT count(*) FROM t", [], |_| Ok(()))
                .is_err()
        };
        while !is_committing() {
            tokio::task::yield_now().await;
        }
        if is_left {
            running.abort();
        } else {
            cancel.cancel();
        }
        drop(reader);
        if !is_left {
            let outcome = running.await.unwrap();
            assert!(outcome.is_ok(), "{outcome:?}");
        }
    }
    other_sees(&fixture, 5);
}

/// Waits until the file has so many rows.
fn other_sees(fixture: &Fixture, rows: i64) {
    let other = rusqlite::Connection::open(fixture.folder.path().join("data.db")).unwrap();
    let start = Instant::now();
    loop {
        let count = other.query_row("SELECT count(*) FROM t", [], |row| row.get(0));
        if count == Ok(rows) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{count:?}");
    }
}

#[tokio::test]
async fn uris_say_which_file_and_whether_it_may_be_changed() {
    let fixture = fixture();
    let path = fixture.folder.path().join("data.db");
    let spaced = fixture.folder.path().join("a b#c.db");
    std::fs::copy(&path, &spaced).unwrap();
    let encoded = spaced.display().to_string().replace(' ', "%20");
    for (uri, may_write) in [
        (format!("sqlite:///{}", path.display()), true),
        (
            format!("sqlite+pysqlite:///{}?timeout=5", path.display()),
            true,
        ),
        (format!("sqlite:///{}?mode=ro", path.display()), false),
        (
            format!("sqlite:///file:{}?mode=ro&uri=true", path.display()),
            false,
        ),
        (format!("sqlite:///{encoded}"), true),
        (
            format!("sqlite:///file:{}?uri=true", encoded.replace('#', "%23")),
            true,
        ),
    ] {
        let config = DatabaseConfig {
            sqlalchemy_uri: uri.clone().into(),
            ..fixture.config(true, 1)
        };
        let engine = fixture.engines.get(&config).await.unwrap();
        assert!(
            engine
                .run_sql(Query::read(USER, "SELECT * FROM t"))
                .await
                .is_ok(),
            "{uri}"
        );
        let outcome = engine
            .run_sql(write(&["DELETE FROM t WHERE id = 99"]))
            .await;
        assert_eq!(may_write, outcome.is_ok(), "{uri}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_long_value_is_cut_and_its_neighbours_are_whole() {
    let fixture = fixture();
    let sql = "SELECT 1 AS id, printf('%.*c', 3000000, 'x') AS a, 'end' AS b, quote(printf('%.*c', 1000000, 'y')) AS c";
    let result = fixture
        .engine(false)
        .await
        .run_one(Query::read(USER, sql))
        .await;
    let result = result.unwrap();
    let row = &result.rows[0];
    assert_eq!((&json!(1), &json!("end")), (&row[0], &row[2]));
    for index in [1, 3] {
        let text = row[index].as_str().unwrap();
        assert!(
            text.ends_with("… [cut]") && text.len() > 100_000,
            "{}",
            text.len()
        );
    }
    assert!(result.has_cut_values);
}

#[tokio::test]
async fn a_query_that_needs_too_much_memory_fails_alone() {
    let fixture = fixture();
    let engine = fixture.engine(false).await;
    let columns: Vec<_> = (0..24)
        .map(|number| format!("printf('%.*c', 7000000, 'x') AS c{number}"))
        .collect();
    let sql = format!("SELECT {}", columns.join(", "));
    let err = engine.run_sql(Query::read(USER, sql)).await.unwrap_err();
    assert!(err.to_string().contains("more memory"), "{err}");
    assert!(engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok());
}
