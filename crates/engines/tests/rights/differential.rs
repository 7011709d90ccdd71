//! Random statements, through the guard and against PostgreSQL, which has the same rights as GRANTs and policies.

use std::collections::BTreeSet;

use tidegate_sql_guard::{DefinitionKinds, Dialect, NamesInUse, Policy, Script, TableName};
use tidegate_testkit::postgres::PostgresServer;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::statements::{Generated, Generator, Random};
use super::{Known, Rules, engine, secured, table};

/// In each of four parts, which run beside one another.
const STATEMENTS: usize = 2_500;
/// Another one finds other statements: `TIDEGATE_TEST_SEED=7 cargo nextest run …`.
const SEED: u64 = 20_261_128;

const DATA: &str = "
    CREATE SCHEMA other; CREATE SCHEMA hidden;
    CREATE TABLE orders AS
        SELECT i AS id, (ARRAY['a', 'ab', 'b'])[i % 3 + 1] AS kind, i % 4 AS amount FROM generate_series(1, 5) i;
    CREATE TABLE customers AS SELECT id, kind, amount + 1 AS amount FROM orders;
    CREATE TABLE sales AS SELECT id, kind, amount * 2 AS amount FROM orders;
    CREATE TABLE visits AS SELECT 6 - id AS id, kind, amount FROM orders;
    CREATE TABLE secret AS SELECT id + 100 AS id, kind, amount FROM orders;
    CREATE TABLE \"Orders\" AS SELECT id + 200 AS id, kind, amount FROM orders;
    CREATE TABLE other.notes AS SELECT id, kind, amount FROM orders;
    CREATE TABLE other.orders AS SELECT id + 300 AS id, kind, amount FROM orders;
    CREATE TABLE hidden.payroll AS SELECT id + 400 AS id, kind, amount FROM orders;
    CREATE TYPE other.mood AS ENUM ('a', 'ab', 'b'); CREATE TYPE hidden.mood AS ENUM ('a', 'ab', 'b');
    CREATE DOMAIN other.small AS int; CREATE DOMAIN hidden.small AS int;
    CREATE TYPE other.single AS (a int); CREATE TYPE hidden.single AS (a int);
    CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
    CREATE FUNCTION other.half(int) RETURNS int LANGUAGE sql AS 'SELECT $1 / 2';
    CREATE FUNCTION hidden.peek(int) RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT max(id) FROM hidden.payroll';
    CREATE FUNCTION other.pair(int, OUT a int, OUT b int) LANGUAGE sql AS 'SELECT $1, 2';
    CREATE FUNCTION hidden.pair(int, OUT a int, OUT b int) LANGUAGE sql AS 'SELECT $1, 2';
    CREATE FUNCTION other.sum(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE FUNCTION hidden.sum(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE FUNCTION other.same(int, int) RETURNS bool LANGUAGE sql AS 'SELECT $1 = $2';
    CREATE OPERATOR public.+# (LEFTARG = int, RIGHTARG = int, FUNCTION = other.sum);
    CREATE OPERATOR other.+# (LEFTARG = int, RIGHTARG = int, FUNCTION = other.sum);
    CREATE OPERATOR public.=# (LEFTARG = int, RIGHTARG = int, FUNCTION = other.same);
    CREATE OPERATOR hidden.=# (LEFTARG = int, RIGHTARG = int, FUNCTION = other.same);
    CREATE OPERATOR hidden.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = hidden.sum);
    CREATE ROLE caller;
    GRANT USAGE, CREATE ON SCHEMA public TO caller;
    GRANT USAGE ON SCHEMA other TO caller;
    GRANT SELECT, INSERT, UPDATE, DELETE ON orders, customers, other.notes TO caller;
    GRANT SELECT ON sales, visits TO caller;
    ALTER TABLE sales ENABLE ROW LEVEL SECURITY; ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON sales USING (kind IN ('a', 'ab'));
    CREATE POLICY own ON visits USING (amount > (SELECT min(amount) FROM customers));";

const RULES: Rules<'_> = &[
    ("sales", "kind IN ('a', 'ab')"),
    ("visits", "amount > (SELECT min(amount) FROM customers)"),
];
/// `made` is what a statement may make.
const OPEN: &[&str] = &[
    "orders",
    "customers",
    "other.notes",
    "sales",
    "visits",
    "made",
];

const CALLER: Policy = Policy {
    allow_dml: true,
    definitions: DefinitionKinds::ALL,
    sees_all_tables: false,
    sees_all_rows: false,
};

/// How many rows there were, and the rows, in the order of their texts.
type Rows = (u64, Vec<Vec<Option<String>>>);

/// Runs one statement and takes it back.
async fn run(client: &Client, begin: &str, sql: &str) -> Result<Rows, tokio_postgres::Error> {
    // Sent together, answered in order.
    let (begun, messages, ended) = tokio::join!(
        client.batch_execute(begin),
        client.simple_query(sql),
        client.batch_execute("ROLLBACK")
    );
    begun?;
    ended?;
    let (mut count, mut rows) = (0, Vec::new());
    for message in messages? {
        match message {
            SimpleQueryMessage::Row(row) => rows.push(
                (0..row.len())
                    .map(|index| row.get(index).map(str::to_owned))
                    .collect(),
            ),
            SimpleQueryMessage::CommandComplete(rows) => count = rows,
            _ => {}
        }
    }
    rows.sort();
    Ok((count, rows))
}

