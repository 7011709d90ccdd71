//! Row level security: the rows are those that the rule leaves, nothing tells of the others, and a look-up by key
//! stays one.

use std::fmt::Write as _;
use std::time::Duration;

use tidegate_engines::{DataSource, Query, QueryError};
use tidegate_sql_guard::{Dialect, NamesInUse, Policy, Script};
use tidegate_testkit::postgres::PostgresServer;

use super::{Known, Refused, Rules, USER, engine, secured, under};

const RULED: Policy = Policy {
    sees_all_rows: false,
    ..Policy::READ_ALL
};

const DATA: &str = "
    CREATE SCHEMA b2;
    CREATE TABLE sales(id int PRIMARY KEY, country text, customer text, amount numeric, at timestamptz, more json);
    INSERT INTO sales VALUES
        (1, 'France', 'Ann', 10, '2024-01-01 00:00Z', '{\"a\": 1}'),
        (2, 'USA', 'Land of Toys Inc.', 20, '2024-01-02 00:00Z', '{\"a\": \"Land of Toys Inc.\"}'),
        (3, 'Spain', 'Eva', 30, '2024-01-03 00:00Z', 'null'),
        (4, 'USA', '', 0, 'infinity', '{}');
    CREATE TABLE b2.sales(id int, note text);
    INSERT INTO b2.sales VALUES (1, 'one'), (3, 'three');
    CREATE TABLE countries(name text);
    INSERT INTO countries VALUES ('France'), ('Spain');";

/// A list costs the planner more than most of a caller's conditions; the other reads a table.
const RULES: [Rules<'static>; 2] = [
    &[("sales", "country IN ('France', 'Spain', 'Germany')")],
    &[("sales", "country IN (SELECT name FROM countries) -- those")],
];

async fn value(engine: &dyn DataSource, sql: String) -> Result<String, QueryError> {
    let result = engine.run_one(Query::read(USER, sql)).await?;
    let mut text = String::new();
    for value in result.rows.iter().flatten() {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{}|",
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        );
    }
    Ok(text)
}

