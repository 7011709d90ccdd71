//! Properties of the guard over generated input, against a real SQLite.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::types::Value;
use sqlparser::keywords::ALL_KEYWORDS;
use tidegate_sql_guard::{Dialect, Policy, RowFilters, Script, TableName};

const DIALECTS: [Dialect; 2] = [Dialect::PostgreSql, Dialect::Sqlite];
/// Rows with `a` above this are hidden.
const VISIBLE: i64 = 5;

/// What a fuzzer calls: everything that the guard does with a text.
fn all_of_the_guard(dialect: Dialect, text: &str) {
    let Ok(mut script) = Script::parse(dialect, text) else {
        return;
    };
    let _ = script.check(Policy::READ_ALL);
    let mut filters = RowFilters::new();
    for table in script.tables() {
        filters.add(table.clone(), "a < 5");
    }
    for statement in script.statements_mut() {
        statement.limit_rows(3);
        let _ = statement.filter_rows(&filters);
        let _ = statement.sql();
    }
}

/// Words and signs of SQL in any order: closer to what parses than letters in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "select",
        "from",
        "where",
        "t",
        "u",
        "a",
        "*",
        "(",
        ")",
        ",",
        "1",
        "'x'",
        "\"t\"",
        "with",
        "as",
        "union",
        "all",
        "join",
        "on",
        "=",
        "and",
        "not",
        "in",
        "exists",
        "limit",
        "offset",
        "order by",
        "group by",
        "having",
        "case",
        "when",
        "then",
        "end",
        "null",
        ";",
        "--",
        "/*",
        "*/",
        "insert into",
        "values",
        "delete",
        "update",
        "set",
        "table",
        "only",
        "lateral",
        "recursive",
        "$$",
        "$1",
        "E'\\'",
        "::",
        "int",
        "[",
        "]",
        ".",
        "over",
        "window",
        "explain",
        "begin",
        "::text",
        "interval",
        "'",
        "\\",
        "returning",
        "for update",
        "into",
        "array",
        "{{",
        "}}",
        "e'",
        "u&'",
        "x'",
        "n'",
        "b'",
        "`",
        "\n",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_guard_panic(text in any::<String>()) {
        for dialect in DIALECTS {
            all_of_the_guard(dialect, &text);
        }
    }

    #[test]
    fn no_mix_of_words_makes_the_guard_panic(text in soup()) {
        for dialect in DIALECTS {
            all_of_the_guard(dialect, &text);
        }
    }

    /// A read that the guard lets out changes nothing, and SQLite itself says so.
    #[test]
    fn what_passes_is_read_only_for_sqlite(text in soup()) {
        let db = database();
        let Ok(script) = Script::parse(Dialect::Sqlite, &text) else { return Ok(()) };
        if script.check(Policy::READ_ALL).is_err() {
            return Ok(());
        }
        for statement in script.statements() {
            let Ok(sql) = statement.sql() else { continue };
            if let Ok(prepared) = db.prepare(&sql) {
                // BEGIN and COMMIT are never sent.
                prop_assert!(prepared.readonly() || statement.tables().is_empty(), "{}", sql);
            }
        }
    }

    /// A literal comes back letter by letter, whatever is in it.
    #[test]
    fn strings_survive(content in "[a-z'\\\\\"$ -]{0,12}") {
        let quoted = format!("'{}'", content.replace('\'', "''"));
        let script = Script::parse(Dialect::Sqlite, &format!("SELECT {quoted} AS x")).unwrap();
        script.check(Policy::default()).unwrap();
        if let Ok(sql) = script.statements()[0].sql() {
            let found: String = database().query_row(&sql, [], |row| row.get(0)).unwrap();
            prop_assert_eq!(content, found);
        }
    }

    /// A filtered query gives what it gives on tables from which the hidden rows are gone.
    #[test]
    fn filtered_queries_see_only_visible_rows(sql in query(3)) {
        let (full, visible) = (database(), database());
        visible
            .execute_batch(&format!("DELETE FROM t WHERE NOT (a <= {VISIBLE}); DELETE FROM u WHERE NOT (a <= {VISIBLE})"))
            .unwrap();
        // SQLite calls some hidden names circular.
        let Ok(expected) = rows(&visible, &sql) else { return Ok(()) };
        let mut script = Script::parse(Dialect::Sqlite, &sql).map_err(|err| TestCaseError::fail(format!("{sql}: {err}")))?;
        script.check(Policy::default()).map_err(|err| TestCaseError::fail(format!("{sql}: {err}")))?;
        let mut filters = RowFilters::new();
        for table in ["t", "u"] {
            filters.add(TableName::stored(Dialect::Sqlite, None, table), &format!("a <= {VISIBLE} -- rule"));
            filters.add(TableName::stored(Dialect::Sqlite, Some("main"), table), &format!("a <= {VISIBLE}"));
        }
        let statement = &mut script.statements_mut()[0];
        statement.filter_rows(&filters).unwrap();
        let filtered = statement.sql().map_err(|err| TestCaseError::fail(format!("{sql}: {err}")))?;
        let ours = rows(&full, &filtered).map_err(|err| TestCaseError::fail(format!("{filtered}: {err}")))?;
        prop_assert_eq!(ours, expected, "{}\n{}", sql, filtered);
    }

    /// A limit gives no more than it says, and rows of the unlimited result only.
    #[test]
    fn limited_queries_give_no_more(sql in query(2), rows_wanted in 0_u64..8) {
        let db = database();
        let Ok(all) = rows(&db, &sql) else { return Ok(()) };
        let all: BTreeSet<_> = all.into_iter().collect();
        let mut script = Script::parse(Dialect::Sqlite, &sql).unwrap();
        let statement = &mut script.statements_mut()[0];
        statement.limit_rows(rows_wanted);
        let limited = rows(&db, &statement.sql().unwrap()).unwrap();
        prop_assert!(limited.len() as u64 <= rows_wanted);
        prop_assert!(limited.iter().all(|row| all.contains(row)), "{}", sql);
    }
}

