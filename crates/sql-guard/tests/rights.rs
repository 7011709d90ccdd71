//! Which tables a statement touches, and which statements are refused whoever asks: what rights rest on.

use Dialect::{PostgreSql, Sqlite};
use tidegate_sql_guard::{
    DefinitionKind, DefinitionKinds, Dialect, GuardError, Policy, RowFilters, Script, TableName,
};

const BOTH: [Dialect; 2] = [PostgreSql, Sqlite];
/// Changes by somebody to whom single tables are open.
const CHANGES: Policy = Policy {
    sees_all_tables: false,
    ..Policy::ALL
};

fn tables(dialect: Dialect, sql: &str) -> Vec<String> {
    let script = Script::parse(dialect, sql).unwrap_or_else(|err| panic!("{sql}: {err}"));
    let mut names: Vec<_> = script.tables().iter().map(ToString::to_string).collect();
    names.sort();
    names
}

fn checked(dialect: Dialect, sql: &str, policy: Policy) -> Result<Script, GuardError> {
    let script = Script::parse(dialect, sql)?;
    script.check(policy)?;
    Ok(script)
}

/// The statement is refused, or names all the tables.
fn names_or_is_refused(dialect: Dialect, sql: &str, expected: &[&str]) {
    if let Ok(script) = checked(dialect, sql, Policy::ALL) {
        let found: Vec<_> = script.tables().iter().map(ToString::to_string).collect();
        for table in expected {
            assert!(
                found.iter().any(|name| name == table),
                "{dialect:?}: {table} is missed in {sql}: {found:?}"
            );
        }
    }
}

/// Changes whose target has the name of a common table expression.
const HIDDEN_TARGETS: &[&str] = &[
    "with secret as (select * from t) update secret set note = note returning *",
    "with secret as (select * from t) update secret set note = 'x'",
    "with secret as (select * from t) update secret as s set note = s.note from t where t.id = s.id",
    "with secret as (select * from t) update secret set note = (select note from secret)",
    "with secret as (select * from t) delete from secret returning *",
    "with secret as (select * from t) delete from secret where id in (select id from secret)",
    "with secret as (select * from t) insert into secret values (1, 'x') returning *",
    "with secret as (select * from t) insert into secret select * from secret",
    "with secret as (select 1 as id, 'x' as note) insert into secret (id, note) select * from secret \
     on conflict (id) do update set note = excluded.note returning *",
    "with recursive secret as (select * from t) delete from secret",
    "with recursive secret(n) as (select 1 union all select n + 1 from secret where n < 3) \
     update secret set id = 1",
    "with a as (select 1), secret as (select * from t), b as (select 2) delete from secret",
    "with SECRET as (select * from t) delete from Secret",
    "with \"secret\" as (select * from t) delete from secret",
    "with secret as (select * from t) delete from \"secret\"",
    "select 1; with secret as (select * from t) delete from secret",
];

#[test]
fn the_target_of_a_change_is_a_table_whatever_a_common_table_expression_is_called() {
    for dialect in BOTH {
        for sql in HIDDEN_TARGETS {
            assert!(
                tables(dialect, sql).contains(&"secret".to_owned()),
                "{dialect:?}: {sql}"
            );
        }
    }
    for sql in [
        "with secret as (select * from t) delete from secret using t where t.id = secret.id",
        "with secret as (select * from t) merge into secret using t on secret.id = t.id when matched then delete",
        "with secret as (select * from t) merge into secret as s using secret on s.id = secret.id \
         when matched then update set note = 'x' when not matched then insert values (1, 'x')",
        "with a as (with secret as (select * from t) update secret set note = note returning *) select * from a",
        "with a as (with secret as (select * from t) delete from secret returning *) select * from a",
        "with secret as (select * from t), a as (insert into secret select * from secret returning *) select * from a",
        "with secret as (select * from t), a as (update secret set note = '' returning *), \
         b as (delete from secret returning *) select * from a, b",
        "with secret as (select * from t) select * from (with a as (delete from secret returning *) select * from a) q",
    ] {
        assert!(
            tables(PostgreSql, sql).contains(&"secret".to_owned()),
            "{sql}"
        );
    }
    for sql in [
        "with secret as (select * from t) replace into secret select * from secret",
        "with secret as (select * from t) insert or replace into secret values (1, 'x')",
        "with secret as (select * from t) insert or ignore into [secret] select * from t",
        "with secret as (select * from t) update or fail `secret` set note = ''",
    ] {
        names_or_is_refused(Sqlite, sql, &["secret"]);
    }
    // What is read beside the target may still be the common table expression.
    assert_eq!(
        vec!["t", "u"],
        tables(
            PostgreSql,
            "with v as (select * from t) update u set a = v.a from v where v.id = u.id"
        )
    );
}