async fn server() -> (PostgresServer, std::sync::Arc<dyn DataSource>) {
    let server = PostgresServer::start().unwrap();
    server.execute("postgres", DATA).unwrap();
    let engine = engine(&server).await;
    (server, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_holds_however_the_table_is_named() {
    let (_server, engine) = server().await;
    let forms = [
        ("select id from sales order by id", "1|3|"),
        (
            "select public.sales.id from public.sales order by public.sales.id",
            "1|3|",
        ),
        ("select SALES.ID from PUBLIC.Sales order by 1", "1|3|"),
        ("select s.id from sales s order by s.id", "1|3|"),
        (
            "select sales.* from (select id from public.sales) as sales order by 1",
            "1|3|",
        ),
        (
            "select public.sales.id, b2.sales.note from public.sales join b2.sales on public.sales.id = b2.sales.id order by 1",
            "1|one|3|three|",
        ),
        (
            "select count(*) from public.sales, b2.sales where public.sales.id = b2.sales.id",
            "2|",
        ),
        (
            "select count(*) from sales a full join sales b using (id)",
            "2|",
        ),
        (
            "select count(*) from sales natural join b2.sales as n",
            "2|",
        ),
        ("select count(public.sales.*) from public.sales", "2|"),
        ("select count(sales) from sales", "2|"),
        (
            "with sales as (select id from sales) select id from sales order by 1",
            "1|3|",
        ),
        (
            "select id from sales where id in (select sales.id from sales) order by 1",
            "1|3|",
        ),
        (
            "select exists (select from sales where public.sales.country = 'USA')",
            "false|",
        ),
        (
            "select (select max(o.id) from sales o where o.id <= public.sales.id) from public.sales order by 1",
            "1|3|",
        ),
        ("select id from sales where id = 2", ""),
        ("select id from sales where id = any (array[1, 2])", "1|"),
        ("select id from sales where id between 2 and 4", "3|"),
        (
            "select id from sales where customer = 'Land of Toys Inc.' or id = 1",
            "1|",
        ),
        (
            "select s.id, n.note from b2.sales n left join sales s on s.id = n.id and s.id = 1 order by n.id",
            "1|one|null|three|",
        ),
        (
            "select n.id, s.id from b2.sales n left join sales s on s.id = n.id where s.id is null",
            "",
        ),
        ("table sales", "1|France|Ann|10|"),
    ];
    for rules in RULES {
        for (sql, expected) in forms {
            match under(&*engine, RULED, rules, sql).await {
                Ok(sent) => {
                    let got = value(&*engine, sent.clone()).await;
                    let got = got.unwrap_or_else(|err| panic!("{sql}: {err}\n{sent}"));
                    assert!(
                        got == expected || sql.starts_with("table"),
                        "{sql}: {got}\n{sent}"
                    );
                }
                Err(refused) => assert!(sql.starts_with("table"), "{sql}: {refused:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_subquery_cannot_have_is_refused_in_plain_words() {
    let (_server, engine) = server().await;
    for sql in [
        "select sales, ctid from sales",
        "select to_jsonb(s), s.ctid from sales s",
        "select s.to_jsonb, s.ctid from sales s",
        "select count(s.*), max(s.ctid) from sales s",
        "select s.ctid, (s).* from sales s",
        "select ctid, (select sales.* from b2.sales n) from sales",
        "select ctid from sales a, sales b",
        "select a.ctid from sales a natural join sales b",
        "select (select ctid from b2.sales n join sales s on s.ctid = n.ctid) from sales",
        "select count(ctid) from b2.sales n join sales s on s.id = n.id",
        "select n.id from b2.sales n join sales s on ctid is null",
        "select a.ctid, * from sales a join sales b using (id)",
        "select id from only sales",
        "select id from sales tablesample system (100)",
        "explain analyze select id from sales",
        "explain (analyze, costs) select id from sales",
        "explain (buffers true, analyze) select id from sales",
        "insert into b2.sales select id, customer from sales",
        "update sales set amount = 0",
        "delete from sales where id = 2",
    ] {
        let policy = Policy {
            allow_dml: true,
            ..RULED
        };
        let refused = under(&*engine, policy, RULES[0], sql).await;
        assert!(
            matches!(refused, Err(Refused::Guard(_))),
            "{sql}: {refused:?}"
        );
    }
}

/// Statements and their answers.
const SYSTEM_COLUMNS: &[(&str, &str)] = &[
    ("select ctid from sales order by id", "(0,1)|(0,3)|"),
    ("select CTID from sales order by ctid desc", "(0,3)|(0,1)|"),
    ("select sales.ctid from sales order by 1", "(0,1)|(0,3)|"),
    (
        "select public.sales.ctid from public.sales order by public.sales.ctid",
        "(0,1)|(0,3)|",
    ),
    ("select s.\"ctid\" from sales s order by 1", "(0,1)|(0,3)|"),
    ("select count(distinct tableoid) from sales", "1|"),
    (
        "select count(*) from sales where sales.xmin is not null and xmax = 0 and cmin = cmax",
        "2|",
    ),
    ("select min(ctid), max(ctid) from sales", "(0,1)|(0,3)|"),
    // Of a JOIN PostgreSQL finds it in the condition alone.
    (
        "select (select ctid from b2.sales n join b2.sales m on m.id = n.id limit 1) from sales order by 1",
        "(0,1)|(0,3)|",
    ),
    // A look-up finds no hidden row.
    ("select id from sales where ctid = '(0,2)'", ""),
    (
        "select id from sales where ctid in ('(0,1)', '(0,2)')",
        "1|",
    ),
    (
        "select id from sales where ctid = any (array['(0,2)', '(0,3)']::tid[])",
        "3|",
    ),
    (
        "select id from sales where '(0,2)'::tid = ctid or ctid > '(0,2)'",
        "3|",
    ),
    (
        "select count(*) from generate_series(1, 9) i, sales where ctid = ('(0,' || i || ')')::tid",
        "2|",
    ),
    (
        "select n.id from b2.sales n join sales on sales.ctid = n.ctid and sales.id = n.id order by 1",
        "1|",
    ),
    (
        "select a.id from sales a join sales b on a.ctid = b.ctid order by 1",
        "1|3|",
    ),
    (
        "select n.note, s.ctid from b2.sales n left join sales s using (id) order by 1",
        "one|(0,1)|three|(0,3)|",
    ),
    (
        "select s.ctid, s.id, n.note from sales s join b2.sales n using (id) order by 1",
        "(0,1)|1|one|(0,3)|3|three|",
    ),
    (
        "select id, (select max(i.ctid) from sales i where i.ctid < o.ctid) from sales o order by 1",
        "1|null|3|(0,1)|",
    ),
    (
        "select id from sales where exists (select from b2.sales n where n.id = sales.id and sales.ctid = n.ctid)",
        "1|",
    ),
    (
        "select (select ctid from (select 1) q) from sales order by 1",
        "(0,1)|(0,3)|",
    ),
    (
        "with c as (select ctid, id from sales) select ctid from c order by 1",
        "(0,1)|(0,3)|",
    ),
    (
        "select ctid from (select ctid from sales) q order by 1",
        "(0,1)|(0,3)|",
    ),
    (
        "select q.ctid from sales s, lateral (select s.ctid) q order by 1",
        "(0,1)|(0,3)|",
    ),
    (
        "select ctid from sales union select ctid from sales order by ctid",
        "(0,1)|(0,3)|",
    ),
    (
        "select ctid, count(*) from sales group by ctid order by ctid",
        "(0,1)|1|(0,3)|1|",
    ),
    ("select id as ctid from sales order by ctid", "1|3|"),
    (
        "select s.ctid, s.a from sales s(a, b) order by 1",
        "(0,1)|1|(0,3)|3|",
    ),
    ("select s.ctid from sales s(ctid) order by 1", "1|3|"),
    (
        "select public.sales.ctid, b2.sales.ctid from public.sales join b2.sales on public.sales.id = b2.sales.id \
             order by 1",
        "(0,1)|(0,1)|(0,3)|(0,2)|",
    ),
    // Stars show the columns alone.
    (
        "select n.* from sales s, b2.sales n where s.ctid = n.ctid and s.id = n.id",
        "1|one|",
    ),
    (
        "select count(*) from (select * from b2.sales n, sales where sales.ctid = n.ctid) q",
        "1|",
    ),
    (
        "select count(*) from (select * from sales order by ctid) q where q.ctid is null",
        "error",
    ),
    (
        "select * from (select s.*, 1 from sales s(a) where ctid = '(0,1)') q(a, b, c, d, e, f, g)",
        "1|France|Ann|10|2024-01-01 00:00:00+00:00|{\"a\": 1}|1|",
    ),
    (
        "select id from sales where exists (select * from b2.sales n where n.ctid = sales.ctid) order by 1",
        "1|",
    ),
    (
        "select * , ctid from public.sales where id = 3",
        "3|Spain|Eva|30|2024-01-03 00:00:00+00:00|null|(0,3)|",
    ),
    (
        "select ctid, /* all */ public . sales . * from public.sales where id = 3",
        "(0,3)|3|Spain|Eva|30|2024-01-03 00:00:00+00:00|null|",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn system_columns_are_those_of_the_visible_rows_and_no_star_shows_them() {
    let (_server, engine) = server().await;
    for rules in RULES {
        for (sql, expected) in SYSTEM_COLUMNS {
            let sent = under(&*engine, RULED, rules, sql).await;
            let sent = sent.unwrap_or_else(|refused| panic!("{sql}: {refused:?}"));
            let got = value(&*engine, sent.clone()).await;
            let got = got.unwrap_or_else(|_| "error".to_owned());
            assert_eq!(*expected, got, "{sql}\n{sent}");
        }
    }
}

/// Conditions that fail on a value, and then tell it in PostgreSQL's words. Each would be tried on hidden rows if it
/// were cheaper than the rule.
const ORACLES: &[&str] = &[
    "(timestamptz '2020-01-01' at time zone customer) is null",
    "customer::int = 1",
    "customer::numeric = 1",
    "customer::date = date '2020-01-01'",
    "customer::timestamptz is null",
    "customer::interval is null",
    "customer::uuid is null",
    "customer::inet is null",
    "customer::macaddr is null",
    "customer::json is null",
    "customer::jsonb is null",
    "customer::xml is null",
    "customer::bytea is null",
    "customer::point is null",
    "customer::boolean",
    "customer::int4range is null",
    "customer::bit(8) is null",
    "customer::money is null",
    "customer::tsquery is null",
    "customer::int[] is null",
    "customer::pg_lsn is null",
    "cast(customer as float8) > 0",
    "'x' ~ ('(' || customer)",
    "'x' similar to (customer || '(')",
    "'x' like customer || '\\'",
    "regexp_match('x', '(' || customer) is null",
    "to_date(customer, 'YYYY-MM-DD') is null",
    "to_number(customer, '999') = 1",
    "to_timestamp(customer, 'YYYY') is null",
    "make_date(2020, 1, length(customer) * 100) is null",
    "extract(epoch from customer::time) = 1",
    "date_trunc(customer, now()) is null",
    "date_part(customer, now()) = 1",
    "encode('x'::bytea, customer) is null",
    "decode(customer, 'hex') is null",
    "convert_to('x', customer) is null",
    "format('%s %s' || customer) is null",
    "chr(-length(customer)) is null",
    "repeat('x', length(customer) * 1000000000) is null",
    "lpad('x', length(customer) * 1000000000) is null",
    "1 / (amount - 20)::int = 1",
    "1 / (amount * 0) > 1",
    "(amount * 1000000000)::int = 1",
    "power(amount - 100, 0.5) is null",
    "sqrt(-amount) is null",
    "ln(-amount) is null",
    "factorial((-amount)::bigint) is null",
    "width_bucket(amount, 1, 1, 5) = 1",
    "generate_series(1, id, id - id) is null",
    "jsonb_path_query_first('{}', customer::jsonpath) is null",
    "json_array_length(more) = 1",
    "json_object_keys(more) = 'a'",
    "(more ->> 'a')::int = 1",
    "jsonb_set('[]', array[customer], '1') is null",
    "xpath(customer, '<a/>') is null",
    "to_tsvector(customer::regconfig, 'x') is null",
    "set_bit('\\x00'::bytea, length(customer), 1) is null",
    "array_fill(1, array[length(customer) * 1000000000]) is null",
    "string_to_table(customer, ',')::int = 1",
    "(select customer::int) = 1",
    "(case when country = 'USA' then 1 / (id - id) else 1 end) = 1",
    "coalesce(nullif(country, 'USA'), (1 / (id - id))::text) = 'x'",
    "exists (select 1 where customer::int = 1)",
    "id in (select customer::int)",
    "id = any (array[customer::int])",
    "(at - timestamptz '2020-01-01') > interval '1 day' * (1 / (id - 2))",
    "(at + interval '290000 years') is null",
    "row(customer::int) = row(1)",
    "ctid = customer::tid",
    "(customer || ctid)::int = 1",
    "1 / (case when ctid = '(0,2)' then 0 else 1 end) = 1",
    "tableoid = customer::oid",
    "xmlexists('//a' passing customer::xml)",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_error_tells_a_value_of_a_hidden_row() {
    let (_server, engine) = server().await;
    let forms = ORACLES.iter().flat_map(|oracle| {
        [
            format!("select count(*) from sales where id <= 2 and id >= 2 and {oracle}"),
            format!("select id from sales where country = 'USA' and ({oracle})"),
            format!("select 1 from b2.sales n join sales on sales.id = 2 and ({oracle})"),
            format!(
                "select id from sales group by id, country, customer, amount, at, more::text having country = 'USA' and ({oracle})"
            ),
            format!("select id from (select * from sales where {oracle}) q where id = 2"),
        ]
    });
    let forms: Vec<_> = forms.collect();
    // What they name is asked once: looking up takes longer than most of them.
    let mut names = NamesInUse::default();
    for form in &forms {
        if let Ok(script) = Script::parse(Dialect::PostgreSql, form) {
            names.extend(script.names(RULED));
        }
    }
    for rules in RULES {
        let known = Known::of(&*engine, &names, rules).await;
        let mut tried = 0;
        for form in &forms {
            let Ok(script) = Script::parse(Dialect::PostgreSql, form) else {
                continue;
            };
            let Ok(sent) = secured(&known, RULED, None, rules, script) else {
                continue;
            };
            tried += 1;
            if let Err(err) = value(&*engine, sent.clone()).await {
                // The visible rows may make it fail; those of the caller's own are told, and no others.
                let text = err.to_string();
                assert!(
                    !text.contains("Toys") && !text.contains("2125557818"),
                    "{form}\n{sent}\n{text}"
                );
                let own = value(
                    &*engine,
                    sent.replace("sales\" WHERE (", "sales\" WHERE country <> 'USA' AND ("),
                )
                .await;
                assert!(
                    own.is_err(),
                    "hidden rows make it fail: {form}\n{sent}\n{text}"
                );
            }
        }
        assert!(tried > ORACLES.len() * 3, "{tried}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_by_key_uses_the_index_under_a_rule() {
    let (server, engine) = server().await;
    server
        .execute(
            "postgres",
            "CREATE TABLE big AS SELECT i AS id, i::bigint AS wide, 'c' || i % 100 AS country, \
             timestamp '2020-01-01' + i * interval '1 minute' AS at FROM generate_series(1, 1000000) i;
             CREATE UNIQUE INDEX ON big(id); CREATE INDEX ON big(wide); CREATE INDEX ON big(at); \
             CREATE INDEX ON big(country, id); ANALYZE big;",
        )
        .unwrap();
    let rules: Rules<'_> = &[("big", "country IN ('c1', 'c2', 'c3')")];
    for (sql, rows) in [
        ("select count(*) from big where id = 101", "1|"),
        (
            "select count(*) from big b where b.id = 101 and b.at is not null",
            "1|",
        ),
        (
            "select count(*) from public.big where id in (101, 102, 104)",
            "2|",
        ),
        ("select count(*) from big where wide = 101", "1|"),
        (
            "select count(*) from big where id between 101 and 110",
            "3|",
        ),
        ("select count(*) from big where 101 = id", "1|"),
        (
            "select count(*) from big where at = timestamp '2020-01-01 01:41:00'",
            "1|",
        ),
        (
            "select count(*) from big where at >= '2020-01-01 01:41' and at < '2020-01-01 01:43'",
            "2|",
        ),
        (
            "select count(*) from b2.sales n join big on big.id = 101 and n.id = 1",
            "1|",
        ),
        (
            "select count(*) from (select * from big where id = 101) q",
            "1|",
        ),
    ] {
        let sent = under(&*engine, RULED, rules, sql).await.unwrap();
        let plan = value(&*engine, format!("EXPLAIN {sent}")).await.unwrap();
        assert!(
            plan.contains("Index") && !plan.contains("Seq Scan on big"),
            "{sql}\n{sent}\n{plan}"
        );
        let count = tokio::time::timeout(Duration::from_secs(5), value(&*engine, sent)).await;
        assert_eq!(rows, count.unwrap().unwrap(), "{sql}");
    }
}
