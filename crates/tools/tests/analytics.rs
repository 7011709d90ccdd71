//! Questions that people ask of the sample business, through `execute_sql`: the rows are those that the database
//! gives for the statement as it stands, cut to the smaller of its own limit and that of the call, and the answer
//! says when they were cut.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Row, TypeInfo, ValueRef};
use tidegate_demo_data::{PostgresTarget, create_embedded, seed_postgres};
use tidegate_engines::Engines;
use tidegate_metastore::{Metastore, MetastoreSettings};
use tidegate_protocol::content::ContentBlock;
use tidegate_protocol::{ClientCapabilities, LogLevel};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_tools::{
    Answers, CallArguments, CallContext, CallWork, Change, ChangeNotifier, ClientChannel,
    FixedFeatures, Questions, SqlLimits, ToolFailure, Workspace, WriteMark, builtin,
};
use tidegate_types::{
    ClientName, Clock, Credential, Principal, ScopeSet, SecretString, SystemClock,
};
use tokio_util::sync::CancellationToken;

const POSTGRES: &str = include_str!("data/analytics.sql");
const SQLITE: &str = include_str!("data/analytics-sqlite.sql");
/// Rows when a call does not say how many.
const DEFAULT_ROWS: usize = 500;
/// Between psql's fields, rows and answers, and for null: nothing that the data hold.
const FIELD: char = '\u{1f}';
const RECORD: char = '\u{1e}';
const ANSWER: &str = "@@ end of answer @@\n";
const NULL: &str = "@@null@@";

/// Columns, and rows as text.
type Table = (Vec<String>, Vec<Vec<Option<String>>>);

fn questions(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("-- "))
        .collect()
}

/// A call: what is added to the statement, the limit in it, and the call's own.
struct Variant {
    added: &'static str,
    own: usize,
    limit: Option<usize>,
}

/// The statement as it stands; one with a limit of its own also under smaller and larger limits of the call, and of
/// the others each in one more way.
fn variants(index: usize, sql: &str) -> Vec<Variant> {
    let variant = |added, own, limit| Variant { added, own, limit };
    let plain = |limit| variant("", usize::MAX, limit);
    let has_limit = ["limit", "fetch", "values (", "--"]
        .iter()
        .any(|word| sql.contains(word));
    if has_limit {
        return vec![plain(None), plain(Some(10)), plain(Some(1_000))];
    }
    let other = match index % 4 {
        0 => plain(Some(10)),
        1 => plain(Some(1_000)),
        2 => variant(" limit 3 + 4", 7, Some(1_000)),
        _ => variant(" limit 2500", 2_500, Some(10)),
    };
    vec![plain(None), other]
}

async fn context(metastore: Metastore, engines: Engines) -> CallContext {
    let user = metastore
        .users()
        .by_username("admin")
        .await
        .unwrap()
        .unwrap();
    let access = metastore.access_of(user.id).await.unwrap().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let workspace = Workspace {
        slug: "demo".parse().unwrap(),
        public_url: Some("https://superset.example.com".into()),
        metastore,
        engines: Arc::new(engines),
        sql_limits: SqlLimits {
            default_rows: u32::try_from(DEFAULT_ROWS).unwrap(),
            max_rows: 10_000,
            max_seconds: 60,
            max_bytes: 16 << 20,
            may_write: false,
            definitions: tidegate_sql_guard::DefinitionKinds::NONE,
            pool: tidegate_engines::PoolLimits::default(),
        },
        features: Arc::new(FixedFeatures::default()),
    };
    let principal = Principal {
        workspace: workspace.slug.clone(),
        user: user.id,
        username: "admin".into(),
        scopes: ScopeSet::all(),
        client: ClientName("test".into()),
        credential: Credential::Development,
    };
    CallContext {
        workspace: Arc::new(workspace),
        principal: Arc::new(principal),
        access: Arc::new(access),
        client: Arc::new(NoClient::default()),
        cancel: CancellationToken::new(),
        write: WriteMark::default(),
        work: CallWork::default(),
        time_limit: Duration::from_mins(1),
        catalogue: Arc::new(builtin(&clock).build().unwrap()),
        clock,
        changes: Arc::new(NoClient::default()),
    }
}

#[derive(Default)]
struct NoClient(ClientCapabilities);