#[test]
fn a_plan_of_a_change_is_refused_whatever_hides_its_target() {
    for dialect in BOTH {
        for sql in HIDDEN_TARGETS.iter().filter(|sql| sql.starts_with("with")) {
            let sql = format!("explain {sql}");
            assert!(checked(dialect, &sql, Policy::ALL).is_err(), "{sql}");
        }
    }
}

#[test]
fn a_change_of_a_filtered_table_is_refused_whatever_hides_it() {
    for dialect in BOTH {
        for sql in HIDDEN_TARGETS {
            let mut filters = RowFilters::new();
            filters.add(TableName::stored(dialect, None, "secret"), "id = 1");
            let mut script = Script::parse(dialect, sql).unwrap();
            let statement = script.statements_mut().last_mut().unwrap();
            let outcome = statement.filter_rows(&filters);
            assert!(
                matches!(outcome, Err(GuardError::Forbidden(_))),
                "{dialect:?}: {sql}: {outcome:?}"
            );
        }
    }
}

#[test]
fn changes_in_the_form_of_another_database_are_refused() {
    for sql in [
        "insert t values (1)",
        "insert overwrite table t select 1",
        "insert into t set a = 1",
        "insert into t values (1) on duplicate key update a = 1",
        "replace into t values (1)",
        "insert or replace into t values (1)",
        "update t join u on true set a = 1",
        "update t, u set a = 1",
        "update t set a = 1 order by a limit 1",
        "update t as s (x) set a = 1",
        "delete t from t",
        "delete t, u from t join u on true",
        "delete from t, u",
        "delete from t order by a limit 1",
        "delete from t join u on true",
        "merge t using u on true when matched then delete",
    ] {
        let outcome = checked(PostgreSql, sql, Policy::ALL);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
}

#[test]
fn temporary_tables_are_refused_in_every_form() {
    for sql in [
        "create temp table t as select 1",
        "create temporary table t (a int)",
        "create local temp table t (a int)",
        "create global temporary table t (a int)",
        "create temp table if not exists t (a int)",
        "create temp view v as select 1",
        "create or replace temporary view v as select 1",
        "create table pg_temp.t (a int)",
        "create table PG_TEMP.t as select 1",
        "create table \"pg_temp\".t as select 1",
        "create table pg_temp_3.t (a int)",
        "create view pg_temp.v as select 1",
        "create table t (a int) on commit drop",
        "select 1 into temp t",
        "select 1 into temporary table t",
        "select * into pg_temp.t from u",
        "select * from pg_temp.t",
        "select * from pg_temp_12.t",
        "select * from d.pg_temp.t",
        "select * from pg_toast_temp_1.t",
        "select pg_temp.f()",
        "select * from pg_temp.f() g",
        "select null::pg_temp.t",
        "insert into pg_temp.t values (1)",
        "update pg_temp.t set a = 1",
        "delete from pg_temp.t",
        "merge into pg_temp.t using u on true when matched then delete",
        "alter table t rename to pg_temp.u",
        "drop table pg_temp.t",
        "truncate pg_temp.t",
        "create table t (a int references pg_temp.u)",
        "create table t () inherits (pg_temp.u)",
        "create index on pg_temp.t (a)",
    ] {
        let outcome = checked(PostgreSql, sql, Policy::ALL);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
    for sql in [
        "create temp table t (a)",
        "create temporary view v as select 1",
        "create table temp.t (a)",
        "select * from temp.t",
        "select * from TEMP.t",
        "select * from [temp].t",
        "insert into temp.t values (1)",
        "select * from sqlite_temp_master",
        "select * from sqlite_temp_schema",
        "drop table temp.t",
    ] {
        let outcome = checked(Sqlite, sql, Policy::ALL);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
    // Names that only look so.
    for sql in [
        "select * from pg_temperature",
        "select pg_temp.a from t as pg_temp",
        "select * from \"PG_TEMP\".t",
    ] {
        checked(PostgreSql, sql, Policy::ALL).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
}

#[test]
fn every_table_that_a_definition_names_is_found() {
    for (sql, expected) in [
        ("create table t () inherits (secret)", vec!["secret", "t"]),
        (
            "create table t (a int) inherits (u, s.secret)",
            vec!["s.secret", "t", "u"],
        ),
        (
            "create table t (a int references secret(a))",
            vec!["secret", "t"],
        ),
        (
            "create table t (a int constraint c references s.secret on delete cascade)",
            vec!["s.secret", "t"],
        ),
        (
            "create table t (a int, foreign key (a) references secret)",
            vec!["secret", "t"],
        ),
        ("create table t (like secret)", vec!["secret", "t"]),
        (
            "create table t partition of secret for values in (1)",
            vec!["secret", "t"],
        ),
        (
            "create table t as select * from secret",
            vec!["secret", "t"],
        ),
        (
            "create table t as with t as (select * from secret) select * from t",
            vec!["secret", "t"],
        ),
        ("create view v as select * from secret", vec!["secret", "v"]),
        (
            "create or replace view v(a) as select 1 from secret",
            vec!["secret", "v"],
        ),
        (
            "create materialized view v as select * from secret",
            vec!["secret", "v"],
        ),
        ("create index on secret (a)", vec!["secret"]),
        ("create index i on secret (a) where a > 1", vec!["secret"]),
        ("alter table t rename to secret", vec!["secret", "t"]),
        ("alter table s.t rename to secret", vec!["s.secret", "s.t"]),
        (
            "alter table t add constraint c foreign key (a) references secret (a)",
            vec!["secret", "t"],
        ),
        (
            "alter table t add foreign key (a) references secret",
            vec!["secret", "t"],
        ),
        (
            "alter table t add column b int references secret, add c int references u",
            vec!["secret", "t", "u"],
        ),
        ("alter table only t add column b int", vec!["t"]),
        ("drop table t, secret", vec!["secret", "t"]),
        ("drop view v, secret", vec!["secret", "v"]),
        ("truncate t, secret", vec!["secret", "t"]),
        ("truncate only secret restart identity", vec!["secret"]),
    ] {
        assert_eq!(expected, tables(PostgreSql, sql), "{sql}");
        checked(PostgreSql, sql, Policy::ALL).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
    for (sql, expected) in [
        (
            "create table t (a references secret, b, foreign key (b) references u)",
            vec!["secret", "t", "u"],
        ),
        (
            "create table t as select * from secret",
            vec!["secret", "t"],
        ),
        ("alter table t rename to secret", vec!["secret", "t"]),
        ("create unique index i on secret (a)", vec!["secret"]),
        (
            "create table if not exists t (a integer primary key autoincrement) strict",
            vec!["t"],
        ),
    ] {
        assert_eq!(expected, tables(Sqlite, sql), "{sql}");
        checked(Sqlite, sql, Policy::ALL).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
}

/// `secret` stands where PostgreSQL takes it for a table.
#[test]
fn a_definition_that_could_name_a_table_otherwise_is_refused() {
    for sql in [
        "create table t (like secret including all)",
        "create table t (like secret, a int)",
        "create table t like secret",
        "create table t clone secret",
        "create table t as table secret",
        "create table t of secret",
        "alter table t inherit secret",
        "alter table t no inherit secret",
        "alter table t of secret",
        "alter table t attach partition secret for values in (1)",
        "alter table t detach partition secret",
        "alter table t add like secret",
        "alter table t swap with secret",
        "create view v as table secret",
        "create rule r as on insert to t do also delete from secret",
        "create trigger g after insert on secret execute function f()",
        "create policy p on secret using (true)",
        "create index on only secret (a)",
        "create recursive view v (a) as select * from secret",
    ] {
        names_or_is_refused(PostgreSql, sql, &["secret"]);
    }
    // A clause for PostgreSQL, and a column for the parser: in quotes it is one for both.
    let sql = "create table t (a int, like secret)";
    if let Ok(script) = checked(PostgreSql, sql, Policy::ALL) {
        let text = script.statements()[0].sql().unwrap();
        assert!(text.contains("\"like\""), "{text}");
    }
}

#[test]
fn definitions_that_give_things_away_are_refused() {
    for sql in [
        "alter table t owner to u",
        "alter table t set schema s",
        "alter table t disable row level security",
        "alter table t no force row level security",
        "alter table t disable trigger all",
        "alter table t enable rule r",
        "alter table t replica identity full",
        "alter table t set (fillfactor = 10)",
        "alter table t set unlogged",
        "alter table t rename to s.u",
        "alter table t add primary key using index i",
        "alter view v as select 1",
        "alter index i rename to j",
        "alter schema s rename to r",
        "create table t (a int) tablespace x",
        "create table t (a int) with (fillfactor = 10)",
        "create view v with (security_barrier = false) as select 1",
        "create foreign table t (a int) server s",
        "create domain d as int",
        "create type y as (a int)",
        "create statistics s on a, b from t",
        "create schema s create table t (a int)",
        "create table t (a int) using heap",
        "create external table t (a int) location 'x'",
        "create index concurrently i on t (a)",
        "create index s.i on t (a)",
        "drop index i",
        "drop materialized view v",
        "drop sequence s",
        "drop type y",
        "comment on table t is 'x'",
    ] {
        let outcome = checked(PostgreSql, sql, Policy::ALL);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
}

#[test]
fn cascades_need_the_whole_database_and_all_of_its_rows() {
    for sql in [
        "drop table t cascade",
        "drop view v cascade",
        "truncate t cascade",
        "truncate table t restart identity cascade",
        "alter table t drop column a cascade",
        "alter table t drop constraint c cascade",
    ] {
        assert!(checked(PostgreSql, sql, Policy::ALL).is_ok(), "{sql}");
        let ruled = Policy {
            sees_all_rows: false,
            ..Policy::ALL
        };
        for policy in [CHANGES, ruled] {
            let outcome = checked(PostgreSql, sql, policy);
            assert!(matches!(outcome, Err(GuardError::Forbidden(_))), "{sql}");
        }
    }
}

#[test]
fn an_index_is_made_or_the_statement_fails() {
    for dialect in [PostgreSql, Dialect::Sqlite] {
        for sql in [
            "create index if not exists i on t (a)",
            "create unique index if not exists i on t (a) where a > 1",
        ] {
            assert!(checked(dialect, sql, Policy::ALL).is_ok(), "{sql}");
            let outcome = checked(dialect, sql, CHANGES);
            assert!(matches!(outcome, Err(GuardError::Forbidden(_))), "{sql}");
        }
        assert!(checked(dialect, "create index i on t (a)", CHANGES).is_ok());
    }
}

#[test]
fn the_age_of_a_transaction_needs_the_whole_database() {
    for sql in [
        "select age(xmin) from t",
        "select age(t.xmax) from t",
        "select \"age\"((\"xmin\")) from t",
        "select pg_catalog.age(x.a) from (select xmin a from t) x",
        "select age('3'::xid)",
        "select age(pg_catalog.xid '3')",
        "select age(cast(a as xid)) from t",
        "select (a::xid).age from t",
        "select age(a) from json_to_record('{}') as r(a xid)",
        "select age(a[1]) from (select '{3}'::xid[] a) q",
        "select mxid_age('3')",
    ] {
        assert!(checked(PostgreSql, sql, Policy::READ_ALL).is_ok(), "{sql}");
        let outcome = checked(PostgreSql, sql, READS);
        assert!(
            matches!(outcome, Err(GuardError::Catalogue(_))),
            "{sql}: {outcome:?}"
        );
    }
    for sql in [
        "select age(at), age('2020-01-01'), age(now(), at), age(xmin_at) from t",
        "select xmin, ctid from t where xmin = '3'::xid",
    ] {
        assert!(checked(PostgreSql, sql, READS).is_ok(), "{sql}");
    }
}

#[test]
fn tables_are_changed_only_in_the_ways_that_the_operator_allows() {
    let statements = [
        (DefinitionKind::CreateTable, "create table t (a int)"),
        (DefinitionKind::CreateTable, "create table t as select 1"),
        (DefinitionKind::CreateView, "create view v as select 1"),
        (DefinitionKind::CreateIndex, "create index i on t (a)"),
        (DefinitionKind::AlterTable, "alter table t add column b int"),
        (DefinitionKind::DropTable, "drop table t"),
        (DefinitionKind::DropView, "drop view v"),
        (DefinitionKind::Truncate, "truncate t"),
    ];
    for (kind, sql) in statements {
        let policy = |definitions| Policy {
            definitions,
            ..Policy::ALL
        };
        let only = policy(DefinitionKinds::NONE.with(kind));
        let others = DefinitionKind::ALL
            .into_iter()
            .filter(|&other| other != kind);
        let others = policy(others.collect());
        for dialect in BOTH {
            assert!(checked(dialect, sql, only).is_ok(), "{dialect:?}: {sql}");
            for refusing in [policy(DefinitionKinds::NONE), others] {
                let outcome = checked(dialect, sql, refusing);
                assert!(
                    matches!(outcome, Err(GuardError::DefinitionNotAllowed(_))),
                    "{dialect:?}: {sql}: {outcome:?}"
                );
            }
            let read_only = Policy {
                allow_dml: false,
                ..only
            };
            let outcome = checked(dialect, sql, read_only);
            assert!(
                matches!(outcome, Err(GuardError::DdlNotAllowed(_))),
                "{sql}"
            );
        }
    }
    // Rows may be changed without any of them.
    let rows = Policy {
        definitions: DefinitionKinds::NONE,
        ..CHANGES
    };
    for sql in [
        "insert into t values (1)",
        "update t set a = 1",
        "delete from t",
    ] {
        assert!(checked(PostgreSql, sql, rows).is_ok(), "{sql}");
    }
}

/// Reads by somebody to whom single tables are open.
const READS: Policy = Policy {
    sees_all_tables: false,
    ..Policy::READ_ALL
};

#[test]
fn a_table_of_sqlite_is_not_read_by_a_call() {
    for sql in [
        "select * from notes('word')",
        "select * from main.notes('word')",
        "select * from [notes]('word') n",
        "select * from t, notes(t.a)",
        "select 1 where exists (select 1 from notes('word'))",
        "select * from dbstat('main')",
        "select * from sqlite_dbpage('main')",
        "select * from fts5vocab('main', 'notes', 'row')",
        "select * from sqlite_stmt()",
        "with notes as (select 1) select * from notes('word')",
    ] {
        let outcome = checked(Sqlite, sql, Policy::ALL);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
    let outcome = checked(Sqlite, "select * from generate_series(1, 3)", READS);
    let words = outcome.unwrap_err().to_string();
    assert!(words.contains("only json_each and json_tree"), "{words}");
    for sql in [
        "select * from completion",
        "select value from json_each('[1, 2]')",
        "select * from t, JSON_TREE(t.a, '$.b') j",
        "select * from notes where notes match 'word'",
    ] {
        checked(Sqlite, sql, READS).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
}

#[test]
fn views_of_extensions_that_show_statements_of_others_are_refused_in_any_schema() {
    for sql in [
        "select query from pg_stat_statements",
        "select query from public.pg_stat_statements",
        "select query from monitoring.\"pg_stat_statements\"",
        "select * from extensions.pg_buffercache",
        "select * from public.pg_wait_sampling_history",
        "select * from monitoring.pg_stat_kcache",
        "select * from monitoring.pg_stat_statements_info",
        "select * from pg_stat_activity",
        "select * from pg_catalog.pg_stat_progress_vacuum",
    ] {
        let outcome = checked(PostgreSql, sql, Policy::ALL);
        assert!(matches!(outcome, Err(GuardError::Tables(_))), "{sql}");
    }
    // A table of people.
    checked(PostgreSql, "select * from analytics.pg_status", READS).unwrap();
    let outcome = checked(Sqlite, "select rtreecheck('main', 'boxes')", Policy::ALL);
    assert!(matches!(outcome, Err(GuardError::Functions(_))));
}

#[test]
fn options_of_foreign_servers_are_shown_to_nobody() {
    for table in [
        "pg_foreign_server",
        "pg_catalog.pg_user_mapping",
        "pg_catalog.pg_foreign_table",
        "information_schema._pg_user_mappings",
        "information_schema._pg_foreign_servers",
        "information_schema.foreign_server_options",
        "information_schema.user_mapping_options",
        "information_schema.\"foreign_table_options\"",
    ] {
        let sql = format!("select * from {table}");
        let outcome = checked(PostgreSql, &sql, Policy::ALL);
        assert!(matches!(outcome, Err(GuardError::Tables(_))), "{sql}");
    }
    checked(
        PostgreSql,
        "select * from shop.foreign_table_options",
        READS,
    )
    .unwrap();
}

#[test]
fn xmltable_reads_what_its_arguments_read() {
    let sql = "select x.id, x.name from orders o, \
               lateral xmltable(xmlnamespaces('urn:a' as a), '/a:rows' passing by ref (select doc from other.docs) \
               columns n for ordinality, id int path '@id' not null, name text path 'name' default (select min(a) from t)) as x";
    let script = checked(PostgreSql, sql, READS).unwrap_or_else(|err| panic!("{sql}: {err}"));
    assert_eq!(vec!["orders", "other.docs", "t"], tables(PostgreSql, sql));
    assert_eq!(sql, script.statements()[0].sql().unwrap());
    for sql in [
        "select * from xmltable('/a' passing '<a/>' columns b int path pg_read_file('x'))",
        "select * from xmltable('/a' passing pg_read_file('x')::xml columns b int path '.')",
        "select * from xmltable(pg_read_file('x') passing '<a/>' columns b int path '.')",
        "select * from xmltable('/a' passing '<a/>' columns b int path '.' default pg_sleep(1))",
        "select * from xmltable(xmlnamespaces(pg_read_file('x') as a), '/a' passing '<a/>' columns b int)",
        "select x.pg_typeof from xmltable('/a' passing '<a/>' columns b int path '.') x",
    ] {
        let outcome = checked(PostgreSql, sql, READS);
        assert!(outcome.is_err(), "lets through: {sql}");
    }
}

#[test]
fn a_text_that_postgresql_takes_for_a_name_is_one_that_it_brings() {
    for sql in [
        "select to_tsvector('closed.words', body) from t",
        "select to_tsvector('words', body) from t",
        "select to_tsvector('closed.words' collate \"C\", body) from t",
        "select to_tsvector(('closed.words'), body) from t",
        "select to_tsvector(((('closed.words') collate \"C\")), body) from t",
        "select to_tsvector(E'closed.words', body) from t",
        "select to_tsvector(U&'closed.words', body) from t",
        "select to_tsvector($$closed.words$$, body) from t",
        "select to_tsvector(n'closed.words', body) from t",
        "select to_tsvector('closed'\n'.words', body) from t",
        "select pg_catalog.to_tsvector('closed.words', body) from t",
        "select \"to_tsvector\"('closed.words', body) from t",
        "select TO_TSVECTOR('closed.words', body) from t",
        "select to_tsvector((row('closed.words')).f1, body) from t",
        "select to_tsvector('\"closed\".\"words\"', body) from t",
        "select to_tsvector(' closed . words', body) from t",
        "select to_tsvector('english.words', body) from t",
        "select to_tsvector('13337', body) from t",
        "select to_tsvector('closed.words', '{}'::jsonb)",
        "select jsonb_to_tsvector('closed.words', '{}', '[\"all\"]')",
        "select json_to_tsvector('closed.words', '{}', '[\"all\"]')",
        "select to_tsquery('closed.words', 'a')",
        "select plainto_tsquery('closed.words', 'a')",
        "select phraseto_tsquery('closed.words', 'a')",
        "select websearch_to_tsquery('closed.words', 'a')",
        "select ts_headline('closed.words', body, to_tsquery('a')) from t",
        "select ts_headline('closed.words', body, to_tsquery('a'), 'MaxWords=5') from t",
        "select ts_headline('closed.words', 'a', 'b')",
        "select ts_headline('closed.words', other.to_tsquery('a'), 'MaxWords=5')",
        "select ts_lexize('closed.stem', 'a')",
        "select ts_lexize('words', 'a')",
        "select * from ts_parse('closed.parser', 'a')",
        "select * from ts_parse(kind, 'a') from t",
        "select ts_parse('closed' || '.parser', 'a')",
        "select * from ts_token_type('closed.parser')",
        "select * from ts_token_type(3722)",
        "select g.ts_token_type from unnest(array['closed.parser']) g",
        "select (t.kind).ts_token_type from t",
        "select * from ts_debug('closed.words', 'a')",
        "select * from ts_debug(document => 'a', config => 'closed.words')",
        "select to_tsvector(config => 'closed.words', document => 'a')",
        "select coalesce(dictionary, 'closed.stem') from ts_debug('a')",
        "select coalesce(get_current_ts_config(), 'closed.words')",
        "select 'closed.words'::regconfig",
        "select cast('closed.stem' as regdictionary)",
        "select 'closed.german'::regcollation",
        "select 'closed.+(int,int)'::regoperator, 'closed.+'::regoper",
        "select 'closed.twice(int)'::regprocedure, 'closed.twice'::regproc",
        "select 'closed'::regnamespace",
        "select 'somebody'::regrole",
        "select 'closed.mood'::regtype",
        "select regnamespace 'closed'",
        "select regconfig 'closed.words'",
        "select regtype 'closed.mood' from t",
        "select pg_catalog.regnamespace 'closed'",
        "select regnamespace $$closed$$",
        "update t set a = 1 returning regnamespace 'closed'",
        "select json_value('\"closed\"', '$' returning regnamespace)",
        "select * from xmltable('/a' passing '<a>closed</a>' columns b regnamespace path '.')",
        "select * from json_to_record('{\"a\": \"closed\"}') as x(a regnamespace)",
    ] {
        let outcome = checked(
            PostgreSql,
            sql,
            Policy {
                allow_dml: true,
                ..READS
            },
        );
        assert!(outcome.is_err(), "lets through: {sql}");
    }
    for sql in [
        "select to_tsvector(body) @@ to_tsquery('a & b') from t",
        "select to_tsvector('english', body) @@ plainto_tsquery('english', 'a b') from t",
        "select to_tsvector('pg_catalog.simple', coalesce(title, '') || ' ' || body) from t",
        "select to_tsvector('German', body) from t",
        "select to_tsvector(t.language, body) from t",
        "select ts_headline(coalesce(body, ''), websearch_to_tsquery('a'), 'MaxWords=5') from t",
        "select ts_headline('english', body, to_tsquery('english', 'a'), 'StartSel=<b>') from t",
        "select ts_headline(body, to_tsquery('a')) from t",
        "select ts_headline('a b', to_tsquery('a'), 'MaxWords=5')",
        "select ts_headline('a b', (pg_catalog.websearch_to_tsquery('simple', 'a')), 'MaxWords=5')",
        "select ts_lexize('english_stem', 'stars')",
        "select * from ts_parse('default', 'a b')",
        "select * from ts_token_type('default')",
        "select ts_rank_cd(to_tsvector('english', body), to_tsquery('a')) from t",
        "select (t.body).to_tsvector from t",
        "select date '2024-01-01', varchar(3) 'abc', inet '10.0.0.1', bit(3) '101'",
        "select extract('year' from now()), extract(year from now())",
    ] {
        checked(PostgreSql, sql, READS).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
    // They tell nothing new to somebody who may see everything.
    for sql in [
        "select to_tsvector('closed.words', body) from t",
        "select 'closed.words'::regconfig, regnamespace 'closed'",
        "select * from ts_debug('closed.words', 'a')",
    ] {
        checked(PostgreSql, sql, Policy::READ_ALL).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
}

/// Each names the schema `closed` in another place.
const NAMES_OF_A_SCHEMA: &[&str] = &[
    "select 'a' < 'b' collate closed.german",
    "select 'a' < 'b' collate \"closed\".\"German\"",
    "select a from t order by a collate closed.german desc",
    "select max(a collate closed.german) over (order by b collate closed.german) from t",
    "create table u (a text collate closed.german)",
    "create table u (a text, b text collate closed.german not null)",
    "create index on t (a collate closed.german)",
    "alter table t add column b text collate closed.german",
    "create table u (a text) partition by range (a collate closed.german)",
    "select 1 operator(closed.+) 2",
    "select 1 operator (closed . +) 2",
    "select 1 OPERATOR(/* a */ \"closed\".+) 2",
    "select operator(closed.-) 1",
    "select 1, operator(closed.@) a from t",
    "select a from t order by a using operator(closed.<)",
    "select array_agg(a order by a using operator(closed.<)) from t",
    "create table u (a int, exclude using gist (a with operator(closed.&&)))",
    "select closed.twice(1)",
    "select closed.lower('A')",
    "select closed.count(*) from t",
    "select closed.sum(a) over () from t",
    "select * from closed.generate_series(1, 2)",
    "select * from closed.series(1, 2) s",
    "select * from rows from (closed.series(1, 2))",
    "select * from t tablesample closed.system(1)",
    "select cast('a' as closed.mood)",
    "select 'a'::closed.mood[]",
    "select null::closed.int4",
    "select enum_range(null::closed.mood)",
    "select closed.mood 'a'",
    "select closed.mood $$a$$ from t",
    "insert into t values (1) returning closed.mood 'a'",
    "with x as (update t set a = 1 returning closed.mood 'a') select * from x",
    "select * from json_to_record('{}') as x(a closed.mood)",
    "select * from xmltable('/a' passing '<a/>' columns a closed.mood path '.')",
    "select json_value('1', '$' returning closed.mood)",
    "select json_object('a': 1 returning closed.mood)",
    "select closed.payroll.amount from t",
    "select closed.payroll.* from t",
    "select count(closed.payroll.*) from t",
    "select 1 from t where closed.payroll.amount > 1",
    "update t set a = 1 returning closed.payroll.*",
    "delete from t returning closed.payroll.amount",
    "select closed.payroll.amount[1] from t",
    "select closed.payroll.amount[1].f from t",
    "select a from t order by closed.payroll.amount[1]",
    "select max(a) over w from t window w as (order by closed.payroll.amount[1])",
    "select 1 from t where a = any(closed.payroll.amount[1:2])",
    "insert into t (a) values (1) on conflict (a) do update set a = closed.payroll.amount[1]",
    "merge into t using t s on true when matched then update set a = closed.payroll.amount[1]",
    "select count(x => closed.payroll.*) from t",
    "select count(x := closed.payroll.*) from t",
];

/// The same behind the name of a database.
const NAMES_OF_A_DATABASE: &[&str] = &[
    "select 1 operator(d.closed.+) 2",
    "select d.closed.payroll.amount from t",
    "select d.closed.payroll.amount[1] from t",
    "select d.closed.twice(1)",
];

/// The same in places that the parser does not know.
const NOT_PARSED: &[&str] = &[
    "select * from json_to_record('{}') as x(a text collate closed.german)",
    "alter table t alter column a type text collate closed.german",
    "select 1 operator(closed.=) any (array[1])",
    "select 1 where 1 operator(closed.=) all (select 1)",
    "select closed.mood(3) 'a'",
];

#[test]
fn a_schema_is_found_wherever_it_stands() {
    let catalogue = tidegate_sql_guard::Catalogue::default();
    let check = |sql: &str| checked(PostgreSql, sql, CHANGES);
    for sql in NAMES_OF_A_SCHEMA {
        let script = check(sql).unwrap_or_else(|err| panic!("{sql}: {err}"));
        let schemas = script.schemas(CHANGES, &catalogue);
        assert!(schemas.contains("closed"), "{sql}: {schemas:?}");
    }
    for sql in NAMES_OF_A_DATABASE {
        let script = check(sql).unwrap_or_else(|err| panic!("{sql}: {err}"));
        // A schema of another database is none that is open here.
        let outcome = script.check_names(CHANGES, &catalogue, &["closed".to_owned()].into());
        let words = outcome.unwrap_err().to_string();
        assert!(words.contains("d.closed"), "{sql}: {words}");
    }
    for sql in NOT_PARSED {
        let outcome = check(sql);
        assert!(
            matches!(outcome, Err(GuardError::Syntax(_))),
            "{sql}: {outcome:?}"
        );
    }
    for sql in [
        "select 'a' < 'b' collate \"C\", 'a' < 'b' collate pg_catalog.\"de-x-icu\"",
        "select 1 operator(pg_catalog.+) 2, operator(pg_catalog.-) 1",
        "select pg_catalog.lower('A'), pg_catalog.count(*) from t",
        "select null::pg_catalog.int4, pg_catalog.int4 '1'",
        "select public.t.a, public.t.* from public.t",
        "select t.a, t.* from t",
        "select (a).b.c from t",
        "select t.a[1], t.a[1].b, a[1], public.t.a[1] from public.t",
    ] {
        let script = checked(PostgreSql, sql, READS).unwrap_or_else(|err| panic!("{sql}: {err}"));
        let outcome = script.check_names(READS, &catalogue, &["public".to_owned()].into());
        assert!(outcome.is_ok(), "{sql}: {outcome:?}");
    }
}

#[test]
fn what_counts_rows_is_refused_where_a_rule_hides_some() {
    let ruled = Policy {
        sees_all_rows: false,
        ..Policy::ALL
    };
    for (dialect, sql) in [
        (PostgreSql, "select reltuples from pg_class"),
        (PostgreSql, "select relpages from pg_catalog.pg_class c"),
        (PostgreSql, "select last_value from pg_sequences"),
        (PostgreSql, "select * from pg_catalog.pg_locks"),
        (
            PostgreSql,
            "select 1 where exists (select from \"pg_class\")",
        ),
        (PostgreSql, "select pg_relation_size('sales')"),
        (PostgreSql, "select pg_catalog.pg_table_size('sales')"),
        (PostgreSql, "select pg_total_relation_size(16384)"),
        (PostgreSql, "select pg_indexes_size('sales')"),
        (
            PostgreSql,
            "select pg_size_pretty(pg_database_size('shop'))",
        ),
        (PostgreSql, "select pg_tablespace_size('pg_default')"),
        (PostgreSql, "select pg_sequence_last_value('sales_id_seq')"),
        (
            PostgreSql,
            "select g.pg_relation_size from unnest(array['sales'::regclass]) g",
        ),
        (Sqlite, "select * from sqlite_stat1"),
        (Sqlite, "select * from main.SQLITE_STAT4"),
        (Sqlite, "select seq from sqlite_sequence"),
    ] {
        let outcome = checked(dialect, sql, ruled);
        assert!(
            matches!(outcome, Err(GuardError::HiddenRows(_))),
            "{sql}: {outcome:?}"
        );
        let script =
            checked(dialect, sql, Policy::ALL).unwrap_or_else(|err| panic!("{sql}: {err}"));
        let limited = Policy {
            sees_all_tables: false,
            ..ruled
        };
        let catalogue = tidegate_sql_guard::Catalogue::default();
        let outcome = script.check_relations(limited, &catalogue);
        assert!(
            matches!(outcome, Err(GuardError::HiddenRows(_))),
            "{sql}: {outcome:?}"
        );
    }
    for (dialect, sql) in [
        (PostgreSql, "select tablename from pg_tables"),
        (
            PostgreSql,
            "select table_name from information_schema.tables",
        ),
        (
            PostgreSql,
            "select 'sales'::regclass::text, pg_get_viewdef('v')",
        ),
        (
            PostgreSql,
            "select pg_column_size(t), pg_size_pretty(1024::bigint) from t",
        ),
        (PostgreSql, "select last_value(a) over (order by b) from t"),
        (PostgreSql, "select * from shop.pg_class"),
        (Sqlite, "select name from sqlite_master"),
    ] {
        checked(dialect, sql, ruled).unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
}