fn database() -> rusqlite::Connection {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    db.execute_batch("CREATE TABLE t(a INTEGER, b INTEGER); CREATE TABLE u(a INTEGER, b INTEGER)")
        .unwrap();
    for a in 0..12 {
        db.execute("INSERT INTO t VALUES (?1, ?2)", [a, a % 3])
            .unwrap();
        db.execute("INSERT INTO u VALUES (?1, ?2)", [11 - a, a % 4])
            .unwrap();
    }
    db
}

/// All rows in text order: without ORDER BY their order is nobody's promise.
fn rows(db: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare(sql)?;
    let width = statement.column_count();
    let mut found: Vec<String> = statement
        .query_map([], |row| {
            let values: Result<Vec<Value>, _> = (0..width).map(|index| row.get(index)).collect();
            Ok(format!("{:?}", values?))
        })?
        .collect::<Result<_, _>>()?;
    found.sort();
    Ok(found)
}

/// Something to select from with columns `a` and `b`, and the alias that it has.
fn source(depth: u32) -> BoxedStrategy<String> {
    let table = prop::sample::select(vec![
        "t", "u", "T", "[t]", "\"u\"", "`t`", "main.t", "main.U", "'t'",
    ])
    .prop_map(str::to_owned);
    if depth == 0 {
        return table.boxed();
    }
    prop_oneof![
        4 => table,
        1 => query(depth - 1).prop_map(|sql| format!("({sql})")),
    ]
    .boxed()
}

fn condition(depth: u32) -> BoxedStrategy<String> {
    let plain = (
        prop::sample::select(vec!["a", "b", "x.a"]),
        prop::sample::select(vec!["<", ">", "=", "<>"]),
        0..12,
    )
        .prop_map(|(column, operator, number)| format!("{column} {operator} {number}"));
    if depth == 0 {
        return plain.boxed();
    }
    prop_oneof![
        3 => plain.clone(),
        1 => query(depth - 1).prop_map(|sql| format!("a IN (SELECT a FROM ({sql}))")),
        1 => query(depth - 1).prop_map(|sql| format!("EXISTS (SELECT 1 FROM ({sql}) y WHERE y.b = x.b)")),
        1 => query(depth - 1).prop_map(|sql| format!("b < (SELECT max(a) FROM ({sql}))")),
        1 => (plain.clone(), plain).prop_map(|(one, two)| format!("({one} OR {two})")),
    ]
    .boxed()
}

/// A query with the columns `a` and `b`.
fn query(depth: u32) -> BoxedStrategy<String> {
    let select = (source(depth), condition(depth)).prop_map(|(source, condition)| {
        format!("SELECT x.a, x.b FROM {source} AS x WHERE {condition}")
    });
    if depth == 0 {
        return select.boxed();
    }
    let inner = || query(depth - 1);
    prop_oneof![
        4 => select,
        1 => (source(depth), source(depth)).prop_map(|(one, two)| {
            format!("SELECT x.a AS a, y.b AS b FROM {one} AS x JOIN {two} AS y ON x.a = y.a")
        }),
        1 => (source(depth), source(depth)).prop_map(|(one, two)| {
            format!("SELECT x.a AS a, y.a AS b FROM {one} x LEFT JOIN {two} y ON x.b = y.b")
        }),
        1 => (inner(), inner(), prop::sample::select(vec!["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]))
            .prop_map(|(one, two, operator)| format!("SELECT * FROM ({one}) {operator} SELECT * FROM ({two})")),
        1 => (inner(), inner()).prop_map(|(one, two)| {
            format!("WITH p AS ({one}), q AS ({two}) SELECT p.a, q.b FROM p, q, t WHERE p.a = t.a AND q.b = t.b")
        }),
        // A common table expression with the name of a table, which it hides from then on.
        1 => inner().prop_map(|one| format!("WITH v AS ({one}), u AS (SELECT * FROM v) SELECT u.a, t.b FROM u, t")),
        1 => source(depth).prop_map(|one| format!("SELECT max(a) AS a, b FROM {one} AS x GROUP BY b HAVING count(*) > 1")),
    ]
    .boxed()
}

#[test]
fn sqlite_reads_every_keyword_as_it_is_written() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    for word in ALL_KEYWORDS {
        let (word, quoted) = (word.to_lowercase(), Dialect::Sqlite.quote(word));
        let written = Dialect::Sqlite.written(&word);
        let sql = format!(
            "CREATE TABLE {quoted} ({quoted} INT); SELECT {written}.{written}, {written} FROM {written}; \
             SELECT 1 FROM {written} WHERE {written} > 1; DROP TABLE {quoted}"
        );
        connection
            .execute_batch(&sql)
            .unwrap_or_else(|err| panic!("{word}: {err}"));
    }
}