#[async_trait::async_trait]
impl ClientChannel for NoClient {
    fn capabilities(&self) -> &ClientCapabilities {
        &self.0
    }
    fn progress(&self, _: f64, _: Option<f64>, _: Option<&str>) {}
    fn log(&self, _: LogLevel, _: &str, _: Value) {}
    fn state(&self) -> Option<&Value> {
        None
    }
    async fn ask(&self, _: Questions, _: Option<Value>) -> Result<Answers, ToolFailure> {
        Err(ToolFailure::Cancelled)
    }
}

#[async_trait::async_trait]
impl ChangeNotifier for NoClient {
    async fn notify(&self, _: Change) {}
}

async fn call(
    context: &CallContext,
    sql: &str,
    limit: Option<usize>,
) -> Result<Value, ToolFailure> {
    let request = json!({ "request": { "database_id": 1, "sql": sql, "limit": limit } });
    let arguments: Box<RawValue> = serde_json::value::to_raw_value(&request).unwrap();
    let call = context.catalogue.resolve_call(
        "execute_sql",
        CallArguments::read(Some(&arguments)),
        &context.principal,
        &context.access,
    )?;
    let output = call.entry.run(context, call.arguments).await?;
    match &output.result.content[0] {
        ContentBlock::Text { text } => Ok(serde_json::from_str(text).unwrap()),
        other => panic!("no text: {other:?}"),
    }
}

/// Whether a value of an answer is what the database writes so.
fn is_same(expected: Option<&str>, value: &Value) -> bool {
    match (expected, value) {
        (None, Value::Null) => true,
        (Some(text), Value::Bool(flag)) => {
            matches!((text, flag), ("t" | "1", true) | ("f" | "0", false))
        }
        (Some(text), Value::Number(number)) => {
            let (Ok(theirs), Some(ours)) = (text.parse::<f64>(), number.as_f64()) else {
                return false;
            };
            (theirs - ours).abs() <= theirs.abs() * 1e-12
        }
        (Some(text), Value::String(value)) => text == value,
        // Values of json and arrays stand in the answer as what they are.
        (Some(text), value) => serde_json::from_str::<Value>(text).is_ok_and(|text| text == *value),
        (None, _) => false,
    }
}

/// What is wrong with an answer of which so many rows are wanted.
fn difference((columns, rows): &Table, own: usize, cap: usize, answer: &Value) -> Option<String> {
    let names: Vec<_> = answer["columns"]
        .as_array()?
        .iter()
        .map(|column| column["name"].as_str().unwrap_or_default())
        .collect();
    if names != *columns {
        return Some(format!("columns {names:?} in place of {columns:?}"));
    }
    let all = rows.len().min(own);
    let wanted = all.min(cap);
    let given: Vec<&Map<String, Value>> = answer["rows"]
        .as_array()?
        .iter()
        .filter_map(Value::as_object)
        .collect();
    if given.len() != wanted {
        return Some(format!("{} rows in place of {wanted}", given.len()));
    }
    if answer["truncated"].is_string() != (all > cap) {
        return Some(format!(
            "truncated: {}, with {all} rows and a cap of {cap}",
            answer["truncated"]
        ));
    }
    rows.iter()
        .zip(given)
        .enumerate()
        .find_map(|(index, (row, given))| {
            let is_row = columns
                .iter()
                .zip(row)
                .all(|(column, value)| is_same(value.as_deref(), &given[column]));
            (!is_row).then(|| format!("row {index}: {given:?} in place of {row:?}"))
        })
}

async fn compare(context: &CallContext, index: usize, sql: &str, table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for Variant { added, own, limit } in variants(index, sql) {
        let cap = limit.unwrap_or(DEFAULT_ROWS);
        let outcome = call(context, &format!("{sql}{added}"), limit).await;
        let difference = match &outcome {
            Ok(answer) => difference(table, own, cap, answer),
            Err(err) => Some(format!("{err:?}")),
        };
        if let Some(difference) = difference {
            found.push(format!("{sql}{added} | {limit:?}\n   {difference}"));
        }
    }
    found
}

mod postgres {
    use super::*;

