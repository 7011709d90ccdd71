//! Replays calls that a real Superset 6.1 answered, on its own metadata, in both backends. Every call that it
//! answered must give the same data, every call that it refused must be refused. Where it failed, ours may answer.

#![expect(
    clippy::unwrap_used,
    reason = "functions beside a test are not known to be tests"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tidegate_engines::Engines;
use tidegate_metastore::{Metastore, MetastoreSettings};
use tidegate_protocol::content::ContentBlock;
use tidegate_protocol::{ClientCapabilities, LogLevel};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::superset;
use tidegate_tools::{
    Answers, CallArguments, CallContext, CallWork, Change, ChangeNotifier, ClientChannel,
    FixedFeatures, Questions, SqlLimits, ToolFailure, Workspace, WriteMark, builtin,
};
use tidegate_types::{
    ClientName, Clock, Credential, ManualClock, Principal, ScopeSet, SecretString,
};
use tokio_util::sync::CancellationToken;

/// Calls, who made them, what came of them (`ok`, `refused`, `error`), and of answers the members that are compared.
const RECORDED: &str = include_str!("data/superset-6.1-answers.jsonl");

/// Members that hold times, generated keys or free text.
const VOLATILE: [&str; 17] = [
    "timestamp",
    "changed_on",
    "created_on",
    "changed_on_humanized",
    "created_on_humanized",
    "uuid",
    "form_data_key",
    "optionName",
    "url",
    "explore_url",
    "preview_url",
    "executed_sql",
    "original_sql",
    "execution_time",
    "description_text",
    "cache_key",
    "is_nullable",
];

/// Calls where Tidegate means to differ, and why.
const DIFFERENT: [(&str, &str); 8] = [
    (
        "info-0359",
        "Superset gives the charts in the order of storage, and two of them were moved",
    ),
    (
        "info-0473",
        "Superset gives the charts in the order of storage, and two of them were moved",
    ),
    ("info-0358", "Superset fails on a dashboard with roles"),
    ("info-0548", "Superset fails on a dashboard with roles"),
    (
        "info-0439",
        "by slug, Superset shows a dashboard on data that the user may not read; by id it refuses",
    ),
    (
        "info-0479",
        "by slug, Superset shows another user's draft; by id it refuses",
    ),
    (
        "info-0555",
        "by slug, Superset shows another user's draft; by id it refuses",
    ),
    (
        "info-0592",
        "Superset takes `identifier: true` for the id 1, which nobody means",
    ),
];

