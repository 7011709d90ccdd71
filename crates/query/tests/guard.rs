//! What the guard lets through, and what it makes of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use tidegate_query::{
    DefinitionKind, Dialect, GuardError, LimitRule, Policy, RowFilters, Script, StatementKind,
    TableName,
};

const READ_ONLY: Policy = Policy::READ_ALL;
const DML: Policy = Policy::ALL;
const BOTH: [Dialect; 2] = [Dialect::PostgreSql, Dialect::Sqlite];

fn check(dialect: Dialect, sql: &str, policy: Policy) -> Result<Script, GuardError> {
    let script = Script::parse(dialect, sql)?;
    script.check(policy)?;
    Ok(script)
}

fn postgres(sql: &str) -> Script {
    check(Dialect::PostgreSql, sql, READ_ONLY).unwrap_or_else(|err| panic!("{sql}: {err}"))
}

fn tables(dialect: Dialect, sql: &str) -> Vec<String> {
    let script = Script::parse(dialect, sql).unwrap_or_else(|err| panic!("{sql}: {err}"));
    script
        .tables()
        .into_iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn reading_statements_pass_and_are_written_back() {
    for sql in [
        "select 1 as a",
        "select now()::date is not null as ok",
        "select genre, count(*) n, round(sum(global_sales)::numeric,2) s from video_game_sales group by 1 order by 2 desc",
        "with t as (select platform, count(*) n from games group by 1) select * from t where n > 500",
        "(select 1 as a) union all (select 2) order by 1",
        "select 1 /* ; drop table x */",
        "select ';' as semi",
        "select 1 as \"Mixed Case\", 2 as \"with \"\"quotes\"\"\"",
        "explain select 1",
        "explain analyze select * from t",
        "explain (analyze, format json) select * from t",
        "select * from a join b using (id) left join c on a.x = c.x cross join lateral (select 1) q",
        "select 'it''s', 'a\\b', E'a\\nb', 'a\\', '\\''', ''",
        "select date_trunc('month', ts) at time zone 'UTC', extract(year from ts) from t",
        "select count(*) filter (where x > 1) over (partition by y order by z rows between 1 preceding and current row) from t",
        "select percentile_cont(0.5) within group (order by x) from t",
        "select array[1,2,3], x[1], x[1:2], j->>'a', j #> '{a,b}', a || b from t",
        "select case when a > 1 then 'x' else 'y' end, cast(a as numeric(10, 2)), a::text from t",
        "select * from generate_series(1, 10) as n(i), unnest(array[1,2]) u",
        "select x from t where a between 1 and 2 and b not in (1,2) and c like 'a%' escape '!' and d is distinct from 3",
        "select distinct on (a) a, b from t order by a, b desc nulls last limit 5 offset 2",
        "select interval '1 day', timestamp '2020-01-01', date '2020-01-01'",
        "values (1, 'a'), (2, 'b')",
        "select exists (select 1 from t), (select max(x) from t), x = any(array[1,2]) from t",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r",
        "select substring(a from 1 for 2), trim(both ' ' from a), position('a' in b), overlay(a placing 'b' from 1) from t",
        "select 1; select 2;",
        "begin; select 1; commit",
    ] {
        for statement in postgres(sql).statements() {
            let text = statement.sql().unwrap_or_else(|err| panic!("{sql}: {err}"));
            assert!(!text.is_empty());
        }
    }
}

#[test]
fn sqlite_reads_pass_and_are_written_back() {
    for sql in [
        "select [a b], `c`, \"d\" from [t x] where a glob 'x*' limit 2, 3",
        "select strftime('%Y', d) y, total(x) from t group by 1 having y > '2000'",
        "select * from t where a is not null and c notnull",
        "select json_extract(a, '$.b'), a ->> '$.c' from t, json_each(t.a)",
        "explain query plan select * from t",
        "select x'ab', 1e3, ifnull(a, 0) from t",
    ] {
        let script =
            check(Dialect::Sqlite, sql, READ_ONLY).unwrap_or_else(|err| panic!("{sql}: {err}"));
        script.statements()[0]
            .sql()
            .unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
}

/// Whatever would change something, or reach out of the database, in any disguise we know.
const REFUSED: &[&str] = &[
    "insert into t(a) values (1)",
    "insert into t select * from u",
    "insert into t(a) values (1) returning *",
    "insert or replace into t values (1)",
    "replace into t values (1)",
    "update t set a = 1",
    "update t set a = 1 from u where u.id = t.id",
    "delete from t",
    "delete from t using u where u.id = t.id",
    "truncate t",
    "truncate table t, u",
    "merge into t using u on t.id = u.id when matched then delete",
    "create table x(a int)",
    "create table x as select * from t",
    "create temp table x(a int)",
    "create view v as select 1",
    "create index i on t(a)",
    "create unique index i on t(a)",
    "create schema s",
    "create database d",
    "create role r superuser",
    "create user u password 'x'",
    "create extension dblink",
    "create function f() returns int language sql as 'select 1'",
    "create sequence s",
    "create trigger g after insert on t begin delete from u; end",
    "create virtual table v using fts5(a)",
    "create policy p on t",
    "alter table t add column b int",
    "alter table t rename to u",
    "alter role r superuser",
    "alter system set log_statement = 'all'",
    "alter user u password 'x'",
    "drop table t",
    "drop view v",
    "drop index i",
    "drop schema s cascade",
    "drop database d",
    "drop function f()",
    "grant all on t to u",
    "revoke all on t from u",
    "copy t from '/etc/passwd'",
    "copy t to '/tmp/x'",
    "copy t to program 'sh'",
    "copy (select 1) to '/tmp/x'",
    "set role postgres",
    "set session authorization postgres",
    "set search_path to pg_catalog",
    "set local statement_timeout = 0",
    "set transaction read write",
    "set standard_conforming_strings = off",
    "reset all",
    "discard all",
    "show server_version_num",
    "show all",
    "do $$ begin delete from t; end $$",
    "call p()",
    "vacuum",
    "vacuum full t",
    "analyze t",
    "reindex table t",
    "cluster t",
    "checkpoint",
    "load 'x'",
    "lock table t",
    "listen x",
    "notify x",
    "unlisten *",
    "prepare p as delete from t",
    "execute p",
    "deallocate p",
    "declare c cursor for select 1",
    "fetch all from c",
    "close c",
    "comment on table t is 'x'",
    "security label on table t is 'x'",
    "refresh materialized view v",
    "begin transaction read write",
    "begin isolation level serializable",
    "savepoint s",
    "release savepoint s",
    "rollback to savepoint s",
    "commit and chain",
    "attach database '/etc/passwd' as x",
    "attach '/tmp/x' as x",
    "detach database x",
    "pragma query_only = 0",
    "pragma writable_schema = 1",
    "pragma table_info(t)",
    "select 1 into x",
    "select * into x from t",
    "select * from t for update",
    "select * from t for share",
    "select * from t for no key update skip locked",
    "select * from (select * from t for update) q",
    "with d as (delete from t returning *) select * from d",
    "with d as (insert into t values (1) returning *) select * from d",
    "with d as (update t set a = 1 returning *) select * from d",
    "with d as (select 1) delete from t",
    "with d as (select 1) insert into t select * from d",
    "with d as (select 1) update t set a = 1",
    "with a as (with d as (delete from t returning *) select * from d) select * from a",
    "explain analyze delete from t",
    "explain delete from t",
    "explain analyze with d as (delete from t returning *) select * from d",
    "explain (analyze) insert into t values (1)",
    "explain analyze create table x as select 1",
    "select 1; delete from t",
    "begin; delete from t; commit",
    "table t",
    "(table t)",
    "select 1 union all table t",
    "select * from (table t) q",
    "select $1",
    "select ?",
    "select :a",
    "select $a$ , secret from t where x = $a$",
    "select $$ , secret from t where x = $$",
    "select * from t tablesample system (1) for update",
    "show tables",
    "describe t",
    "use d",
    "kill 1",
    "explain t",
];

#[test]
fn everything_that_is_not_a_read_is_refused() {
    for dialect in BOTH {
        for sql in REFUSED {
            let outcome = check(dialect, sql, READ_ONLY);
            assert!(outcome.is_err(), "{dialect:?} lets through: {sql}");
        }
    }
}

#[test]
fn dangerous_functions_and_tables_are_refused_however_they_are_written() {
    for (dialect, sql) in [
        (Dialect::PostgreSql, "select pg_sleep(3)"),
        (Dialect::PostgreSql, "select PG_SLEEP(3)"),
        (Dialect::PostgreSql, "select \"pg_sleep\"(3)"),
        (Dialect::PostgreSql, "select pg_catalog.pg_sleep(3)"),
        (Dialect::PostgreSql, "select * from pg_sleep(3)"),
        (
            Dialect::PostgreSql,
            "select * from pg_catalog.pg_ls_dir('/')",
        ),
        (
            Dialect::PostgreSql,
            "select * from lateral pg_read_file('/etc/passwd')",
        ),
        (
            Dialect::PostgreSql,
            "select * from rows from (pg_ls_dir('/'))",
        ),
        (Dialect::PostgreSql, "select version() is not null as v"),
        (Dialect::PostgreSql, "select current_user"),
        (Dialect::PostgreSql, "select session_user, user"),
        (Dialect::PostgreSql, "select lo_import('/etc/passwd')"),
        (
            Dialect::PostgreSql,
            "select query_to_xml('select 1', true, true, '')",
        ),
        (
            Dialect::PostgreSql,
            "select 1 where dblink_connect('x') = 'OK'",
        ),
        (
            Dialect::PostgreSql,
            "select 1 order by pg_terminate_backend(1)",
        ),
        (
            Dialect::PostgreSql,
            "select set_config('search_path', 'x', false)",
        ),
        (
            Dialect::PostgreSql,
            "select count(*) filter (where pg_sleep(1) is null) from t",
        ),
        (
            Dialect::PostgreSql,
            "select sum(1) over (order by pg_sleep(1)) from t",
        ),
        (
            Dialect::PostgreSql,
            "select * from t join u on pg_sleep(1) is null",
        ),
        (
            Dialect::PostgreSql,
            "select 1 limit length(pg_read_file('x'))",
        ),
        (Dialect::PostgreSql, "values (pg_sleep(1))"),
        (Dialect::PostgreSql, "explain analyze select pg_sleep(1)"),
        (Dialect::PostgreSql, "select array(select pg_sleep(1))"),
        (Dialect::PostgreSql, "select * from pg_stat_activity"),
        (Dialect::PostgreSql, "select * from pg_catalog.pg_authid"),
        (Dialect::PostgreSql, "select * from PG_STATS"),
        (Dialect::Sqlite, "select load_extension('x')"),
        (Dialect::Sqlite, "select writefile('x', 'y')"),
        (Dialect::Sqlite, "select * from pragma_database_list"),
        (Dialect::Sqlite, "select * from pragma_table_info('t')"),
        (Dialect::Sqlite, "select * from sqlite_dbpage"),
    ] {
        let outcome = check(dialect, sql, DML);
        assert!(outcome.is_err(), "{dialect:?} lets through: {sql}");
    }
}

#[test]
fn the_tables_of_a_statement_are_named_without_aliases_and_common_table_expressions() {
    let pg = Dialect::PostgreSql;
    for (sql, expected) in [
        ("select 1", vec![]),
        ("select * from a, b x, s.c", vec!["a", "b", "s.c"]),
        ("select * from A join \"B\" on true", vec!["B", "a"]),
        ("select * from d.s.t", vec!["d.s.t"]),
        (
            "select * from (select * from a) q, lateral (select * from b) r",
            vec!["a", "b"],
        ),
        (
            "select (select 1 from a), exists (select 1 from b) from c where x in (select y from d)",
            vec!["a", "b", "c", "d"],
        ),
        (
            "select * from a union select * from b except select * from c",
            vec!["a", "b", "c"],
        ),
        (
            "with t as (select * from a) select * from t join b on true",
            vec!["a", "b"],
        ),
        // The table that a common table expression hides is still read inside of it.
        ("with a as (select * from a) select * from a", vec!["a"]),
        (
            "with recursive a as (select * from a) select * from a",
            vec![],
        ),
        // The second sees the first, not the other way round.
        (
            "with x as (select * from y), y as (select * from x) select * from y",
            vec!["y"],
        ),
        (
            "with recursive x as (select * from y), y as (select * from x) select * from y",
            vec![],
        ),
        (
            "with x as (select 1) select * from (with y as (select * from x) select * from y) q, y",
            vec!["y"],
        ),
        (
            "select * from (with x as (select 1) select * from x) q, x",
            vec!["x"],
        ),
        ("with x as (select 1) select * from s.x", vec!["s.x"]),
        ("with \"X\" as (select 1) select * from x", vec!["x"]),
        (
            "select * from generate_series(1, 2) g, f(1), unnest(array[1]) u",
            vec![],
        ),
        ("insert into a select * from b", vec!["a", "b"]),
        (
            "update a set x = (select max(y) from c) from b where true",
            vec!["a", "b", "c"],
        ),
        (
            "delete from a using b where exists (select 1 from c)",
            vec!["a", "b", "c"],
        ),
        (
            "with d as (delete from a returning *) select * from d",
            vec!["a"],
        ),
        ("explain select * from a", vec!["a"]),
        // A table `only` with an alias, and it is written so that every database sees it that way.
        ("select * from only a", vec!["only"]),
        (
            "select 1 from a order by (select max(x) from b) limit (select 1 from c)",
            vec!["a", "b", "c"],
        ),
        (
            "select sum(x) over (partition by (select 1 from b)) from a",
            vec!["a", "b"],
        ),
        ("drop table a", vec!["a"]),
        ("create table a as select * from b", vec!["a", "b"]),
    ] {
        assert_eq!(expected, tables(pg, sql), "{sql}");
    }
}

#[test]
fn words_that_a_database_takes_for_keywords_do_not_hide_a_table() {
    for sql in [
        "select array(table secret)",
        "select f(table secret)",
        "select 1 where x in (table secret)",
        "select exists (table secret)",
        "select table secret",
        "select * from only (secret)",
        "select * from lateral only(secret)",
        "select * from a natural only secret",
        "select 1 as x into y",
        "select only secret from t",
        "select * from rows from (secret)",
    ] {
        let Ok(script) = check(Dialect::PostgreSql, sql, READ_ONLY) else {
            continue;
        };
        let Ok(text) = script.statements()[0].sql() else {
            continue;
        };
        // What is left of the word stands in quotes, where it is a name.
        let text = text.to_lowercase().replace("\"only\"", "");
        for word in ["table", "only", "into"] {
            assert!(!text.contains(word), "{sql} became {text}");
        }
    }
}

#[test]
fn a_name_that_postgresql_cuts_is_cut_before_it_is_compared() {
    let long = "t".repeat(63);
    // Not the common table expression of 64 letters, as it seems, but what both are cut to.
    let sql = format!("select * from {long}x");
    assert_eq!(vec![long], tables(Dialect::PostgreSql, &sql));
}

#[test]
fn dml_passes_only_where_it_is_allowed() {
    for sql in [
        "insert into t(a) values (1)",
        "update t set a = 1",
        "delete from t where a = 1",
        "create table x(a int)",
        "drop table x",
    ] {
        for dialect in BOTH {
            assert!(
                matches!(
                    check(dialect, sql, READ_ONLY),
                    Err(GuardError::DmlNotAllowed(_))
                ),
                "{sql}"
            );
            let script = check(dialect, sql, DML).unwrap_or_else(|err| panic!("{sql}: {err}"));
            assert!(script.is_write());
            assert!(!script.tables().is_empty());
        }
    }
    for sql in [
        "copy t from '/x'",
        "set role x",
        "begin; delete from t; rollback",
        "grant all on t to u",
    ] {
        assert!(
            matches!(
                check(Dialect::PostgreSql, sql, DML),
                Err(GuardError::Forbidden(_) | GuardError::Syntax(_))
            ),
            "{sql}"
        );
    }
}

#[test]
fn empty_texts_have_no_statements() {
    for sql in [
        "",
        "   ",
        ";",
        ";;;",
        "-- only a comment",
        "/* a */ ; /* b */",
    ] {
        assert_eq!(0, postgres(sql).statements().len(), "{sql:?}");
    }
}

fn limited(sql: &str, rows: u64, rule: LimitRule) -> String {
    let mut script = postgres(sql);
    let statement = &mut script.statements_mut()[0];
    statement.limit_rows(rows, rule);
    statement
        .sql()
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("( ", "(")
        .replace(" )", ")")
}

#[test]
fn a_limit_is_put_on_the_outermost_query() {
    use LimitRule::{Lower, Replace};
    for (sql, rows, rule, expected) in [
        ("select n from t", 2, Lower, "SELECT n FROM \"t\" LIMIT 2"),
        (
            "select n from t limit 5",
            2,
            Lower,
            "SELECT n FROM \"t\" LIMIT 2",
        ),
        (
            "select n from t limit 5",
            10,
            Lower,
            "SELECT n FROM \"t\" LIMIT 5",
        ),
        (
            "select n from t limit 5",
            10,
            Replace,
            "SELECT n FROM \"t\" LIMIT 10",
        ),
        (
            "select n from t limit all",
            10,
            Lower,
            "SELECT n FROM \"t\" LIMIT 10",
        ),
        (
            "select n from t limit 5 offset 3",
            2,
            Lower,
            "SELECT n FROM \"t\" LIMIT 2 OFFSET 3",
        ),
        (
            "select n from t offset 3",
            2,
            Lower,
            "SELECT n FROM \"t\" LIMIT 2 OFFSET 3",
        ),
        (
            "select n from t fetch first 5 rows only",
            2,
            Lower,
            "SELECT n FROM \"t\" LIMIT 2",
        ),
        (
            "select n from t fetch first 5 rows only",
            9,
            Lower,
            "SELECT n FROM \"t\" LIMIT 5",
        ),
        (
            "select 1 union all select 2",
            1,
            Lower,
            "SELECT 1 UNION ALL SELECT 2 LIMIT 1",
        ),
        (
            "select * from (select 1 limit 7) q",
            3,
            Lower,
            "SELECT * FROM (SELECT 1 LIMIT 7) AS \"q\" LIMIT 3",
        ),
        ("explain select 1", 3, Lower, "EXPLAIN SELECT 1"),
    ] {
        assert_eq!(expected, limited(sql, rows, rule), "{sql}");
    }
}

fn filtered(dialect: Dialect, sql: &str, filters: &[(&str, &str)]) -> Result<String, GuardError> {
    let mut script = Script::parse(dialect, sql)?;
    let mut all = RowFilters::new();
    for (table, predicate) in filters {
        let (schema, table) = table
            .split_once('.')
            .map_or((None, *table), |(s, t)| (Some(s), t));
        all.add(TableName::stored(dialect, schema, table), predicate);
    }
    let statement = &mut script.statements_mut()[0];
    statement.filter_rows(&all)?;
    Ok(statement
        .sql()?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("( ", "(")
        .replace(" )", ")"))
}

#[test]
fn filtered_tables_become_subqueries_everywhere() {
    let f: &[(&str, &str)] = &[("t", "a > 1")];
    let sub = r#"(SELECT * FROM "t" WHERE (a > 1))"#;
    for (sql, expected) in [
        ("select * from t", format!(r#"SELECT * FROM {sub} AS "t""#)),
        (
            "select x.a from T x",
            format!(r#"SELECT x.a FROM {sub} AS "x""#),
        ),
        (
            "select * from u join t on t.id = u.id",
            format!(r#"SELECT * FROM "u" JOIN {sub} AS "t" ON t.id = u.id"#),
        ),
        (
            "with t as (select * from t) select * from t",
            format!(r#"WITH "t" AS (SELECT * FROM {sub} AS "t") SELECT * FROM "t""#),
        ),
        (
            "select 1 where exists (select 1 from t)",
            format!(r#"SELECT 1 WHERE EXISTS (SELECT 1 FROM {sub} AS "t")"#),
        ),
        (
            "explain select * from t",
            format!(r#"EXPLAIN SELECT * FROM {sub} AS "t""#),
        ),
    ] {
        assert_eq!(Ok(expected), filtered(Dialect::PostgreSql, sql, f), "{sql}");
    }
    // Another schema is another table; which is which is for the caller to say.
    assert_eq!(
        Ok(r#"SELECT * FROM "s"."t""#.to_owned()),
        filtered(Dialect::PostgreSql, "select * from s.t", f)
    );
    assert!(
        filtered(
            Dialect::PostgreSql,
            "select * from s.t",
            &[("s.t", "a = 1")]
        )
        .unwrap()
        .contains("WHERE")
    );
    assert!(
        filtered(Dialect::Sqlite, "select * from 'T'", f)
            .unwrap()
            .contains("WHERE")
    );
    assert!(
        filtered(Dialect::Sqlite, "select * from [T]", f)
            .unwrap()
            .contains("WHERE")
    );
}

#[test]
fn two_conditions_of_a_table_narrow_together() {
    let sql = filtered(
        Dialect::PostgreSql,
        "select * from t",
        &[("t", "a = 1 or b = 2 -- one"), ("t", "c = 3")],
    );
    assert_eq!(
        Ok(
            r#"SELECT * FROM (SELECT * FROM "t" WHERE ((a = 1 OR b = 2) AND (c = 3))) AS "t""#
                .to_owned()
        ),
        sql
    );
}

#[test]
fn a_condition_that_is_no_expression_refuses_the_query() {
    for predicate in [
        "",
        "a = ",
        "1=1) or (1=1",
        "a = 1; drop table t",
        "a = 1 union select 1",
        "user_id = {{ current_user_id() }}",
        "a = 1) --",
    ] {
        let outcome = filtered(Dialect::PostgreSql, "select * from t", &[("t", predicate)]);
        assert!(
            matches!(outcome, Err(GuardError::RowFilter { .. })),
            "{predicate}: {outcome:?}"
        );
    }
}

#[test]
fn changes_of_a_filtered_table_are_refused() {
    for sql in [
        "delete from t",
        "update u set a = 1 from t",
        "insert into u select * from t",
        "create view v as select * from t",
        "create table x as select * from t",
        "drop table t",
    ] {
        let outcome = filtered(Dialect::PostgreSql, sql, &[("t", "a = 1")]);
        assert!(
            matches!(outcome, Err(GuardError::Forbidden(_))),
            "{sql}: {outcome:?}"
        );
    }
}

#[test]
fn a_string_whose_quotes_are_written_back_wrongly_never_gets_out() {
    // Text that ends its literal early if it is written without care.
    for inner in [
        r"\'' UNION SELECT * FROM secret -- ",
        r"\\'' OR 1=1 -- ",
        r"a\''b",
        r"''''",
        r"\",
    ] {
        for dialect in BOTH {
            let sql = format!("SELECT '{inner}' AS x FROM t");
            let script =
                check(dialect, &sql, READ_ONLY).unwrap_or_else(|err| panic!("{sql}: {err}"));
            if let Ok(text) = script.statements()[0].sql() {
                assert!(text.contains(&format!("'{inner}'")), "{sql} became {text}");
            }
        }
    }
    let sql = r#"select 1 as "a\"" union select * from secret --""#;
    let script = check(Dialect::PostgreSql, sql, READ_ONLY).unwrap();
    // One long alias, for PostgreSQL and for us.
    assert!(tables(Dialect::PostgreSql, sql).is_empty());
    if let Ok(text) = script.statements()[0].sql() {
        assert!(
            text.ends_with(r#""a\"" union select * from secret --""#),
            "{text}"
        );
    }
}

#[test]
fn minus_of_minus_is_not_written_as_a_comment() {
    let script = postgres("select - -1 as a, 2 as b from t");
    if let Ok(text) = script.statements()[0].sql() {
        assert!(!text.contains("--"), "{text}");
    }
}

#[test]
fn monsters_are_refused_without_an_overflow() {
    let many = 100_000;
    for sql in [
        format!("select {}1{}", "(".repeat(many), ")".repeat(many)),
        "(".repeat(many),
        format!("select {}1", "(".repeat(many / 2)),
        format!("select 1{}", "+1".repeat(90_000)),
        format!("select {}1", "- ".repeat(90_000)),
        format!("select {}true", "not ".repeat(40_000)),
        format!("select 1{}", " union select 1".repeat(10_000)),
        format!("select * from t{}", " join t".repeat(20_000)),
        format!("select a{}", "::int".repeat(30_000)),
        format!("select a{}", "[1]".repeat(50_000)),
        format!("select a{}", ".b".repeat(90_000)),
        format!("select {}", "case when 1 then ".repeat(10_000)),
        format!("select 1{}", " collate x".repeat(18_000)),
        format!("{} select 1", "explain ".repeat(20_000)),
        format!("{}select 1", "with a as (".repeat(15_000)),
        format!("select 1 where 1=1{}", " or 1=1".repeat(20_000)),
        format!("select {}1", "f(".repeat(90_000)),
        format!("select {}1", "array[".repeat(30_000)),
        ";".repeat(190_000),
        "select 1;".repeat(20_000),
        "x".repeat(300_000),
    ] {
        for dialect in BOTH {
            if let Ok(script) = Script::parse(dialect, &sql) {
                let _ = script.check(READ_ONLY);
                for statement in script.statements() {
                    let _ = statement.sql();
                }
            }
        }
    }
}

#[test]
fn the_deepest_chain_that_is_allowed_goes_all_the_way() {
    for (dialect, link) in [
        (Dialect::PostgreSql, "+1"),
        (Dialect::Sqlite, "+1"),
        (Dialect::PostgreSql, " or a"),
        (Dialect::PostgreSql, "::int"),
    ] {
        let sql = format!("select a{} from t", link.repeat(990));
        let mut script = check(dialect, &sql, READ_ONLY).unwrap();
        let mut filters = RowFilters::new();
        filters.add(TableName::stored(dialect, None, "t"), "a = 1");
        let statement = &mut script.statements_mut()[0];
        statement.filter_rows(&filters).unwrap();
        assert!(statement.sql().unwrap().len() > 990);
    }
    let union = format!("select 1{}", " union select 1".repeat(490));
    assert!(
        check(Dialect::PostgreSql, &union, READ_ONLY)
            .unwrap()
            .statements()[0]
            .sql()
            .is_ok()
    );
    let nested = format!("select {}1{}", "(".repeat(40), ")".repeat(40));
    assert!(
        check(Dialect::PostgreSql, &nested, READ_ONLY)
            .unwrap()
            .statements()[0]
            .sql()
            .is_ok()
    );
    let long = format!("select * from t where a in ({})", "1,".repeat(20_000) + "1");
    assert!(check(Dialect::PostgreSql, &long, READ_ONLY).is_ok());
}

#[test]
fn kinds_are_told_apart() {
    for (sql, kind) in [
        ("select 1", StatementKind::Read),
        ("explain select 1", StatementKind::Explain),
        ("begin", StatementKind::Transaction),
        ("rollback", StatementKind::Transaction),
        ("insert into t values (1)", StatementKind::Write("INSERT")),
        (
            "with d as (delete from t returning *) select * from d",
            StatementKind::Write("DELETE"),
        ),
        (
            "truncate t",
            StatementKind::Definition(DefinitionKind::Truncate),
        ),
        ("set role x", StatementKind::Forbidden("SET")),
    ] {
        let script = Script::parse(Dialect::PostgreSql, sql).unwrap();
        assert_eq!(kind, script.statements()[0].kind(), "{sql}");
    }
}