    /// What psql answers, in one run.
    fn psql(server: &PostgresServer, database: &str, questions: &[&str]) -> Vec<Table> {
        let mut script = format!(
            "\\pset tuples_only off\n\\pset footer off\n\\pset fieldsep '\\037'\n\\pset recordsep '\\036'\n\\pset null '{NULL}'\n"
        );
        for sql in questions {
            // On a line of its own the semicolon is in no comment.
            write!(script, "{sql}\n;\n\\echo {ANSWER}").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("questions.sql");
        std::fs::write(&file, script).unwrap();
        let output = server.load(database, &file).unwrap() + "\n";
        let answers = output.split(ANSWER);
        let table = |answer: &str| {
            let answer = answer.strip_suffix('\n').unwrap_or(answer);
            let mut records = answer.split(RECORD);
            let columns = records
                .next()
                .unwrap()
                .split(FIELD)
                .map(str::to_owned)
                .collect();
            let field = |field: &str| (field != NULL).then(|| field.to_owned());
            let rows = records.map(|record| record.split(FIELD).map(field).collect());
            (columns, rows.collect())
        };
        let tables: Vec<_> = answers.map(table).collect();
        tables[..questions.len()].to_vec()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_server_answers_questions_of_the_business() {
        let server = PostgresServer::start().unwrap();
        let metastore_url = SecretString::from(server.create_database("meta").unwrap());
        let target = PostgresTarget {
            metastore_url: &metastore_url,
            data_url: &server.create_database("shop").unwrap().into(),
            secret_key: &"a key of the tests".to_owned().into(),
        };
        seed_postgres(&target, &SystemClock).await.unwrap();
        let settings = MetastoreSettings {
            secret_key: Some(target.secret_key.clone()),
            ..MetastoreSettings::default()
        };
        let metastore = Metastore::connect_postgres(&metastore_url, settings).unwrap();
        let context = context(metastore, Engines::builder().build()).await;
        let questions = questions(POSTGRES);
        assert!(questions.len() > 280, "{}", questions.len());
        let tables = psql(&server, "shop", &questions);
        let mut found = Vec::new();
        for (index, (sql, table)) in questions.iter().zip(&tables).enumerate() {
            found.extend(compare(&context, index, sql, table).await);
        }
        assert!(
            found.is_empty(),
            "{} differ:\n{}",
            found.len(),
            found.join("\n")
        );
    }
}

fn sqlite_table(rows: &[SqliteRow]) -> Table {
    let columns = rows.first().map(|row| {
        row.columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect()
    });
    let value = |row: &SqliteRow, index: usize| {
        let raw = row.try_get_raw(index).unwrap();
        if raw.is_null() {
            return None;
        }
        Some(match raw.type_info().name() {
            "INTEGER" | "BOOLEAN" => row.get_unchecked::<i64, _>(index).to_string(),
            "REAL" => row.get_unchecked::<f64, _>(index).to_string(),
            "BLOB" => {
                let bytes = row.get_unchecked::<Vec<u8>, _>(index);
                bytes
                    .iter()
                    .fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
            }
            _ => row.get_unchecked::<String, _>(index),
        })
    };
    let rows = rows
        .iter()
        .map(|row| (0..row.len()).map(|index| value(row, index)).collect())
        .collect();
    (columns.unwrap_or_default(), rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_answers_questions_of_the_business() {
    let folder = tempfile::tempdir().unwrap();
    let slug = "demo".parse().unwrap();
    let embedded = create_embedded(folder.path(), &slug, &SystemClock)
        .await
        .unwrap();
    let metastore =
        Metastore::open_sqlite(&embedded.metastore, false, MetastoreSettings::default())
            .await
            .unwrap();
    let root = embedded.sample.parent().unwrap();
    let context = context(metastore, Engines::builder().sqlite_root(root).build()).await;
    let mut db = SqliteConnectOptions::new()
        .filename(&embedded.sample)
        .read_only(true)
        .connect()
        .await
        .unwrap();
    let mut found = Vec::new();
    for (index, sql) in questions(SQLITE).into_iter().enumerate() {
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut db).await;
        let table = sqlite_table(&rows.unwrap_or_else(|err| panic!("{sql}: {err}")));
        found.extend(compare(&context, index, sql, &table).await);
    }
    assert!(
        found.is_empty(),
        "{} differ:\n{}",
        found.len(),
        found.join("\n")
    );
}
