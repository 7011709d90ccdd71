//! Operators call functions. Those that people made are open where their schema and their function's are.

use tidegate_sql_guard::{Catalogue, Dialect, GuardError, Policy, Script};
use tidegate_testkit::postgres::PostgresServer;

use super::{Known, Refused, USER, engine, secured};

const DATA: &str = "
    CREATE SCHEMA other; CREATE SCHEMA hidden;
    CREATE TABLE orders AS SELECT 1 AS id, 'a' AS kind;
    CREATE FUNCTION hidden.peek(a int, b int) RETURNS bool SECURITY DEFINER LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION other.same(a int, b int) RETURNS bool LANGUAGE sql AS 'SELECT a = b';
    CREATE FUNCTION other.is_there(a int, b regclass) RETURNS bool LANGUAGE sql AS 'SELECT b IS NOT NULL';
    CREATE TYPE hidden.pair AS (a int, b int);
    CREATE FUNCTION hidden.less(a hidden.pair, b hidden.pair) RETURNS bool LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR hidden.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = hidden.peek);
    CREATE OPERATOR hidden.~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = hidden.peek);
    CREATE OPERATOR hidden.|| (LEFTARG = int, RIGHTARG = int, FUNCTION = hidden.peek);
    CREATE OPERATOR hidden.< (LEFTARG = hidden.pair, RIGHTARG = hidden.pair, FUNCTION = hidden.less);
    CREATE OPERATOR other.==== (LEFTARG = int, RIGHTARG = int, FUNCTION = hidden.peek);
    CREATE OPERATOR other.=#= (LEFTARG = int, RIGHTARG = int, FUNCTION = other.same);
    CREATE OPERATOR other.=#? (LEFTARG = int, RIGHTARG = regclass, FUNCTION = other.is_there);";

const CALLER: Policy = Policy {
    sees_all_tables: false,
    ..Policy::READ_ALL
};

/// What a statement is refused for, if it is.
const STATEMENTS: &[(&str, Option<&str>)] = &[
    ("select 1 + 2, -1, 1 - -2, @ -5", None),
    (
        "select id from orders where id = 1 and not id <> 1 and kind ~ 'a'",
        None,
    ),
    (
        "select id from orders where id in (1, 2) and id between 0 and 3",
        None,
    ),
    ("select id from orders where id < 2 and kind > 'A'", None),
    (
        "select int4range(1, 2) -|- int4range(2, 3), array[1] <@ array[1, 2]",
        None,
    ),
    (
        "select 1 =#= 2, 1 operator(=#=) 2, 1 operator(other.=#=) 2",
        None,
    ),
    (
        "select 1 operator(pg_catalog.||) 'a', '{}'::jsonb ? 'a'",
        None,
    ),
    (
        "select nullif(1, 2), case 1 when 2 then 3 end, 1 is distinct from 2",
        None,
    ),
    ("select 1 === 2", Some("===")),
    ("select 1 OPERATOR(===) 2", Some("===")),
    ("select 1 operator ( /* a */ === ) 2", Some("===")),
    ("select id from orders where id === 2", Some("===")),
    ("select 1 where exists (select 1 === 2)", Some("===")),
    // A function that lies elsewhere.
    ("select 1 ==== 2", Some("====")),
    ("select 1 operator(other.====) 2", Some("other.====")),
    // By a word of the language, or beside the server's own of the name.
    ("select 1 like 2", Some("~~")),
    ("select 1 not like 2", Some("~~")),
    ("select 1 || 2", Some("||")),
    // Names of the catalogue need the whole database.
    ("select 1 =#? 'hidden.payroll'", Some("=#?")),
    // The same words where there is none.
    ("select 1 =!= 2", Some("=!=")),
    ("select 1 operator(other.+) 2", Some("other.+")),
    (
        "explain select id from orders where id =#= 2",
        Some("EXPLAIN"),
    ),
    ("explain select id from orders where id = 2", None),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_is_called_where_a_function_of_its_schema_would_be() {
    let server = PostgresServer::start().unwrap();
    server.execute("postgres", DATA).unwrap();
    let engine = engine(&server).await;
    let path = ["public", "other", "hidden"].map(str::to_owned);
    for (sql, refused) in STATEMENTS {
        let script =
            Script::parse(Dialect::PostgreSql, sql).unwrap_or_else(|err| panic!("{sql}: {err}"));
        let known = Known {
            catalogue: engine
                .describe(USER, &path, &script.names(CALLER))
                .await
                .unwrap(),
            home: Catalogue::default(),
        };
        let outcome = secured(&known, CALLER, None, &[], script);
        match (&outcome, refused) {
            (Ok(_), None) => {}
            (Err(Refused::Guard(GuardError::UnknownNames("operators", names))), Some(name)) => {
                assert_eq!(&[*name], names.as_slice(), "{sql}");
            }
            (Err(Refused::Guard(GuardError::Forbidden(what))), Some(name)) => {
                assert!(what.starts_with(name), "{sql}: {what}");
            }
            _ => panic!("{sql}: {outcome:?}"),
        }
    }
}
