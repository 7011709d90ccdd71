//! Nothing of one caller is left in a connection for the next.

use serde_json::json;
use tidegate_engines::{Query, QueryError};

use crate::{USER, engine_on, read_value, server, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_change_nothing_of_its_session_is_left() {
    let server = server();
    server
        .execute(
            "postgres",
            "CREATE TABLE kept(a int); CREATE TABLE shadowed(a text); INSERT INTO shadowed VALUES ('real'); \
             CREATE FUNCTION leave_traces() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
               CREATE TEMP TABLE shadowed AS SELECT 'poisoned' AS a; \
               PERFORM set_config('app.caller', 'ann', false); \
               PERFORM set_config('search_path', 'pg_temp', false); \
               PERFORM pg_advisory_lock(4711); \
               EXECUTE 'PREPARE secret AS SELECT ''of ann'''; \
               RETURN 1; END $$",
        )
        .unwrap();
    let engine = engine_on(&server, true, 1).await;
    engine
        .run_sql(write(&["INSERT INTO kept SELECT leave_traces()"]))
        .await
        .unwrap();
    for (sql, expected) in [
        ("SELECT a FROM shadowed", json!("real")),
        (
            "SELECT coalesce(nullif(current_setting('app.caller', true), ''), 'nobody')",
            json!("nobody"),
        ),
        (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711",
            json!(0),
        ),
        (
            "SELECT count(*) FROM pg_prepared_statements WHERE name = 'secret'",
            json!(0),
        ),
    ] {
        assert_eq!(expected, read_value(&engine, sql).await, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_leaves_no_settings_and_no_locks_and_its_connection_is_used_again() {
    let server = server();
    let engine = engine_on(&server, false, 1).await;
    let pid = read_value(&engine, "SELECT pg_backend_pid()").await;
    for (sql, is_answered) in [
        (
            "SELECT set_config('app.reader', 'ann', false), pg_advisory_lock(4712)",
            true,
        ),
        ("SELECT pg_advisory_lock(4712), 1 / 0", false),
    ] {
        assert_eq!(
            is_answered,
            engine.run_sql(Query::read(USER, sql)).await.is_ok()
        );
        for (sql, expected) in [
            (
                "SELECT coalesce(nullif(current_setting('app.reader', true), ''), 'nobody')",
                json!("nobody"),
            ),
            (
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4712",
                json!(0),
            ),
            ("SELECT pg_backend_pid()", pid.clone()),
        ] {
            assert_eq!(expected, read_value(&engine, sql).await, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_table_comes_after_those_of_the_search_path() {
    let server = server();
    server
        .execute(
            "postgres",
            "CREATE TABLE real_one(a text); INSERT INTO real_one VALUES ('real'); \
             CREATE FUNCTION shadow_real_one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
               CREATE TEMP TABLE real_one AS SELECT 'poisoned' AS a; RETURN 1; END $$",
        )
        .unwrap();
    let engine = engine_on(&server, true, 1).await;
    let query = Query {
        search_path: Some(vec!["public".to_owned()]),
        ..write(&["SELECT shadow_real_one()", "SELECT a FROM real_one"])
    };
    let results = engine.run_sql(query).await.unwrap();
    assert_eq!(json!("real"), results[1].rows[0][0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_waits_for_data_is_given_up_and_its_connection_closed() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE copied(a int)")
        .unwrap();
    let engine = engine_on(&server, true, 1).await;
    for query in [
        write(&["COPY copied FROM STDIN /* waits */"]),
        Query::read(USER, "COPY (SELECT 1) TO STDOUT /* waits */"),
    ] {
        let outcome = engine.run_sql(query).await;
        assert!(
            !matches!(outcome, Ok(_) | Err(QueryError::OutcomeUnknown)),
            "{outcome:?}"
        );
    }
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%waits%'";
    server.eventually("postgres", sql, "0").unwrap();
    assert_eq!(json!(1), read_value(&engine, "SELECT 1").await);
}
