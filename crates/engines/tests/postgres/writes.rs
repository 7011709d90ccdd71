//! A change is told as what it came to, whoever stops waiting for it and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tidegate_engines::{DataSource, PoolLimits, Query, QueryError};
use tidegate_testkit::postgres::PostgresServer;
use tokio_util::sync::CancellationToken;

use crate::proxy::{Habit, Proxy};
use crate::{engine_with, limits, read_value, running, server, write};

/// A table whose rows are checked when they are committed, which takes so many seconds.
fn slow_to_commit(server: &PostgresServer, table: &str, seconds: f64) {
    server
        .execute(
            "postgres",
            &format!(
                "CREATE TABLE {table}(a int); \
                 CREATE FUNCTION {table}_slow() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN PERFORM pg_sleep({seconds}) /* {table} */; RETURN NULL; END $$; \
                 CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED \
                 FOR EACH ROW EXECUTE FUNCTION {table}_slow()"
            ),
        )
        .unwrap();
}

fn count(server: &PostgresServer, table: &str) -> String {
    let rows = server.execute("postgres", &format!("SELECT count(*) FROM {table}"));
    rows.unwrap().trim().to_owned()
}

fn impatient(millis: u64) -> PoolLimits {
    PoolLimits {
        commit_timeout: Duration::from_millis(millis),
        ..limits(2)
    }
}

async fn engine(server: &PostgresServer, commit_millis: u64) -> Arc<dyn DataSource> {
    engine_with(&server.url("postgres"), true, impatient(commit_millis)).await
}

