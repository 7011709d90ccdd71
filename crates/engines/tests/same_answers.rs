//! What the guard sends gives what the statement gives as it stands: several hundred statements, each run on the
//! database both ways.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::Path;

use tidegate_sql_guard::{Dialect, GuardError, Policy, Script};
use tidegate_testkit::postgres::PostgresServer;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// More rows than any of the statements gives.
const ALL_ROWS: usize = 1_000;
/// Fewer than most of them give.
const FEW_ROWS: usize = 2;

/// One statement of a file.
struct Case {
    sql: String,
    /// The guard refuses it, though the database would answer.
    is_refused: bool,
}

/// Names of the columns, and rows as text; or the database's words.
type Answer = Result<(Vec<String>, Vec<Vec<Option<String>>>), String>;

fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let mut cases = Vec::new();
    for paragraph in text.split("\n\n") {
        let (notes, lines): (Vec<_>, Vec<_>) = paragraph
            .lines()
            .enumerate()
            .partition(|(index, line)| is_note(paragraph, *index, line));
        let sql: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
        let sql = sql.join("\n");
        if !sql.trim().is_empty() {
            cases.push(Case {
                sql,
                is_refused: notes
                    .iter()
                    .any(|(_, line)| line.starts_with("-- refused:")),
            });
        }
    }
    cases
}

/// Whether the line is a note at the paragraph's start rather than a comment of the statement.
fn is_note(paragraph: &str, index: usize, line: &str) -> bool {
    let before = paragraph.lines().take(index);
    line.starts_with("-- ") && before.into_iter().all(|line| line.starts_with("-- "))
}

/// What the guard sends for a statement of which so many rows are wanted.
fn sent(dialect: Dialect, sql: &str, rows: usize) -> Result<(Script, String), GuardError> {
    let mut script = Script::parse(dialect, sql)?;
    script.check(Policy::default())?;
    let [statement] = script.statements_mut() else {
        panic!("several statements: {sql}");
    };
    statement.limit_rows(rows as u64);
    let sql = statement.sql()?;
    Ok((script, sql))
}

/// The first rows, or the error as it is about the statement as written.
fn shown(script: &Script, answer: &Answer, rows: usize) -> Answer {
    cut(answer, rows).map_err(|err| match err.split_once(": ") {
        Some((code, message)) => {
            format!("{code}: {}", script.statements()[0].message(message))
        }
        None => script.statements()[0].message(&err),
    })
}

/// What is wrong with the guard's way, if anything.
fn difference(case: &Case, plain: &Answer, guarded: &Result<Answer, GuardError>) -> Option<String> {
    match (plain, guarded) {
        (Ok(_), Err(_)) if case.is_refused => None,
        (Ok(_), Err(err)) => Some(format!("refused: {err}")),
        (Ok(_) | Err(_), Ok(_)) if case.is_refused => Some("no longer refused".to_owned()),
        (Err(_), Err(_)) => None,
        (plain, Ok(guarded)) if plain == guarded => None,
        (plain, Ok(guarded)) => Some(format!("{plain:?}\n   is now {guarded:?}")),
    }
}

fn cut(answer: &Answer, rows: usize) -> Answer {
    let mut answer = answer.clone();
    if let Ok((_, all)) = &mut answer {
        all.truncate(rows);
    }
    answer
}

fn report(count: usize, found: &[String]) {
    assert!(
        found.is_empty(),
        "{} of {count} differ:\n{}",
        found.len(),
        found.join("\n")
    );
}

mod postgres {
    use super::*;

    async fn postgres_answer(client: &Client, sql: &str) -> Answer {
        client
            .batch_execute("BEGIN READ ONLY; SET LOCAL standard_conforming_strings = on")
            .await
            .unwrap();
        let messages = client.simple_query(sql).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        let messages = messages.map_err(|err| match err.as_db_error() {
            Some(err) => format!("{}: {}", err.code().code(), err.message()),
            None => err.to_string(),
        })?;
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        for message in messages {
            match message {
                SimpleQueryMessage::RowDescription(described) => {
                    columns = described
                        .iter()
                        .map(|column| column.name().to_owned())
                        .collect();
                }
                SimpleQueryMessage::Row(row) => rows.push(
                    (0..row.len())
                        .map(|index| row.get(index).map(str::to_owned))
                        .collect(),
                ),
                _ => {}
            }
        }
        Ok((columns, rows))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_server_answers_what_was_written() {
        let server = PostgresServer::start().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/postgres-tables.sql");
        server.load("postgres", &path).unwrap();
        let (client, connection) = tokio_postgres::connect(&server.url("postgres"), NoTls)
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let cases = cases("postgres.sql");
        let mut found = Vec::new();
        for case in &cases {
            let plain = postgres_answer(&client, &case.sql).await;
            for rows in [ALL_ROWS, FEW_ROWS] {
                let guarded = match sent(Dialect::PostgreSql, &case.sql, rows) {
                    Ok((script, sql)) => {
                        let answer = postgres_answer(&client, &sql).await;
                        Ok(shown(&script, &answer, rows))
                    }
                    Err(err) => Err(err),
                };
                let plain = cut(&plain, rows);
                if let Some(difference) = difference(case, &plain, &guarded) {
                    found.push(format!("{}\n   {difference}", case.sql));
                    break;
                }
            }
        }
        drop(client);
        connection.await.unwrap().unwrap();
        report(cases.len(), &found);
    }
}

fn sqlite_answer(db: &rusqlite::Connection, sql: &str) -> Answer {
    let words = |err: rusqlite::Error| match err {
        rusqlite::Error::SqlInputError { msg, .. } => format!("SQL: {msg}"),
        other => other.to_string(),
    };
    let mut statement = db.prepare(sql).map_err(words)?;
    let columns: Vec<_> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut cursor = statement.query([]).map_err(words)?;
    let mut rows = Vec::new();
    while let Some(row) = cursor.next().map_err(words)? {
        let values = (0..columns.len()).map(|index| {
            // With the type: an integer is no text.
            let value: rusqlite::types::Value = row.get(index).unwrap();
            Some(format!("{value:?}"))
        });
        rows.push(values.collect());
    }
    Ok((columns, rows))
}

#[test]
fn sqlite_answers_what_was_written() {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    let tables = include_str!("data/sqlite-tables.sql");
    db.execute_batch(tables).unwrap();
    db.pragma_update(None, "query_only", true).unwrap();
    let cases = cases("sqlite.sql");
    let mut found = Vec::new();
    for case in &cases {
        let plain = sqlite_answer(&db, &case.sql);
        for rows in [ALL_ROWS, FEW_ROWS] {
            let guarded = sent(Dialect::Sqlite, &case.sql, rows)
                .map(|(script, sql)| shown(&script, &sqlite_answer(&db, &sql), rows));
            let plain = cut(&plain, rows);
            if let Some(difference) = difference(case, &plain, &guarded) {
                found.push(format!("{}\n   {difference}", case.sql));
                break;
            }
        }
    }
    report(cases.len(), &found);
}
