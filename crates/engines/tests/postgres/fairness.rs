//! One user's queries and everybody else's on the same database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tidegate_engines::{DataSource, PoolLimits, Query, QueryError};
use tidegate_sql_guard::NamesInUse;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::UserId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{SLOW, engine_with, limits, running, server, write};

const HEAVY: UserId = UserId(1);
const LIGHT: UserId = UserId(2);

fn slow(marker: &str) -> Query {
    Query {
        timeout: Duration::from_mins(10),
        ..Query::read(HEAVY, format!("{SLOW} /* {marker} */"))
    }
}

/// Runs so many queries of one user that sleep, of which `held` come to hold all that the user may have.
fn occupy(
    server: &PostgresServer,
    engine: &Arc<dyn DataSource>,
    (queries, held): (usize, usize),
    marker: &str,
) -> JoinSet<Result<(), QueryError>> {
    let mut sleeping = JoinSet::new();
    for _ in 0..queries {
        let (engine, query) = (engine.clone(), slow(marker));
        sleeping.spawn(async move { engine.run_sql(query).await.map(drop) });
    }
    let count = running(&format!("* {marker} *"));
    let held = held.to_string();
    server.eventually("postgres", &count, &held).unwrap();
    sleeping
}

/// Everything that a call asks of a database.
async fn call(engine: Arc<dyn DataSource>, user: UserId) -> Result<(), QueryError> {
    let path = engine.search_path(user).await?;
    let table = ["pg_class".to_owned()];
    engine.find_tables(user, &path, &table).await?;
    engine.describe(user, &path, &NamesInUse::default()).await?;
    engine.schemas(user).await?;
    engine.tables(user, "public").await?;
    engine.columns(user, "pg_catalog", "pg_class").await?;
    let result = engine.run_one(Query::read(user, "SELECT 7")).await?;
    assert_eq!(json!(7), result.rows[0][0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sleeping_queries_of_one_user_hold_up_nobody_else() {
    let server = server();
    let uri = server.url("postgres");
    for queries in [50, 400] {
        let engine = engine_with(&uri, false, PoolLimits::default()).await;
        let marker = format!("sleeps {queries}");
        let mut sleeping = occupy(&server, &engine, (queries, 6), &marker);
        let start = Instant::now();
        // More of them at once than the two connections that are left.
        let others = (2..22).map(|user| call(engine.clone(), UserId(user)));
        for outcome in futures_util::future::join_all(others).await {
            outcome.unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(20));
        // Of the user's own some waited behind themselves, and were told.
        let own = call(engine.clone(), HEAVY).await;
        assert!(matches!(own, Err(QueryError::Busy)), "{own:?}");
        sleeping.shutdown().await;
        let count = running(&format!("* {marker} *"));
        server.eventually("postgres", &count, "0").unwrap();
        call(engine, HEAVY).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_connections_one_is_left_for_the_next_user() {
    let server = server();
    let uri = server.url("postgres");
    let engine = engine_with(&uri, false, limits(2)).await;
    let mut sleeping = occupy(&server, &engine, (3, 1), "of two");
    call(engine, LIGHT).await.unwrap();
    sleeping.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_of_somebody_else_waits_for_the_only_connection_and_gets_it_first() {
    let server = server();
    let uri = server.url("postgres");
    let limits = PoolLimits {
        checkout_timeout: Duration::from_millis(200),
        ..limits(1)
    };
    let engine = engine_with(&uri, false, limits).await;
    let cancel = CancellationToken::new();
    let query = Query {
        cancel: cancel.clone(),
        ..slow("of one")
    };
    let sleeping = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_sql(query).await }
    });
    server
        .eventually("postgres", &running("* of one *"), "1")
        .unwrap();
    let waiting = tokio::spawn(call(engine.clone(), LIGHT));
    // This one waits for longer than it takes to be told that one is in one's own way.
    let own = engine.run_sql(slow("of one")).await;
    assert!(matches!(own, Err(QueryError::Busy)), "{own:?}");
    assert!(!waiting.is_finished());
    cancel.cancel();
    assert!(sleeping.await.unwrap().is_err());
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_server_takes_few_connections_the_next_free_one_is_for_somebody_else() {
    let server = server();
    server
        .execute("postgres", "CREATE ROLE few LOGIN CONNECTION LIMIT 3")
        .unwrap();
    let uri = server.url("postgres").replace("postgres@", "few@");
    let limits = PoolLimits {
        checkout_timeout: Duration::from_millis(500),
        ..PoolLimits::default()
    };
    let engine = engine_with(&uri, false, limits).await;
    engine
        .run_sql(Query::read(HEAVY, "SELECT 1"))
        .await
        .unwrap();
    let mut sleeping = JoinSet::new();
    for _ in 0..6 {
        let (engine, query) = (engine.clone(), slow("of few"));
        sleeping.spawn(async move { engine.run_sql(query).await.map(drop) });
    }
    // Those for whom the server had no connection are told that the user is in their own way.
    for _ in 0..3 {
        let told = sleeping.join_next().await.unwrap().unwrap();
        assert!(matches!(told, Err(QueryError::Busy)), "{told:?}");
    }
    let waiting = tokio::spawn(call(engine.clone(), LIGHT));
    let own = engine.run_sql(slow("of few")).await;
    assert!(matches!(own, Err(QueryError::Busy)), "{own:?}");
    let one = "SELECT pg_cancel_backend(min(pid)) FROM pg_stat_activity \
               WHERE query LIKE '%* of few *%' AND usename = 'few'";
    server.execute("postgres", one).unwrap();
    waiting.await.unwrap().unwrap();
    sleeping.shutdown().await;
}

/// A function that goes on when it is cancelled, until somebody gives the lock up.
fn make_stubborn(server: &PostgresServer) {
    let sql = "CREATE FUNCTION stubborn() RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
               LOOP BEGIN PERFORM pg_advisory_xact_lock(77); RETURN 1; \
               EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$";
    server.execute("postgres", sql).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_goes_on_when_it_is_cancelled_keeps_its_share_until_it_ends() {
    let server = server();
    make_stubborn(&server);
    let engine = engine_with(&server.url("postgres"), true, limits(1)).await;
    let stubborn = "SELECT stubborn() /* goes on */";
    for query in [Query::read(HEAVY, stubborn), write(&[stubborn])] {
        let locking = engine_with(&server.url("postgres"), false, limits(1)).await;
        let unlock = CancellationToken::new();
        let lock = Query {
            cancel: unlock.clone(),
            ..Query::read(HEAVY, "SELECT pg_advisory_xact_lock(77), pg_sleep(600)")
        };
        let holding = tokio::spawn(async move { locking.run_sql(lock).await });
        let holds = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
        server.eventually("postgres", holds, "1").unwrap();

        let late = Query {
            timeout: Duration::from_millis(300),
            ..query
        };
        let outcome = engine.run_sql(late).await;
        assert!(
            matches!(outcome, Err(QueryError::Timeout { .. })),
            "{outcome:?}"
        );
        // For longer than the connection is left open for nothing.
        let next = Query {
            timeout: Duration::from_secs(4),
            ..Query::read(LIGHT, "SELECT 1")
        };
        let next = engine.run_sql(next).await;
        assert!(matches!(next, Err(QueryError::Busy)), "{next:?}");
        let count = running("* goes on *");
        server.eventually("postgres", &count, "1").unwrap();

        unlock.cancel();
        assert!(holding.await.unwrap().is_err());
        call(engine.clone(), LIGHT).await.unwrap();
        server.eventually("postgres", &count, "0").unwrap();
    }
}
