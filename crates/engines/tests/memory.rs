//! What one query, and eight at once, may add to the memory of a process.
//!
//! Each is measured in a process of its own, so that nothing that an allocator kept of one hides what the next one
//! takes: this program starts itself again for a single test that reads from its input what to run.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tidegate_engines::{DatabaseConfig, Engines, Mode, PoolLimits, Query, QueryError};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::UserId;

/// MB that one query may add.
const ONE: u64 = 32;
/// MB that eight at once may add.
const EIGHT: u64 = 128;
// What the queries below give is beyond both, and not more: a query that were kept as a whole would be found.

fn columns(count: usize, column: impl Fn(usize) -> String) -> String {
    let columns: Vec<_> = (0..count).map(column).collect();
    format!("SELECT {}", columns.join(", "))
}

fn postgres_queries() -> Vec<String> {
    let few = "FROM generate_series(1, 2000)";
    vec![
        "SELECT repeat('a',15000000) a, repeat('b',15000000) b, repeat('c',15000000) c".into(),
        "SELECT repeat('a', 40000000)".into(),
        "SELECT repeat(E'\\x01', 20000000)".into(),
        "SELECT repeat(E'\\\\\"', 20000000)".into(),
        "SELECT (repeat('a',40000000))::numeric".into(),
        "SELECT repeat('a', 900000) FROM generate_series(1, 100)".into(),
        "SELECT repeat('a', 3000000) FROM generate_series(1, 10)".into(),
        columns(1_600, |n| format!("repeat('x', 20000) AS c{n}")),
        columns(1_600, |n| format!("{n} AS \"{n}_{}\" ", "n".repeat(50))) + few,
        columns(1_600, |n| format!("{n} AS c{n} ")) + few,
        "SELECT array_agg(repeat('x', 1000)) FROM generate_series(1, 30000)".into(),
        "SELECT array_agg(n) FROM generate_series(1, 1000000) n".into(),
        "SELECT json_agg(repeat('x', 1000)) FROM generate_series(1, 30000)".into(),
        "SELECT decode(repeat('ff', 20000000), 'hex')".into(),
        "SELECT notices(400, 100000)".into(),
        "SELECT failing(14000000)".into(),
    ]
}

fn sqlite_queries() -> Vec<String> {
    let series = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 30000)";
    vec![
        columns(24, |n| format!("printf('%.*c', 15000000, 'x') AS c{n}")),
        columns(24, |n| format!("printf('%.*c', 7000000, 'x') AS c{n}")),
        columns(1_900, |n| format!("printf('%.*c', 100000, 'x') AS c{n}")),
        columns(1_900, |n| format!("'{n}' AS c{n}")) + &format!(" FROM ({series} SELECT n FROM r)"),
        "SELECT printf('%.*c', 7000000, char(1))".into(),
        "SELECT hex(printf('%.*c', 3900000, 'x'))".into(),
        format!("{series} SELECT group_concat(printf('%.*c', 1000, 'x')) FROM r"),
        format!("{series} SELECT json_group_array(printf('%.*c', 1000, 'x')) FROM r"),
        format!("{series} SELECT n, printf('%.*c', 100000, 'x') x FROM r ORDER BY x, n DESC"),
        format!("{series} SELECT DISTINCT printf('%.*c', 10000, 'x') || n FROM r"),
        format!("{series} SELECT n, max(printf('%.*c', 10000, 'x') || n) FROM r GROUP BY n"),
        format!("{series} SELECT printf('%.*c', 900000, 'x') FROM r"),
        "WITH RECURSIVE r(s) AS (SELECT 'xxxxxxxxxx' UNION ALL SELECT s || s FROM r) SELECT s FROM r".into(),
        "SELECT replace(printf('%.*c', 10000, 'x'), 'x', printf('%.*c', 700, 'y'))".into(),
    ]
}

/// Runs the statement so many times at once in a process of its own, and gives what it says of it.
fn measure(uri: &str, sql: &str, mode: &str, count: usize, limit: u64) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "one_measurement", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = json!({ "uri": uri, "sql": sql, "mode": mode, "count": count, "limit": limit });
    let mut input = child.stdin.take().unwrap();
    input.write_all(told.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let shown: String = sql.chars().take(80).collect();
    // A child that finds no test of that name succeeds as well.
    let did_measure = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(
        output.status.success() && did_measure,
        "{count} of {shown}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn measure_all(uri: &str, queries: &[String]) {
    for sql in queries {
        measure(uri, sql, "read", 1, ONE);
        measure(uri, sql, "read", 8, EIGHT);
    }
}

#[test]
fn no_query_of_sqlite_takes_more_memory_than_an_answer_needs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("CREATE TABLE t(a)")
        .unwrap();
    measure_all(&format!("sqlite:///{}", file.display()), &sqlite_queries());
}

#[test]
fn no_query_of_postgresql_takes_more_memory_than_an_answer_needs() {
    let server = PostgresServer::start().unwrap();
    server
        .execute(
            "postgres",
            "CREATE TABLE filled(a text); \
             CREATE FUNCTION notices(count int, size int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
               FOR i IN 1..count LOOP RAISE NOTICE '%', repeat('n', size); END LOOP; RETURN count; END $$; \
             CREATE FUNCTION failing(size int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN \
               RAISE EXCEPTION '%', repeat('e', size) USING DETAIL = repeat('d', size), HINT = repeat('h', size); \
             END $$",
        )
        .unwrap();
    let uri = server.url("postgres");
    measure_all(&uri, &postgres_queries());
    let sql =
        "INSERT INTO filled SELECT repeat('x', 10000000) FROM generate_series(1, 5) RETURNING a";
    measure(&uri, sql, "write", 1, ONE);
}

/// KB of a line of `/proc/self/status`.
fn status(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix(line)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a part of the others, which tell it what to do"]
async fn one_measurement() {
    let told: Value = serde_json::from_reader(std::io::stdin()).unwrap();
    let text = |name: &str| told[name].as_str().unwrap();
    let number = |name: &str| told[name].as_u64().unwrap();
    let engines = Engines::builder().sqlite_root("/").build();
    let config = DatabaseConfig {
        workspace: "acme".parse().unwrap(),
        id: 1,
        sqlalchemy_uri: text("uri").to_owned().into(),
        connect_args: Vec::new(),
        server_certificate: None,
        allow_dml: true,
        limits: PoolLimits::default(),
    };
    let engine = engines.get(&config).await.unwrap();
    // What is made once, for any query.
    engine
        .run_sql(Query::read(UserId(0), "SELECT 1"))
        .await
        .unwrap();
    let before = status("VmRSS:");
    // Resets the high-water mark (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (engine, text) = (&engine, &text);
    // One user alone may not have all connections.
    futures_util::future::join_all((0..number("count")).map(|user| async move {
        let mode = match text("mode") {
            "write" => Mode::Write,
            _ => Mode::Read,
        };
        let query = Query {
            mode,
            ..Query::read(UserId(i64::try_from(user).unwrap()), text("sql"))
        };
        // Whether the database refuses it is another question; what it takes is this one.
        let results = match engine.run_sql(query).await {
            Ok(results) => results,
            Err(QueryError::Database { .. }) => Vec::new(),
            Err(err) => panic!("it was not asked: {err:?}"),
        };
        for result in results {
            let json = serde_json::to_string(&result.row_objects()).unwrap();
            assert!(json.len() <= 4 << 20, "{} bytes of JSON", json.len());
        }
    }))
    .await;
    let added = status("VmHWM:").saturating_sub(before) >> 10;
    println!("{added} MB");
    assert!(added <= number("limit"), "{added} MB more");
}
