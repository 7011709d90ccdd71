//! What queries give, and what stops them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tidegate_engines::{DataSource, Query, QueryError, TableKind, Truncation};
use tidegate_testkit::pgbouncer::PgBouncer;
use tidegate_testkit::postgres::PostgresServer;
use tokio_util::sync::CancellationToken;

use crate::{SLOW, USER, engine_on, engine_with, limits, running, server, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_all_types_arrive_as_they_are() {
    let server = server();
    let sql = "SELECT 1::int2 a, 9007199254740993::int8 b, 1.5::float4 c, 0.1::float8 d, 12.30::numeric e, \
        true f, 'x' g, null h, date '2020-01-02' i, timestamp '2020-01-02 03:04:05.6' j, \
        timestamptz '2020-01-02 03:04:05+00' k, uuid '0e37df36-f698-11e6-8dd4-cb9ced3df976' l, \
        '{\"a\": 1}'::jsonb m, array[1,2,null] n, array['a b'] o, '\\x00ff'::bytea p, \
        interval '1 day 2 hours' q, inet '10.0.0.1/8' r, int4range(1, 5) s, time '01:02:03' t, \
        'NaN'::float8 u, point(1, 2) v, 1 a";
    let engine = engine_on(&server, false, 2).await;
    let result = engine.run_one(Query::read(USER, sql)).await.unwrap();
    let names: Vec<_> = result.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!((&"a", &"a__1"), (&names[0], &names[22]));
    let expected = json!([
        1,
        9_007_199_254_740_993_i64,
        1.5,
        0.1,
        12.3,
        true,
        "x",
        null,
        "2020-01-02",
        "2020-01-02 03:04:05.6",
        result.rows[0][10],
        "0e37df36-f698-11e6-8dd4-cb9ced3df976",
        "{\"a\": 1}",
        "[1, 2, null]",
        "[\"a b\"]",
        "\\x00ff",
        "1 day 02:00:00",
        "10.0.0.1/8",
        "[1,5)",
        "01:02:03",
        "NaN",
        "(1,2)",
        1
    ]);
    assert_eq!(expected, json!(result.rows[0]));
    let types: Vec<_> = result
        .columns
        .iter()
        .map(|c| c.type_name.as_str())
        .take(10)
        .collect();
    assert_eq!(
        vec![
            "int64",
            "int64",
            "float64",
            "float64",
            "decimal",
            "bool",
            "object",
            "object",
            "object",
            "datetime64[us]"
        ],
        types
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unnamed_columns_explain_and_empty_results_work() {
    let server = server();
    let engine = engine_on(&server, false, 2).await;
    let one = engine.run_one(Query::read(USER, "SELECT 1")).await.unwrap();
    assert_eq!("?column?", one.columns[0].name);
    let plan = engine
        .run_one(Query::read(USER, "EXPLAIN SELECT 1"))
        .await
        .unwrap();
    assert_eq!("QUERY PLAN", plan.columns[0].name);
    let none = engine
        .run_one(Query::read(USER, "SELECT 1 AS a WHERE false"))
        .await
        .unwrap();
    assert_eq!((0, true), (none.row_count(), none.has_rows()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_stops_at_the_rows_and_at_the_bytes_and_stops_the_server() {
    let server = server();
    let engine = engine_on(&server, false, 1).await;
    let endless = "SELECT generate_series(1, 100000000) AS n";
    let start = Instant::now();
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
    assert!(start.elapsed() < Duration::from_secs(30));
    server
        .eventually("postgres", &running("generate_series(1, 100000000)"), "0")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_a_cancelled_and_a_dropped_query_end_in_the_server() {
    let server = server();
    let engine = engine_on(&server, false, 1).await;
    queries_end_in_the_server(&server, engine).await;
}

/// A pooler passes a request to cancel on only as long as whoever sent it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_they_end_in_the_server_as_well() {
    let server = server();
    let bouncer = PgBouncer::start(server.port(), "").unwrap();
    let engine = engine_with(&bouncer.url("postgres"), false, limits(1)).await;
    queries_end_in_the_server(&server, engine).await;
}

async fn queries_end_in_the_server(server: &PostgresServer, engine: Arc<dyn DataSource>) {
    let late = Query {
        timeout: Duration::from_millis(200),
        ..Query::read(USER, format!("{SLOW} /* late */"))
    };
    let outcome = engine.run_sql(late).await;
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    server
        .eventually("postgres", &running("* late *"), "0")
        .unwrap();

    let cancel = CancellationToken::new();
    let query = Query {
        cancel: cancel.clone(),
        ..Query::read(USER, format!("{SLOW} /* cancelled */"))
    };
    let cancelled = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_sql(query).await }
    });
    server
        .eventually("postgres", &running("* cancelled *"), "1")
        .unwrap();
    cancel.cancel();
    let outcome = cancelled.await.unwrap();
    assert!(matches!(outcome, Err(QueryError::Cancelled)), "{outcome:?}");
    server
        .eventually("postgres", &running("* cancelled *"), "0")
        .unwrap();

    let dropped = tokio::spawn({
        let engine = engine.clone();
        async move {
            engine
                .run_sql(Query::read(USER, format!("{SLOW} /* dropped */")))
                .await
        }
    });
    server
        .eventually("postgres", &running("* dropped *"), "1")
        .unwrap();
    dropped.abort();
    server
        .eventually("postgres", &running("* dropped *"), "0")
        .unwrap();
    assert!(
        engine.run_sql(Query::read(USER, "SELECT 1")).await.is_ok(),
        "the pool is good"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_cannot_write_whatever_it_says() {
    let server = server();
    server
        .execute(
            "postgres",
            "CREATE TABLE guarded(a int); INSERT INTO guarded VALUES (1)",
        )
        .unwrap();
    for allow_dml in [false, true] {
        let engine = engine_on(&server, allow_dml, 2).await;
        for sql in [
            "DELETE FROM guarded",
            "WITH d AS (DELETE FROM guarded RETURNING *) SELECT * FROM d",
            "CREATE TABLE y(a int)",
            "SELECT 1; COMMIT; DELETE FROM guarded",
            "COMMIT; DELETE FROM guarded",
        ] {
            let outcome = engine.run_sql(Query::read(USER, sql)).await;
            assert!(
                matches!(outcome, Err(QueryError::Database { .. })),
                "{sql}: {outcome:?}"
            );
        }
    }
    assert_eq!(
        "1",
        server
            .execute("postgres", "SELECT count(*) FROM guarded")
            .unwrap()
            .trim()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_all_or_nothing_and_are_drained_even_when_they_return_much() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE written(a int)")
        .unwrap();
    let engine = engine_on(&server, true, 2).await;
    let done = engine
        .run_sql(write(&[
            "INSERT INTO written VALUES (1), (2)",
            "UPDATE written SET a = 3 WHERE a = 1",
        ]))
        .await
        .unwrap();
    assert_eq!(
        vec![Some(2), Some(1)],
        done.iter().map(|r| r.affected_rows).collect::<Vec<_>>()
    );
    let failed = engine
        .run_sql(write(&[
            "DELETE FROM written",
            "INSERT INTO nope VALUES (1)",
        ]))
        .await;
    assert!(matches!(failed, Err(QueryError::Database { .. })));
    let big = Query {
        max_rows: 5,
        ..write(&["INSERT INTO written SELECT n FROM generate_series(1, 1000) n RETURNING a"])
    };
    let result = engine.run_one(big).await.unwrap();
    assert_eq!(
        (5, Some(Truncation::Rows)),
        (result.row_count(), result.truncation)
    );
    assert_eq!(
        "1002",
        server
            .execute("postgres", "SELECT count(*) FROM written")
            .unwrap()
            .trim()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_decides_what_a_name_means_for_one_query() {
    let server = server();
    server.execute("postgres", "CREATE SCHEMA other; CREATE TABLE other.placed(a int); INSERT INTO other.placed VALUES (7)").unwrap();
    let engine = engine_on(&server, false, 1).await;
    let sql = "SELECT a FROM placed";
    let found = engine
        .run_one(Query {
            search_path: Some(vec!["other".to_owned()]),
            ..Query::read(USER, sql)
        })
        .await
        .unwrap();
    assert_eq!(json!(7), found.rows[0][0]);
    let err = engine.run_sql(Query::read(USER, sql)).await.unwrap_err();
    assert_eq!("relation \"placed\" does not exist", err.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backslashes_are_plain_whatever_the_role_says() {
    let server = tidegate_testkit::postgres::PostgresServer::start().unwrap();
    server
        .execute(
            "postgres",
            "ALTER ROLE postgres SET standard_conforming_strings = off",
        )
        .unwrap();
    server
        .eventually("postgres", "SHOW standard_conforming_strings", "off")
        .unwrap();
    let engine = engine_on(&server, false, 1).await;
    let result = engine
        .run_one(Query::read(USER, r"SELECT 'a\' AS x, 'b' AS y"))
        .await
        .unwrap();
    assert_eq!(json!(["a\\", "b"]), json!(result.rows[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_columns_are_listed() {
    let server = server();
    server.execute("postgres", "CREATE SCHEMA listed; CREATE TABLE listed.t(a int NOT NULL, b varchar(5)); CREATE VIEW listed.v AS SELECT a FROM listed.t").unwrap();
    let engine = engine_on(&server, false, 2).await;
    assert!(
        engine
            .schemas(USER)
            .await
            .unwrap()
            .contains(&"listed".to_owned())
    );
    let tables = engine.tables(USER, "listed").await.unwrap();
    let found: Vec<_> = tables.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    assert_eq!(vec![("t", TableKind::Table), ("v", TableKind::View)], found);
    let columns = engine.columns(USER, "listed", "t").await.unwrap();
    let found: Vec<_> = columns
        .iter()
        .map(|c| (c.name.as_str(), c.data_type.as_str(), c.is_nullable))
        .collect();
    assert_eq!(
        vec![("a", "integer", false), ("b", "character varying(5)", true)],
        found
    );
    assert!(
        engine
            .columns(USER, "listed", "x' OR true --")
            .await
            .unwrap()
            .is_empty()
    );
}
