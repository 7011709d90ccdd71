//! What the guard lets through, and what it makes of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use tidegate_sql_guard::{
    DefinitionKind, Dialect, GuardError, Policy, RowFilters, Script, SqlStatement, StatementKind,
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
    "select $1",
    "select ?",
    "select :a",
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
        (Dialect::PostgreSql, "select setseed(0.5)"),
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

/// The name of a function's row, where rows are single values, is the argument.
#[test]
fn a_function_that_is_called_by_the_name_of_a_row_is_refused() {
    for sql in [
        "select g.ts_stat from unnest(array['select to_tsvector(''simple'', s) from t'::text]) g",
        "select G.\"ts_stat\" from unnest(array['select 1']) as g",
        "select unnest.ts_stat from unnest(array['select 1'])",
        "select g.ts_stat from unnest(array['select 1']) g(query)",
        "select g.pg_sleep from generate_series(1, 3) g",
        "select generate_series.pg_sleep from pg_catalog.generate_series(1, 3)",
        "select 1 from t, lateral regexp_split_to_table(t.a, ',') part where part.pg_read_file is null",
        "select (select g.lo_creat) from generate_series(-1, -1) g",
        "select 1 from unnest(array['a']) g order by g.current_setting",
        "insert into t select g.nextval from unnest(array['s'::text]) g",
        "insert into t values (1) returning (select g.nextval from coalesce('s'::text) g)",
    ] {
        let outcome = check(Dialect::PostgreSql, sql, DML);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
    for sql in [
        "select g.version from jsonb_to_recordset('[]') as g(version text)",
        "select g.n from generate_series(1, 3) g(n)",
        "select t.version, t.nextval from t",
        "select g.value from jsonb_each('{}') g",
    ] {
        let outcome = check(Dialect::PostgreSql, sql, DML);
        assert!(outcome.is_ok(), "refuses: {sql}: {outcome:?}");
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
fn tables_are_named_in_forms_that_only_one_database_has() {
    for (sql, expected) in [
        ("select * from only a, only (b) x, c *", vec!["a", "b", "c"]),
        ("table a", vec!["a"]),
        ("(table a) union table b", vec!["a", "b"]),
        ("with x as (table a) table x", vec!["a"]),
        (
            "select array(table a), 1 in (table b), exists (table c)",
            vec!["a", "b", "c"],
        ),
        (
            "select * from rows from (f(), g((select 1 from a))) with ordinality as r, b",
            vec!["a", "b"],
        ),
        (
            "select 1 fetch first (select max(x) from a) rows with ties",
            vec!["a"],
        ),
        (
            "select substring(a similar (select b from c) escape d)",
            vec!["c"],
        ),
        ("select $$ , x from secret $$ from a", vec!["a"]),
        // The carriage return ends the comment.
        (
            "select 1 from a -- \r, secret\n, b",
            vec!["a", "b", "secret"],
        ),
    ] {
        assert_eq!(expected, tables(Dialect::PostgreSql, sql), "{sql}");
    }
    for (sql, expected) in [
        (
            "select 1 where a in t and b not in main.u",
            vec!["t", "main.u"],
        ),
        (
            "select * from 'a', [b], `c`, \"d\"",
            vec!["a", "b", "c", "d"],
        ),
        (
            "with x as not materialized (select * from a) select * from x",
            vec!["a"],
        ),
        ("select 1 -- \r from secret\n from a", vec!["a"]),
    ] {
        assert_eq!(expected, tables(Dialect::Sqlite, sql), "{sql}");
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
    ] {
        let Ok(script) = check(Dialect::PostgreSql, sql, READ_ONLY) else {
            continue;
        };
        let tables: Vec<_> = script
            .tables()
            .into_iter()
            .map(ToString::to_string)
            .collect();
        assert!(tables.contains(&"secret".to_owned()), "{sql}: {tables:?}");
    }
    for sql in [
        "update t set a = array(table secret)",
        "insert into t select * from lateral only(secret)",
        "insert into t select 1 as x into y",
        "delete from t where a in (select only secret from u)",
        "create view v as select array(table secret)",
        "create table x as select * from lateral only(secret)",
        "create table x as select 1 as y into secret",
        "create table x as table secret",
    ] {
        let Ok(script) = check(Dialect::PostgreSql, sql, DML) else {
            continue;
        };
        let tables: Vec<_> = script
            .tables()
            .into_iter()
            .map(ToString::to_string)
            .collect();
        assert!(tables.contains(&"secret".to_owned()), "{sql}: {tables:?}");
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
    for sql in ["create table x(a int)", "drop table x"] {
        for dialect in BOTH {
            let outcome = check(dialect, sql, READ_ONLY);
            assert!(
                matches!(outcome, Err(GuardError::DdlNotAllowed(_))),
                "{sql}"
            );
        }
    }
    for sql in [
        "insert into t(a) values (1)",
        "update t set a = 1",
        "delete from t where a = 1",
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

fn limited(dialect: Dialect, sql: &str, rows: u64) -> String {
    let mut script = check(dialect, sql, READ_ONLY).unwrap_or_else(|err| panic!("{sql}: {err}"));
    let statement = &mut script.statements_mut()[0];
    statement.limit_rows(rows);
    statement.sql().unwrap()
}

#[test]
fn a_query_without_a_limit_gets_one_at_its_end() {
    for (dialect, sql, expected) in [
        (
            Dialect::PostgreSql,
            "select n from t",
            "select n from t\nLIMIT 2",
        ),
        (
            Dialect::PostgreSql,
            "select n from t -- all of them\n;\n",
            "select n from t\nLIMIT 2 -- all of them",
        ),
        (
            Dialect::PostgreSql,
            "select n from t offset 3",
            "select n from t offset 3\nLIMIT 2",
        ),
        (
            Dialect::PostgreSql,
            "select n from t offset 3 rows",
            "select n from t offset 3 rows\nLIMIT 2",
        ),
        (
            Dialect::PostgreSql,
            "select 1 union all (select 2 limit 5)",
            "select 1 union all (select 2 limit 5)\nLIMIT 2",
        ),
        (
            Dialect::PostgreSql,
            "select * from (select 1 limit 7) q",
            "select * from (select 1 limit 7) q\nLIMIT 2",
        ),
        (Dialect::PostgreSql, "(select 1)", "(select 1)\nLIMIT 2"),
        (
            Dialect::PostgreSql,
            "with x as (select 1 limit 1) select * from x",
            "with x as (select 1 limit 1) select * from x\nLIMIT 2",
        ),
        (
            Dialect::PostgreSql,
            "values (1), (2)",
            "values (1), (2)\nLIMIT 2",
        ),
        (Dialect::PostgreSql, "table t", "SELECT * FROM t\nLIMIT 2"),
        // No limits, but labels and a column.
        (
            Dialect::PostgreSql,
            "select 1 as limit, t.fetch from t",
            "select 1 as limit, t.fetch from t\nLIMIT 2",
        ),
        // SQLite names the column by its text, comment and all.
        (
            Dialect::Sqlite,
            "select 1 -- one",
            "select 1 -- one\nLIMIT 2",
        ),
        (Dialect::Sqlite, "select 1 /* open", "select 1 /* open"),
        (
            Dialect::Sqlite,
            "values (1) union all select 2",
            "values (1) union all select 2\nLIMIT 2",
        ),
        (
            Dialect::Sqlite,
            "select * from (values (1), (2))",
            "select * from (values (1), (2))\nLIMIT 2",
        ),
    ] {
        assert_eq!(expected, limited(dialect, sql, 2), "{sql}");
    }
    assert_eq!(
        "explain select 1",
        limited(Dialect::PostgreSql, "explain select 1", 2)
    );
}

#[test]
fn of_a_plain_number_and_the_row_limit_the_smaller_stays() {
    for (dialect, sql, lowered) in [
        (
            Dialect::PostgreSql,
            "select n from t limit 5",
            "select n from t limit 3",
        ),
        (
            Dialect::PostgreSql,
            "select n from t limit 5 offset 2",
            "select n from t limit 3 offset 2",
        ),
        (
            Dialect::PostgreSql,
            "select n from t offset 2 limit 5",
            "select n from t offset 2 limit 3",
        ),
        (
            Dialect::PostgreSql,
            "select n from t fetch first 5 rows only",
            "select n from t fetch first 3 rows only",
        ),
        (
            Dialect::PostgreSql,
            "select n from t offset 2 rows fetch next 5 row only",
            "select n from t offset 2 rows fetch next 3 row only",
        ),
        (
            Dialect::Sqlite,
            "select n from t limit 2, 5",
            "select n from t limit 2, 3",
        ),
        (
            Dialect::Sqlite,
            "select n from t limit 5 offset 4",
            "select n from t limit 3 offset 4",
        ),
    ] {
        assert_eq!(lowered, limited(dialect, sql, 3), "{sql}");
        assert_eq!(sql, limited(dialect, sql, 5));
        assert_eq!(sql, limited(dialect, sql, 10));
    }
}

#[test]
fn a_limit_that_is_no_plain_number_is_left_as_it_is() {
    for sql in [
        "select n from t limit 1+2",
        "select n from t limit (2)",
        "select n from t limit +2",
        "select n from t limit 2::int",
        "select n from t limit '2'",
        "select n from t limit 2.4",
        "select n from t limit 1e1",
        "select n from t limit (select 2)",
        "select n from t limit greatest(1, 2)",
        "select n from t limit case when true then 2 end",
        "select n from t limit all",
        "select n from t limit null",
        "select n from t limit 99999999999999999999",
        "select n from t limit null offset 2",
        "with x as (select 1) select * from x limit 1 + 1",
        "(select n from t) limit 1 + 1",
        "(select n from t limit 5)",
        "((select n from t limit 5))",
        "(select n from t limit 5) order by 1",
        "(select n from t fetch first 5 rows only) offset 1",
        "values (1), (2), (3) limit 1 + 1",
        "select 1 union select 2 limit 1 + 1",
        "select n from t fetch first row only",
        "select n from t fetch next rows only",
        "select n from t fetch first (1 + 2) rows only",
        "select n from t fetch first 5 rows with ties",
        "select n from t order by n fetch first (select 5) rows with ties",
        "select n from t offset 1 fetch first (5) rows only",
    ] {
        assert_eq!(sql, limited(Dialect::PostgreSql, sql, 2));
    }
    for sql in [
        "select n from t limit -1",
        "select n from t limit (1), (2)",
        "select n from t limit 0x2",
        "select n from t limit 1 + 1",
        "select n from t limit (select 5)",
        // SQLite takes no limit there.
        "values (1, 'a'), (2, 'b'), (3, 'c')",
        "select 1 union all values (2), (3), (4)",
        "with x as (select 1) values (1), (2), (3)",
    ] {
        assert_eq!(sql, limited(Dialect::Sqlite, sql, 2));
    }
}

#[test]
fn the_text_is_sent_as_it_was_written() {
    for sql in [
        "SELECT  1 AS a ,\n\t'x'   /* why */ as b -- and this\n  from t",
        "select - -1, -(-1), 5!, @ -5, a operator(pg_catalog.+) b, not a in (1), a::text collate \"C\"",
        "select interval(0) '1.5 seconds', timestamp(3) '2020-01-01', e'a\\nb', u&'\\0061', n'x', x'1F', b'01'",
        "select 'a'\n'b', $$it's$$, $q$a$q$, 1e3, 1., .5, 1.50",
        "select * from only t, lateral (select 1) x, rows from (f(1), g(2)) with ordinality as r(a, b)",
        "select a between symmetric 3 and 0, b isnull, c notnull, d is document from t",
        "select trim(leading from a), substring(a similar b escape c), overlay(a placing b from 1)",
        "select sum(a) over (order by a groups between 1 preceding and 1 following exclude current row) from t",
        "with recursive t(n) as (select 1 union all select n + 1 from t) search depth first by n set o select n from t",
        "with recursive t(n) as (select 1 union all select n + 1 from t) cycle n set c to true default false using p select n from t",
        "select xmlelement(name foo, 'bar'), concat(variadic array['a']), collation for (a), (p).* from t p",
        "select a from t where a = any (values (1), (2)) group by distinct a",
        "select * from a join b using (i) as j where a.x != -1 and a.y%b.y",
    ] {
        let script = postgres(sql);
        let statement = &script.statements()[0];
        assert_eq!(Ok(sql), statement.sql().as_deref(), "{sql}");
        assert_eq!(sql, statement.text());
    }
    for sql in [
        "select 0x1F, 0x10 & 0xFF, x'1F', 1_000, a == b, a is not 2, a isnull, 1 << 3, - -1 from t",
        "select [a b], `c`, \"d\", 'e' as 'f' from t indexed by i where a in u",
        "with c as not materialized (select 1) select * from c",
    ] {
        let script =
            check(Dialect::Sqlite, sql, READ_ONLY).unwrap_or_else(|err| panic!("{sql}: {err}"));
        assert_eq!(Ok(sql), script.statements()[0].sql().as_deref(), "{sql}");
    }
    for sql in [
        "insert into t values (0x10, x'10')",
        "update t set a = 0xFF where b & 0x10",
    ] {
        let script = check(Dialect::Sqlite, sql, DML).unwrap();
        assert_eq!(Ok(sql), script.statements()[0].sql().as_deref(), "{sql}");
    }
}

/// Until PostgreSQL 14, `0x1F` is zero with the alias `x1F`, which in parentheses is an error.
#[test]
fn new_forms_of_integers_are_no_other_answer_on_an_old_server() {
    let script = postgres("select 0x1F, 1_000 + 0o17, 0b1, 1e3 from t limit 1_0");
    assert_eq!(
        Ok("select (0x1F), (1_000) + (0o17), (0b1), 1e3 from t limit (1_0)".to_owned()),
        script.statements()[0].sql()
    );
}

#[test]
fn statements_of_a_script_are_cut_at_their_semicolons() {
    let script = postgres("select ';' ; /* ; */ select 2 -- ;\n; ;select $$;$$;");
    let texts: Vec<_> = script.statements().iter().map(SqlStatement::text).collect();
    assert_eq!(
        vec!["select ';'", "/* ; */ select 2 -- ;", "select $$;$$"],
        texts
    );
}

#[test]
fn a_mistake_is_shown_with_its_place() {
    let err = check(
        Dialect::PostgreSql,
        "select 1;\nselect 'é' frm t x y",
        READ_ONLY,
    )
    .unwrap_err();
    assert!(err.to_string().contains("line 2, column 16"), "{err}");
    let err = check(Dialect::PostgreSql, "select (1", READ_ONLY).unwrap_err();
    assert!(err.to_string().contains("line 1, column 10"), "{err}");
}

#[test]
fn a_keyword_of_postgresql_is_no_table() {
    for sql in [
        "select * from user",
        "select * from current_date",
        "select * from current_schema",
        "select * from a, order",
        "delete from user",
        "insert into user values (1)",
    ] {
        let err = check(Dialect::PostgreSql, sql, DML).expect_err(sql);
        assert!(matches!(err, GuardError::Syntax(_)), "{sql}: {err}");
    }
    for sql in [
        "select * from \"user\", public.user, year, name, value",
        "select * from left('a', 1) x",
    ] {
        postgres(sql);
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
    statement.sql()
}

/// The rows of a table that may be seen, as PostgreSQL evaluates them by themselves.
fn fenced(table: &str, condition: &str) -> String {
    format!(
        "(SELECT * FROM {table} WHERE ({condition}) UNION ALL SELECT * FROM {table} WHERE false OFFSET 0)"
    )
}

#[test]
fn filtered_tables_become_subqueries_everywhere() {
    let f: &[(&str, &str)] = &[("t", "a > 1")];
    let sub = fenced("\"t\"", "a > 1");
    for (sql, expected) in [
        ("select * from t", format!("select * from {sub} AS t")),
        ("select x.a from T x", format!("select x.a from {sub} x")),
        (
            "select * from u join t on t.id = u.id",
            format!("select * from u join {sub} AS t on t.id = u.id"),
        ),
        (
            "with t as (select * from t) select * from t",
            format!("with t as (select * from {sub} AS t) select * from t"),
        ),
        (
            "select 1 where exists (select 1 from \"t\")",
            format!("select 1 where exists (select 1 from {sub} AS \"t\")"),
        ),
        ("table t", format!("SELECT * FROM {sub} AS t")),
        (
            "select * from t a (x, y), t as b",
            format!("select * from {sub} a (x, y), {sub} as b"),
        ),
        (
            "select interval(0) '1.5 s' /* t */ from t -- t",
            format!("select interval(0) '1.5 s' /* t */ from {sub} AS t -- t"),
        ),
    ] {
        assert_eq!(Ok(expected), filtered(Dialect::PostgreSql, sql, f), "{sql}");
    }
    // Another schema is another table; which is which is for the caller to say.
    assert_eq!(
        Ok("select * from s.t".to_owned()),
        filtered(Dialect::PostgreSql, "select * from s.t", f)
    );
    assert_eq!(
        Ok(format!(
            "select * from {} AS \"t\"",
            fenced("\"s\".\"t\"", "a = 1")
        )),
        filtered(
            Dialect::PostgreSql,
            "select * from s.\"t\"",
            &[("s.t", "a = 1")]
        )
    );
    for (sql, expected) in [
        (
            "select * from 'T'",
            "select * from (SELECT * FROM \"main\".\"t\" WHERE (a > 1) LIMIT -1) AS 'T'",
        ),
        (
            "select * from [T]",
            "select * from (SELECT * FROM \"main\".\"t\" WHERE (a > 1) LIMIT -1) AS [T]",
        ),
        (
            "select 1 where a in t",
            "select 1 where a in (SELECT * FROM \"main\".\"t\" WHERE (a > 1) LIMIT -1)",
        ),
    ] {
        assert_eq!(
            Ok(expected.to_owned()),
            filtered(Dialect::Sqlite, sql, f),
            "{sql}"
        );
    }
}

#[test]
fn one_from_of_thousands_of_filtered_tables_is_refused_at_once() {
    let f: &[(&str, &str)] = &[("t", "a > 1")];
    let tables = |count: usize| vec!["t"; count].join(", ");
    for dialect in [Dialect::PostgreSql, Dialect::Sqlite] {
        for sql in [
            format!("select 1 from {}", tables(50_000)),
            format!("select 1 from (select 1 from {}) q", tables(300)),
        ] {
            let outcome = filtered(dialect, &sql, f);
            assert!(
                matches!(outcome, Err(GuardError::TooComplex(_))),
                "{outcome:?}"
            );
        }
        let aliased: Vec<_> = (0..200).map(|number| format!("t t{number}")).collect();
        filtered(dialect, &format!("select 1 from {}", aliased.join(", ")), f).unwrap();
    }
}

#[test]
fn a_filtered_table_where_no_subquery_can_stand_refuses_the_query() {
    let f: &[(&str, &str)] = &[("t", "a > 1")];
    for (dialect, sql) in [
        (Dialect::PostgreSql, "select * from only t"),
        (Dialect::PostgreSql, "select * from t *"),
        (
            Dialect::PostgreSql,
            "select * from t tablesample system (1)",
        ),
        (Dialect::PostgreSql, "table only t"),
        (Dialect::Sqlite, "select * from t indexed by i"),
        (Dialect::Sqlite, "select * from t not indexed"),
        (Dialect::Sqlite, "select 1 where a in t(1)"),
    ] {
        let outcome = filtered(dialect, sql, f);
        assert!(outcome.is_err(), "{sql}: {outcome:?}");
    }
}

#[test]
fn two_conditions_of_a_table_narrow_together() {
    let sql = filtered(
        Dialect::PostgreSql,
        "select * from t",
        &[("t", "a = 1 or b = 2 -- one"), ("t", "c = 3 /* two */")],
    );
    assert_eq!(
        Ok(format!(
            "select * from {} AS t",
            fenced("\"t\"", "(a = 1 or b = 2 -- one\n) AND (c = 3 /* two */\n)")
        )),
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
        format!("select a {}", "fetch first (".repeat(15_000)),
        format!("select a {}", "fetch first x ".repeat(14_000)),
        format!(
            "select a {}{}",
            "fetch first (".repeat(6_000),
            "1) rows only".repeat(6_000)
        ),
        format!("select a from {}", "rows from (f(".repeat(15_000)),
        format!("with a as (select 1{}", ") cycle a, ".repeat(18_000)),
        format!("select {}", "any (values (".repeat(15_000)),
        format!("select 1 between {} 1", "symmetric ".repeat(15_000)),
        format!("select {}", "substring(a similar ".repeat(9_000)),
        format!("select {}", "$a$ $b$ ".repeat(20_000)),
        "/*".repeat(99_000),
        "'\n".repeat(66_000),
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
fn what_would_make_a_tree_of_many_megabytes_is_not_parsed() {
    for sql in [
        format!("select 1 from a{}", ",a".repeat(98_000)),
        format!("select 1 order by 1{}", ",1".repeat(98_000)),
        format!("select 1 where 1 in (1{})", ",1".repeat(98_000)),
        format!("values (1){}", ",(1)".repeat(48_000)),
        format!("select 1{}", ",(select 1)".repeat(17_000)),
        "select 1;".repeat(20_000),
    ] {
        for dialect in BOTH {
            let refused = Script::parse(dialect, &sql).unwrap_err();
            assert!(
                matches!(refused, GuardError::TooComplex(_)),
                "{}: {refused}",
                &sql[..40]
            );
        }
    }
    // What takes less may be longer.
    let list = format!("select 1 where 1 in (1{})", ",1".repeat(20_000));
    assert!(Script::parse(Dialect::PostgreSql, &list).is_ok());
    let rows = format!("insert into t values (1){}", ",(1)".repeat(9_000));
    assert!(Script::parse(Dialect::PostgreSql, &rows).is_ok());
    let columns = format!("select 1{}", ",1".repeat(4_000));
    assert!(Script::parse(Dialect::PostgreSql, &columns).is_ok());
}

#[test]
fn a_chain_of_common_table_expressions_ends_where_a_planner_would_not() {
    let chain = |count: usize, words: &str| {
        let links = (1..count).map(|n| format!(", a{n} as {words}(select * from a{})", n - 1));
        format!(
            "with a0 as (select * from t){} select count(*) from a{}",
            links.collect::<String>(),
            count - 1
        )
    };
    for words in ["", "materialized ", "not materialized "] {
        for dialect in BOTH {
            assert!(Script::parse(dialect, &chain(100, words)).is_ok());
            let refused = Script::parse(dialect, &chain(101, words)).unwrap_err();
            assert!(matches!(refused, GuardError::TooComplex(_)), "{refused}");
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