#[derive(Deserialize)]
struct Recorded {
    id: String,
    user: String,
    tool: String,
    args: Value,
    outcome: String,
    #[serde(default)]
    expected: BTreeMap<String, Value>,
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

fn settings() -> MetastoreSettings {
    MetastoreSettings {
        dashboard_roles: true,
        secret_key: Some(SecretString::from(superset::SECRET_KEY)),
        ..MetastoreSettings::default()
    }
}

/// The context of a call by `user`; `None` where there is no such active user.
async fn context_of(metastore: &Metastore, user: &str) -> Option<CallContext> {
    let user = metastore.users().by_username(user).await.unwrap()?;
    let access = metastore.access_of(user.id).await.unwrap()?;
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2026-11-20T07:14:41Z".parse().unwrap()));
    let workspace = Workspace {
        slug: "demo".parse().unwrap(),
        public_url: Some("https://superset.example.com".into()),
        metastore: metastore.clone(),
        engines: Arc::new(Engines::builder().build()),
        sql_limits: SqlLimits {
            default_rows: 10,
            max_rows: 10,
            max_seconds: 1,
            max_bytes: 1,
            may_write: true,
            definitions: tidegate_sql_guard::DefinitionKinds::ALL,
            pool: tidegate_engines::PoolLimits::default(),
        },
        features: Arc::new(FixedFeatures::default()),
    };
    let principal = Principal {
        workspace: workspace.slug.clone(),
        user: user.id,
        username: user.username.as_str().into(),
        scopes: ScopeSet::all(),
        client: ClientName("test".into()),
        credential: Credential::Development,
    };
    Some(CallContext {
        workspace: Arc::new(workspace),
        principal: Arc::new(principal),
        access: Arc::new(access),
        client: Arc::new(NoClient::default()),
        cancel: CancellationToken::new(),
        write: WriteMark::default(),
        work: CallWork::default(),
        time_limit: Duration::from_secs(30),
        catalogue: Arc::new(builtin(&clock).build().unwrap()),
        clock,
        changes: Arc::new(NoClient::default()),
    })
}

async fn call(context: &CallContext, tool: &str, arguments: &Value) -> Result<Value, ToolFailure> {
    let arguments: Box<RawValue> = serde_json::value::to_raw_value(arguments).unwrap();
    let call = context.catalogue.resolve_call(
        tool,
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

fn outcome_of(result: &Result<Value, ToolFailure>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(ToolFailure::NotFound(_) | ToolFailure::Forbidden(_)) => "refused",
        Err(ToolFailure::InvalidArguments(_) | ToolFailure::Failed { .. }) => "error",
        Err(other) => panic!("a defect or an outage: {other:?}"),
    }
}

/// Follows `a.b[].c`.
fn pick(value: &Value, path: &str) -> Value {
    match path.split_once("[].") {
        Some((list, rest)) => pick(value, list)
            .as_array()
            .unwrap_or(&Vec::new())
            .iter()
            .map(|item| pick(item, rest))
            .collect(),
        None => path
            .split('.')
            .try_fold(value, |value, part| value.get(part))
            .cloned()
            .unwrap_or_default(),
    }
}

/// Without what is volatile; numbers as floats.
fn comparable(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| !VOLATILE.contains(&name.as_str()))
            .map(|(name, value)| (name, comparable(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(comparable).collect(),
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        // A space or a `T` between date and time.
        Value::String(text)
            if text.len() >= 19
                && text.as_bytes()[10] == b'T'
                && text.parse::<chrono::NaiveDateTime>().is_ok() =>
        {
            text[..19].replacen('T', " ", 1).into()
        }
        other => other,
    }
}

fn difference(recorded: &Recorded, result: &Result<Value, ToolFailure>) -> Option<String> {
    if recorded.outcome == "error" {
        return None;
    }
    let outcome = outcome_of(result);
    if outcome != recorded.outcome {
        return Some(format!("{} / {outcome}: {result:?}", recorded.outcome));
    }
    let answer = result.as_ref().ok()?;
    recorded.expected.iter().find_map(|(path, expected)| {
        let (expected, ours) = (comparable(expected.clone()), comparable(pick(answer, path)));
        (expected != ours).then(|| format!("{path}:\n  theirs {expected}\n  ours   {ours}"))
    })
}

/// Columns that come in the order of storage, which is another in the copy.
const STORED_IN_ANOTHER_ORDER: [&str; 1] = ["info-0413"];

async fn replay(metastore: &Metastore) {
    let mut contexts: BTreeMap<String, Option<CallContext>> = BTreeMap::new();
    let (mut count, mut found) = (0, Vec::new());
    for line in RECORDED.lines() {
        let recorded: Recorded = serde_json::from_str(line).unwrap();
        if !contexts.contains_key(&recorded.user) {
            contexts.insert(
                recorded.user.clone(),
                context_of(metastore, &recorded.user).await,
            );
        }
        let Some(context) = &contexts[&recorded.user] else {
            panic!("{} is no user", recorded.user);
        };
        let result = call(context, &recorded.tool, &recorded.args).await;
        outcome_of(&result);
        count += 1;
        let is_meant = DIFFERENT.iter().any(|(id, _)| *id == recorded.id)
            || metastore.is_sqlite() && STORED_IN_ANOTHER_ORDER.contains(&recorded.id.as_str());
        match difference(&recorded, &result) {
            Some(_) if is_meant => {}
            Some(difference) => {
                found.push(format!(
                    "{} {} {} {}\n  {difference}",
                    recorded.id, recorded.user, recorded.tool, recorded.args
                ));
            }
            None => assert!(!is_meant, "{} no longer differs", recorded.id),
        }
    }
    assert!(
        found.is_empty(),
        "{} of {count} differ:\n{}",
        found.len(),
        found.join("\n")
    );
    assert_eq!(328, count);
}

#[tokio::test]
async fn superset_and_tidegate_answer_alike_on_postgresql() {
    let server = PostgresServer::start().unwrap();
    let url = superset::restore(&server, "superset").unwrap();
    let metastore = Metastore::connect_postgres(&SecretString::from(url), settings()).unwrap();
    metastore.check_revision().await.unwrap();
    replay(&metastore).await;
    metastore.close().await;
}

#[tokio::test]
async fn superset_and_tidegate_answer_alike_on_sqlite() {
    let server = PostgresServer::start().unwrap();
    superset::restore(&server, "superset").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("superset.db");
    let metastore = Metastore::open_sqlite(&path, true, settings())
        .await
        .unwrap();
    superset::copy_to_sqlite(&server, "superset", &path)
        .await
        .unwrap();
    replay(&metastore).await;
    metastore.close().await;
}