/// `COMMIT` has come to the server.
fn wait_for_commit(server: &PostgresServer) {
    let sql = "SELECT count(*) > 0 FROM pg_stat_activity \
               WHERE state = 'active' AND query = 'COMMIT' AND application_name = 'tidegate'";
    server.eventually("postgres", sql, "t").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_outlives_the_deadline_and_is_reported_as_done() {
    let server = server();
    slow_to_commit(&server, "late_commit", 1.0);
    let query = Query {
        timeout: Duration::from_millis(500),
        ..write(&["INSERT INTO late_commit VALUES (1)"])
    };
    let done = engine(&server, 20_000).await.run_one(query).await.unwrap();
    assert_eq!(Some(1), done.affected_rows);
    assert_eq!("1", count(&server, "late_commit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_not_cancelled_by_its_caller() {
    // Alone on its server, so that the commit that is waited for is this one.
    let server = PostgresServer::start().unwrap();
    slow_to_commit(&server, "cancelled_commit", 2.0);
    let engine = engine(&server, 20_000).await;
    let cancel = CancellationToken::new();
    let query = Query {
        cancel: cancel.clone(),
        ..write(&["INSERT INTO cancelled_commit VALUES (1)"])
    };
    let running = tokio::spawn(async move { engine.run_one(query).await });
    wait_for_commit(&server);
    cancel.cancel();
    assert_eq!(Some(1), running.await.unwrap().unwrap().affected_rows);
    assert_eq!("1", count(&server, "cancelled_commit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_goes_on_when_its_caller_is_gone() {
    let server = PostgresServer::start().unwrap();
    slow_to_commit(&server, "left_commit", 2.0);
    let engine = engine(&server, 20_000).await;
    let running = tokio::spawn(async move {
        engine
            .run_one(write(&["INSERT INTO left_commit VALUES (1)"]))
            .await
    });
    wait_for_commit(&server);
    running.abort();
    server
        .eventually("postgres", "SELECT count(*) FROM left_commit", "1")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_stopped_before_its_commit_is_rolled_back() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE stopped(a int)")
        .unwrap();
    let engine = engine(&server, 20_000).await;
    let slow = |marker: &str| {
        write(&[
            "INSERT INTO stopped VALUES (1)",
            &format!("INSERT INTO stopped SELECT 2 FROM pg_sleep(60) /* {marker} */"),
        ])
    };
    let late = Query {
        timeout: Duration::from_millis(300),
        ..slow("late write")
    };
    assert!(matches!(
        engine.run_sql(late).await,
        Err(QueryError::Timeout { .. })
    ));
    let cancel = CancellationToken::new();
    let query = Query {
        cancel: cancel.clone(),
        ..slow("cancelled write")
    };
    let cancelled = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_sql(query).await }
    });
    server
        .eventually("postgres", &running("* cancelled write *"), "1")
        .unwrap();
    cancel.cancel();
    assert!(matches!(
        cancelled.await.unwrap(),
        Err(QueryError::Cancelled)
    ));
    let left = tokio::spawn({
        let (engine, query) = (engine.clone(), slow("left write"));
        async move { engine.run_sql(query).await }
    });
    server
        .eventually("postgres", &running("* left write *"), "1")
        .unwrap();
    left.abort();
    for marker in ["late write", "cancelled write", "left write"] {
        server
            .eventually("postgres", &running(&format!("* {marker} *")), "0")
            .unwrap();
    }
    assert_eq!("0", count(&server, "stopped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_takes_too_long_is_stopped_and_the_servers_word_counts() {
    let server = server();
    slow_to_commit(&server, "endless_commit", 600.0);
    let start = Instant::now();
    let outcome = engine(&server, 300)
        .await
        .run_sql(write(&["INSERT INTO endless_commit VALUES (1)"]))
        .await;
    // The server says that it has rolled back.
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(30));
    server
        .eventually("postgres", &running("endless_commit"), "0")
        .unwrap();
    assert_eq!("0", count(&server, "endless_commit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_told_in_the_servers_words() {
    let server = server();
    server
        .execute(
            "postgres",
            "CREATE TABLE parents(id int PRIMARY KEY); \
             CREATE TABLE children(parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
        )
        .unwrap();
    let outcome = engine(&server, 20_000)
        .await
        .run_sql(write(&["INSERT INTO children VALUES (7)"]))
        .await;
    let Err(QueryError::Database { message, code }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(message.contains("violates foreign key"), "{message}");
    assert_eq!(Some("23503"), code.as_deref());
    assert_eq!("0", count(&server, "children"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_may_have_been_made() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE unknown(a int)")
        .unwrap();
    for (number, habit) in [
        Habit::SwallowsAnswerTo("COMMIT"),
        Habit::BreaksAfter("COMMIT"),
        Habit::BreaksBeforeOnce("COMMIT"),
    ]
    .into_iter()
    .enumerate()
    {
        let proxy = Proxy::start(server.port(), habit).await;
        let engine = engine_with(&proxy.url(), true, impatient(300)).await;
        let sql = format!("INSERT INTO unknown VALUES ({number})");
        let outcome = engine.run_sql(write(&[&sql])).await;
        assert!(
            matches!(outcome, Err(QueryError::OutcomeUnknown)),
            "{habit:?}: {outcome:?}"
        );
        let text = outcome.unwrap_err().to_string();
        assert_eq!(
            "the change may have been made; look before you repeat it",
            text
        );
    }
    // Made twice, and told as unknown each time: that is why nobody may repeat it blindly.
    server
        .eventually("postgres", "SELECT count(*) FROM unknown", "2")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_before_the_commit_has_changed_nothing() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE broken(a int)")
        .unwrap();
    let proxy = Proxy::start(server.port(), Habit::BreaksAfter("INSERT")).await;
    let engine = engine_with(&proxy.url(), true, impatient(300)).await;
    let outcome = engine
        .run_sql(write(&["INSERT INTO broken VALUES (1)"]))
        .await;
    assert!(
        matches!(outcome, Err(QueryError::ConnectionLost { .. })),
        "{outcome:?}"
    );
    assert_eq!("0", count(&server, "broken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_on_a_connection_that_had_died_runs_on_another() {
    let server = server();
    server
        .execute("postgres", "CREATE TABLE again(a int)")
        .unwrap();
    let proxy = Proxy::start(server.port(), Habit::BreaksBeforeOnce("READ WRITE")).await;
    let engine = engine_with(&proxy.url(), true, impatient(5_000)).await;
    let done = engine
        .run_one(write(&["INSERT INTO again VALUES (1)"]))
        .await;
    assert_eq!(Some(1), done.unwrap().affected_rows);
    assert_eq!(
        json!(1),
        read_value(&engine, "SELECT count(*) FROM again").await
    );
}
