//! A real PostgreSQL that ends connections, hangs, goes away, or stands behind PgBouncer.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share may panic as they do"
)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_query::{Expr, ExprTrait as _, InsertStatement, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, NamedRow, Pool, PoolSettings, row};
use tidegate_testkit::pgbouncer::PgBouncer;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::tcp_relay::TcpRelay;

const READ: &str = "read things";
const WRITE: &str = "write things";

const SETTINGS: PoolSettings = PoolSettings {
    max_connections: 8,
    acquire_timeout: Duration::from_secs(3),
    statement_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_mins(5),
};

/// Short, for tests that wait for it.
const IMPATIENT: PoolSettings = PoolSettings {
    acquire_timeout: Duration::from_millis(500),
    statement_timeout: Duration::from_secs(1),
    ..SETTINGS
};

/// What anything may take that waits for nothing, on a busy machine.
const AT_ONCE: Duration = Duration::from_millis(400);

fn server() -> PostgresServer {
    let server = PostgresServer::start().unwrap();
    let table = "CREATE TABLE things (id bigint PRIMARY KEY, name varchar(50), kind text)";
    server.execute("postgres", table).unwrap();
    let rows = "INSERT INTO things SELECT i, 'thing ' || i, 'old' FROM generate_series(1, 100) i";
    server.execute("postgres", rows).unwrap();
    server
}

fn pool(url: &str, settings: PoolSettings) -> Pool {
    Pool::postgres(&url.into(), settings).unwrap()
}

fn local(port: u16) -> String {
    format!("postgresql://postgres@127.0.0.1:{port}/postgres")
}

row! {
    struct Thing {
        id: i64 = things.id,
        name: String = things.name,
    }
}

fn things(up_to: i64) -> SelectStatement {
    Thing::select(&mut Query::select())
        .from("things")
        .and_where(Expr::col("id").lte(up_to))
        .and_where(Expr::col("kind").eq("old"))
        .order_by("id", Order::Asc)
        .to_owned()
}

fn insert(id: i64) -> InsertStatement {
    Query::insert()
        .into_table("things")
        .columns(["id", "name", "kind"])
        .values_panic([id.into(), "new".into(), "new".into()])
        .to_owned()
}

fn sleep(seconds: f64) -> SelectStatement {
    let sleep = Expr::cust_with_values("pg_sleep($1)", [seconds]);
    Query::select()
        .expr(Expr::val(1))
        .and_where(sleep.is_not_null())
        .to_owned()
}

async fn reads(pool: &Pool, up_to: i64) {
    let found: Vec<Thing> = pool.read(READ, &things(up_to)).await.unwrap();
    let name = |id| format!("thing {id}");
    let expected = (1..=up_to).map(|id| Thing { id, name: name(id) });
    assert_eq!(expected.collect::<Vec<_>>(), found);
}

/// Makes all connections of the pool.
async fn warm(pool: &Pool) {
    let read = (0..8).map(|_| async {
        pool.fetch(READ, &sleep(0.1)).await.unwrap();
    });
    futures_util::future::join_all(read).await;
}

fn count(server: &PostgresServer, condition: &str) -> String {
    let sql = format!("SELECT count(*) FROM things WHERE {condition}");
    server.execute("postgres", &sql).unwrap()
}

/// Connections of pools.
const OURS: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidegate'";

fn end_all(server: &PostgresServer) -> String {
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name = 'tidegate'";
    server.execute("postgres", end).unwrap()
}