#[derive(Default)]
struct Tally {
    /// What PostgreSQL lets run, and of that what the guard refuses.
    allowed: usize,
    refused: Vec<String>,
    denied: usize,
    /// What PostgreSQL refuses and the guard lets run, or what gives other rows.
    found: Vec<String>,
}

impl Tally {
    async fn compare(&mut self, client: &Client, known: &Known, generated: &Generated) {
        let Generated { sql, is_cut } = generated;
        let open: BTreeSet<_> = OPEN.iter().map(|name| table(name)).collect();
        let theirs = run(client, "BEGIN; SET LOCAL ROLE caller", sql).await;
        let sent = match Script::parse(Dialect::PostgreSql, sql) {
            Ok(script) => secured(known, CALLER, Some(&open), RULES, script),
            Err(err) => Err(err.into()),
        };
        let ours = match &sent {
            Ok(sent) => Some(run(client, "BEGIN", sent).await),
            Err(_) => None,
        };
        match (theirs, ours) {
            (Ok(theirs), Some(Ok(ours))) => {
                self.allowed += 1;
                let is_same = theirs == ours || *is_cut && theirs.0 == ours.0;
                if !is_same {
                    self.found
                        .push(format!("{sql}\n  {theirs:?}\n  {ours:?}\n  {sent:?}"));
                }
            }
            (Ok(_), outcome) => {
                self.allowed += 1;
                self.refused
                    .push(format!("{sql}\n  {sent:?}\n  {outcome:?}"));
            }
            (Err(err), ours) => {
                let code = err.code().unwrap_or_else(|| panic!("{sql}: {err}"));
                self.denied += usize::from(*code == SqlState::INSUFFICIENT_PRIVILEGE);
                if let Some(Ok(_)) = ours {
                    self.found.push(format!("{sql}\n  {err:?}\n  {sent:?}"));
                }
            }
        }
    }
}

/// All tables that a statement may name, without their schema too: what they are is asked once.
fn names() -> NamesInUse {
    let schemas = [None, Some("public"), Some("other"), Some("hidden")];
    let names = [
        "orders",
        "customers",
        "sales",
        "visits",
        "secret",
        "Orders",
        "notes",
        "payroll",
        "x",
    ];
    let all = |names: &[&str]| {
        let of = |schema| {
            let names = names.iter();
            let names = names.map(|name| TableName::stored(Dialect::PostgreSql, schema, name));
            names.collect::<BTreeSet<_>>()
        };
        schemas.into_iter().flat_map(of).collect()
    };
    // `(x).f` may be a function, a type or a field.
    let fields = ["twice", "peek", "id", "kind", "amount", "a"];
    let functions = ["half", "pair"];
    let types = ["mood", "small", "single", "orders", "customers", "notes"];
    NamesInUse {
        tables: all(&names),
        functions: all(&[&fields[..], &functions].concat()),
        types: all(&[&fields[..], &types].concat()),
        operators: all(&[
            "=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "+", "*", "+#", "=#", "===",
        ]),
        creates: true,
        ..NamesInUse::default()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "to look for more than one run finds"
)]
fn seed() -> u64 {
    let given = std::env::var("TIDEGATE_TEST_SEED");
    given.map_or(SEED, |seed| seed.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_or_changed_that_postgresql_would_refuse_1() {
    compare(seed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_or_changed_that_postgresql_would_refuse_2() {
    compare(seed() + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_or_changed_that_postgresql_would_refuse_3() {
    compare(seed() + 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_or_changed_that_postgresql_would_refuse_4() {
    compare(seed() + 3).await;
}

async fn compare(seed: u64) {
    let server = PostgresServer::start().unwrap();
    server.execute("postgres", DATA).unwrap();
    let engine = engine(&server).await;
    let known = Known::of(&*engine, &names(), RULES).await;
    let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    for number in 1..=STATEMENTS {
        let generated = Generator::statement(&mut random);
        tally.compare(&client, &known, &generated).await;
        assert!(
            tally.found.is_empty(),
            "seed {seed}, statement {number}: {}",
            tally.found.join("\n")
        );
    }
    drop(client);
    connection.await.unwrap().unwrap();
    let Tally {
        allowed,
        refused,
        denied,
        ..
    } = tally;
    let shown = refused.iter().take(40).cloned().collect::<Vec<_>>();
    eprintln!(
        "seed {seed}: PostgreSQL runs {allowed} of {STATEMENTS} and denies {denied}; of the former {} are refused",
        refused.len()
    );
    // Enough of each, so that the comparison says something.
    assert!(
        allowed > STATEMENTS / 2 && denied > STATEMENTS / 20,
        "{allowed}, {denied}"
    );
    assert!(
        refused.len() * 20 <= allowed,
        "{} of {allowed} are refused:\n{}",
        refused.len(),
        shown.join("\n")
    );
}