/// An error with its causes.
fn chain(err: &dyn Error) -> String {
    let mut text = err.to_string();
    let mut next = err.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// What a manager and a metastore do: reads with values, changes, transactions, eight at a time, for many rounds.
async fn works_for_many_at_once(pool: Arc<Pool>, server: &PostgresServer, rounds: i64) {
    let tasks: Vec<_> = (0..8_i64)
        .map(|task| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move {
                for round in 0..rounds {
                    reads(&pool, 1 + (task * 7 + round) % 90).await;
                    let id = 1_000 + task * 1_000 + round;
                    match round % 3 {
                        0 => assert_eq!(1, pool.execute(WRITE, &insert(id)).await.unwrap()),
                        1 => {
                            let mut transaction = pool.begin(WRITE).await.unwrap();
                            assert_eq!(1, transaction.execute(&insert(id)).await.unwrap());
                            let own = Thing::select(&mut Query::select())
                                .from("things")
                                .and_where(Expr::col("id").eq(id))
                                .to_owned();
                            let own: Option<Thing> = transaction.read_one(&own).await.unwrap();
                            assert_eq!("new", own.unwrap().name);
                            transaction.commit().await.unwrap();
                        }
                        _ => {
                            let mut transaction = pool.begin(WRITE).await.unwrap();
                            transaction.execute(&insert(id)).await.unwrap();
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let kept = (0..rounds).filter(|round| round % 3 != 2).count() * 8;
    assert_eq!(kept.to_string(), count(server, "kind = 'new'"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_its_own_serves_many_at_once() {
    let server = server();
    let pool = Arc::new(pool(&server.url("postgres"), SETTINGS));
    works_for_many_at_once(Arc::clone(&pool), &server, 60).await;
    let left = server.execute("postgres", OURS).unwrap();
    assert!((1..=8).contains(&left.parse::<i32>().unwrap()), "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_gives_each_transaction_another_connection_serves_many_at_once() {
    // As it is installed, and as people set it for other clients.
    for settings in ["", "ignore_startup_parameters = options,extra_float_digits"] {
        let server = server();
        let bouncer = PgBouncer::start(server.port(), settings).unwrap();
        let pool = Arc::new(pool(&bouncer.url("postgres"), SETTINGS));
        works_for_many_at_once(pool, &server, 60).await;
        let kept = "SELECT count(*) FROM pg_prepared_statements";
        let bare = Pool::postgres(&bouncer.url("postgres").into(), SETTINGS).unwrap();
        let statement = Query::select()
            .expr_as(Expr::cust(format!("({kept})")), "kept")
            .to_owned();
        for _ in 0..6 {
            let row = bare.fetch_one(READ, &statement).await.unwrap().unwrap();
            let row: &dyn NamedRow = &row;
            let kept: i64 = row.get("kept", "kept").unwrap();
            assert_eq!(0, kept, "nothing is left behind for others");
        }
    }
}

#[tokio::test]
async fn a_pooler_in_session_mode_serves_as_well() {
    let server = server();
    let bouncer =
        PgBouncer::start(server.port(), "pool_mode = session\ndefault_pool_size = 10").unwrap();
    let pool = Arc::new(pool(&bouncer.url("postgres"), SETTINGS));
    works_for_many_at_once(pool, &server, 9).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_in_the_server_too() {
    const RUNS: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
    let server = server();
    let bouncer = PgBouncer::start(server.port(), "").unwrap();
    for url in [server.url("postgres"), bouncer.url("postgres")] {
        let pool = pool(&url, IMPATIENT);
        for in_transaction in [false, true] {
            let begun = Instant::now();
            let err = if in_transaction {
                let mut transaction = pool.begin(WRITE).await.unwrap();
                transaction.fetch(&sleep(300.0)).await.err().unwrap()
            } else {
                pool.fetch(READ, &sleep(300.0)).await.err().unwrap()
            };
            assert!(matches!(err, DatabaseError::Timeout { .. }), "{err:?}");
            // A pooler's server is told to stop, and has half a second to say that it did.
            let most = IMPATIENT.statement_timeout + Duration::from_millis(500) + AT_ONCE;
            assert!(begun.elapsed() < most, "{:?}", begun.elapsed());
            server.eventually("postgres", RUNS, "0").unwrap();
        }
        reads(&pool, 5).await;
    }
}

#[tokio::test]
async fn a_caller_that_leaves_ends_its_statement_and_keeps_nobody_waiting() {
    const RUNS: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
    let server = server();
    let pool = pool(
        &server.url("postgres"),
        PoolSettings {
            max_connections: 1,
            ..SETTINGS
        },
    );
    let statement = sleep(300.0);
    let left = tokio::time::timeout(AT_ONCE, pool.fetch(READ, &statement)).await;
    assert!(left.is_err());
    let begun = Instant::now();
    reads(&pool, 5).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    server.eventually("postgres", RUNS, "0").unwrap();
}

#[tokio::test]
async fn no_call_fails_when_the_server_has_ended_all_connections() {
    let server = server();
    let pool = pool(&server.url("postgres"), SETTINGS);
    for round in 0..3 {
        warm(&pool).await;
        assert_eq!("8", end_all(&server));
        // The driver has not heard of it yet, or has.
        if round > 0 {
            tokio::time::sleep(Duration::from_millis(20 * round)).await;
        }
        for _ in 0..10 {
            reads(&pool, 7).await;
        }
        warm(&pool).await;
        end_all(&server);
        let mut transaction = pool.begin(WRITE).await.unwrap();
        let id = 5_000 + i64::try_from(round).unwrap();
        transaction.execute(&insert(id)).await.unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!("3", count(&server, "kind = 'new'"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_of_many_at_once_fails_when_the_server_has_ended_all_connections() {
    let server = server();
    let pool = pool(&server.url("postgres"), SETTINGS);
    for _ in 0..3 {
        warm(&pool).await;
        end_all(&server);
        let reads = (0..40).map(|_| reads(&pool, 7));
        futures_util::future::join_all(reads).await;
    }
}

#[tokio::test]
async fn no_call_fails_after_a_restart() {
    let server = server();
    let pool = pool(&server.url("postgres"), SETTINGS);
    for _ in 0..2 {
        warm(&pool).await;
        server.restart_fast().unwrap();
        for _ in 0..10 {
            reads(&pool, 7).await;
        }
    }
}

#[tokio::test]
async fn no_call_fails_after_a_pause_that_the_server_does_not_forgive() {
    let server = server();
    server
        .execute(
            "postgres",
            "ALTER ROLE postgres SET idle_session_timeout = '50ms'",
        )
        .unwrap();
    let pool = pool(&server.url("postgres"), SETTINGS);
    for id in 0..3 {
        warm(&pool).await;
        server.eventually("postgres", OURS, "0").unwrap();
        reads(&pool, 7).await;
        server.eventually("postgres", OURS, "0").unwrap();
        assert_eq!(1, pool.execute(WRITE, &insert(7_000 + id)).await.unwrap());
    }
    assert_eq!("3", count(&server, "kind = 'new'"));
}

#[tokio::test]
async fn a_change_is_not_sent_on_a_connection_that_was_ended() {
    let server = server();
    let pool = pool(&server.url("postgres"), SETTINGS);
    for id in 0..3 {
        warm(&pool).await;
        end_all(&server);
        assert_eq!(1, pool.execute(WRITE, &insert(8_000 + id)).await.unwrap());
    }
    assert_eq!("3", count(&server, "kind = 'new'"));
}

/// Inserts a row after some seconds.
fn slow_insert() -> InsertStatement {
    let row = Query::select()
        .exprs([
            Expr::cust("9000 + length(pg_sleep(20)::text)"),
            Expr::val("slow"),
        ])
        .to_owned();
    Query::insert()
        .into_table("things")
        .columns(["id", "name"])
        .select_from(row)
        .unwrap()
        .to_owned()
}

/// Waits until the server runs it.
async fn it_runs(server: &PostgresServer) {
    let runs =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'INSERT%'";
    while server.execute("postgres", runs).unwrap() != "1" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_change_whose_connection_was_lost_says_that_it_may_have_happened() {
    let server = server();
    let relay = TcpRelay::to(server.port()).unwrap();
    let pool = pool(&local(relay.port()), SETTINGS);
    let slow = slow_insert();
    let (outcome, ()) = tokio::join!(pool.execute(WRITE, &slow), async {
        it_runs(&server).await;
        relay.cut();
    });
    let err = outcome.unwrap_err();
    assert!(matches!(err, DatabaseError::Interrupted { .. }), "{err:?}");
    end_all(&server);
    // In a transaction it is undone, surely.
    let mut transaction = pool.begin(WRITE).await.unwrap();
    transaction.execute(&insert(9_500)).await.unwrap();
    end_all(&server);
    let err = transaction.execute(&insert(9_501)).await.unwrap_err();
    assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
    let err = transaction.commit().await.unwrap_err();
    assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
    assert_eq!("0", count(&server, "id > 9000"));
}

#[tokio::test]
async fn a_change_that_the_server_ended_before_it_was_done_is_sent_again() {
    let server = server();
    let settings = PoolSettings {
        statement_timeout: Duration::from_secs(4),
        ..SETTINGS
    };
    let pool = pool(&server.url("postgres"), settings);
    let slow = slow_insert();
    let (outcome, ()) = tokio::join!(pool.execute(WRITE, &slow), async {
        it_runs(&server).await;
        end_all(&server);
        // It runs once more, from the beginning.
        it_runs(&server).await;
    });
    let err = outcome.unwrap_err();
    assert!(matches!(err, DatabaseError::Timeout { .. }), "{err:?}");
    assert_eq!("0", count(&server, "id > 9000"));
}

#[tokio::test]
async fn a_server_that_refuses_connections_is_told_at_once_and_in_its_words() {
    let server = server();
    let pool = pool(&server.url("postgres"), SETTINGS);
    warm(&pool).await;
    server.stop().unwrap();
    for _ in 0..20 {
        let begun = Instant::now();
        let err = pool.fetch(READ, &things(1)).await.err().unwrap();
        assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
        let told = chain(&err);
        assert!(told.contains("Connection refused"), "{told}");
        assert_eq!("nothing listens at its address", err.public_reason());
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
        let err = pool.execute(WRITE, &insert(1)).await.unwrap_err();
        assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
        assert!(pool.begin(WRITE).await.is_err());
    }
    server.start_again().unwrap();
    serves_again(&pool).await;
}

/// A call is served within a second or so, however many were refused before.
async fn serves_again(pool: &Pool) {
    let begun = Instant::now();
    while pool.fetch(READ, &things(1)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(2), "refused for ever");
        tokio::task::yield_now().await;
    }
    reads(pool, 7).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_tried_a_few_times_a_second_however_many_ask() {
    let server = server();
    let relay = TcpRelay::to(server.port()).unwrap();
    let pool = pool(&local(relay.port()), SETTINGS);
    warm(&pool).await;
    relay.lead_to_nothing();
    relay.cut();
    let (begun, before) = (Instant::now(), relay.accepted());
    for _ in 0..50 {
        let statement = things(1);
        let many = (0..40).map(|_| pool.fetch(READ, &statement));
        let told = futures_util::future::join_all(many).await;
        for err in told.into_iter().filter_map(Result::err) {
            assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
        }
    }
    let (tries, most) = (relay.accepted() - before, begun.elapsed().as_millis() / 100);
    // At first as many as the pool may make at once.
    let most = usize::try_from(most).unwrap() + 2 + SETTINGS.max_connections as usize;
    assert!(tries <= most, "{tries} connections for 2000 refusals");
    relay.lead_to(server.port());
    serves_again(&pool).await;
}

#[tokio::test]
async fn who_leaves_a_server_that_hangs_before_its_time_warns_the_others() {
    let server = server();
    let relay = TcpRelay::to(server.port()).unwrap();
    let settings = PoolSettings {
        acquire_timeout: Duration::from_millis(200),
        statement_timeout: Duration::from_mins(1),
        ..SETTINGS
    };
    let pool = pool(&local(relay.port()), settings);
    warm(&pool).await;
    relay.freeze();
    let statement = things(1);
    let waiting = pool.fetch(READ, &statement);
    let left = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    assert!(left.is_err(), "nothing answers");
    let begun = Instant::now();
    for _ in 0..100 {
        let err = pool.fetch(READ, &things(1)).await.err().unwrap();
        assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    relay.thaw();
    serves_again(&pool).await;
}

#[tokio::test]
async fn what_the_server_says_against_us_is_told_without_secrets() {
    let server = server();
    for (url, reason) in [
        (
            format!(
                "postgresql://nobody:hunter2@127.0.0.1:{}/postgres",
                server.port()
            ),
            "its server refuses the user or password",
        ),
        (
            format!(
                "postgresql://postgres:hunter2@127.0.0.1:{}/nothing",
                server.port()
            ),
            "its server has no database of that name",
        ),
        (
            "postgresql://postgres:hunter2@no-such-host.invalid/postgres".to_owned(),
            "the name of its host is not known",
        ),
    ] {
        let err = pool(&url, SETTINGS)
            .fetch(READ, &things(1))
            .await
            .err()
            .unwrap();
        assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
        assert_eq!(reason, err.public_reason());
        let told = format!("{err:?} {}", chain(&err));
        assert!(!told.contains("hunter2"), "{told}");
    }
    for url in [
        "mysql://u:hunter2@h/d",
        "nonsense hunter2",
        "postgresql://u:hunter2@h:port/d",
    ] {
        let err = Pool::postgres(&url.into(), SETTINGS).err().unwrap();
        assert!(matches!(err, DatabaseError::Unsuitable { .. }), "{err:?}");
        assert!(!chain(&err).contains("hunter2"), "{err}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_once_and_not_by_everybody() {
    let server = server();
    let relay = TcpRelay::to(server.port()).unwrap();
    let pool = pool(&local(relay.port()), IMPATIENT);
    warm(&pool).await;
    relay.freeze();
    let begun = Instant::now();
    let err = pool.fetch(READ, &things(1)).await.err().unwrap();
    assert!(matches!(err, DatabaseError::Timeout { .. }), "{err:?}");
    let waited = begun.elapsed();
    assert!(
        waited >= IMPATIENT.statement_timeout && waited < IMPATIENT.statement_timeout + AT_ONCE
    );
    let begun = Instant::now();
    for _ in 0..50 {
        let err = pool.fetch(READ, &things(1)).await.err().unwrap();
        assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
        assert!(pool.begin(WRITE).await.is_err());
        assert!(pool.execute(WRITE, &insert(1)).await.is_err());
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    relay.thaw();
    let begun = Instant::now();
    while pool.fetch(READ, &things(1)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    reads(&pool, 7).await;
}

#[tokio::test]
async fn a_slow_statement_is_no_server_that_hangs() {
    let server = server();
    let pool = pool(&server.url("postgres"), IMPATIENT);
    let statement = sleep(300.0);
    let (slow, ()) = tokio::join!(pool.fetch(READ, &statement), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        reads(&pool, 7).await;
    });
    let err = slow.err().unwrap();
    assert!(matches!(err, DatabaseError::Timeout { .. }), "{err:?}");
    reads(&pool, 7).await;
}

#[tokio::test]
async fn connections_that_all_are_in_use_are_waited_for_and_not_blamed_on_the_server() {
    let server = server();
    let settings = PoolSettings {
        max_connections: 1,
        ..IMPATIENT
    };
    let pool = pool(&server.url("postgres"), settings);
    let held = pool.begin(WRITE).await.unwrap();
    let begun = Instant::now();
    let err = pool.fetch(READ, &things(1)).await.err().unwrap();
    assert!(begun.elapsed() >= settings.acquire_timeout);
    assert!(
        chain(&err).contains("all 1 connections are in use"),
        "{}",
        chain(&err)
    );
    drop(held);
    reads(&pool, 7).await;
}

#[tokio::test]
async fn options_of_the_url_reach_the_server_or_are_missed_aloud() {
    let server = server();
    server
        .execute(
            "postgres",
            "CREATE SCHEMA other; CREATE TABLE other.others (id bigint)",
        )
        .unwrap();
    let others = Query::select().column("id").from("others").to_owned();
    for query in [
        "?options=-csearch_path%3Dother",
        // As earlier versions took it, too.
        "?options[search_path]=other",
        "?options%5Bsearch_path%5D=other&application_name=mine",
    ] {
        let direct = pool(&format!("{}{query}", server.url("postgres")), SETTINGS);
        assert!(direct.fetch(READ, &others).await.unwrap().is_empty());
        for settings in ["", "ignore_startup_parameters = options"] {
            let bouncer = PgBouncer::start(server.port(), settings).unwrap();
            let pooled = pool(&format!("{}{query}", bouncer.url("postgres")), SETTINGS);
            let err = pooled.fetch(READ, &others).await.err().unwrap();
            assert!(chain(&err).contains("ALTER ROLE"), "{}", chain(&err));
        }
    }
}

#[tokio::test]
async fn unused_connections_are_closed() {
    let server = server();
    let settings = PoolSettings {
        idle_timeout: Duration::from_millis(200),
        ..SETTINGS
    };
    let pool = pool(&server.url("postgres"), settings);
    warm(&pool).await;
    // In the background, so that the pool has its turn.
    let gone = tokio::task::spawn_blocking(move || {
        server.eventually("postgres", OURS, "0").map(|()| server)
    });
    let server = gone.await.unwrap().unwrap();
    reads(&pool, 7).await;
    pool.close().await;
    let err = pool.fetch(READ, &things(1)).await.err().unwrap();
    assert!(matches!(err, DatabaseError::Unavailable { .. }), "{err:?}");
    drop(server);
}
