//! A real Superset and a node on one metastore: what a person may see, and what SQL Lab answers, is the same for both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_demo_data::{PostgresTarget, seed_postgres};
use tidegate_testkit::ports::free_port;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::{SecretString, SystemClock};

use crate::harness::{Caller, OneNode, result_text};

/// Superset imports for half a minute before it listens, on a busy machine for longer.
const START_LIMIT: Duration = Duration::from_mins(5);
const SECRET_KEY: &str = "of the systems tests alone, 0123456789abcdef";
const PASSWORD: &str = "a password of the systems tests";
/// The role of the analyst, besides `sql_lab`.
const ALPHA: i64 = 3;
const USERS: [&str; 3] = ["admin", "analyst", "viewer"];

/// Questions on the sample business as people and models ask them: sums with decimals, times, NULLs, text, windows.
const QUESTIONS: &[&str] = &[
    "SELECT count(*) AS n FROM orders",
    "SELECT country, count(*) AS n, sum(net_amount) AS revenue FROM orders GROUP BY country ORDER BY revenue DESC, country",
    "SELECT avg(net_amount) AS mean, min(ordered_at) AS first, max(ordered_at) AS last FROM orders",
    "SELECT date_trunc('month', ordered_at) AS month, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1",
    "WITH top AS (SELECT customer_id, sum(net_amount) AS spent FROM orders GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5) \
     SELECT t.customer_id, t.spent, rank() OVER (ORDER BY t.spent DESC) AS place FROM top t ORDER BY place",
    "SELECT status, count(*) FILTER (WHERE net_amount > 100) AS large FROM orders GROUP BY status ORDER BY status",
    "SELECT NULL AS nothing, true AS yes, 1.50 AS price, 'ä' AS letter, DATE '2025-02-03' AS day",
    "SELECT nothing_of_this_name FROM orders",
    "SELECT * FROM no_such_table",
];

/// Statements with a limit of their own. SQL Lab of Superset 6.1 puts the one of its menu in its place, and leaves it where it
/// is a sub-query's.
const LIMITED: &[&str] = &[
    "SELECT * FROM orders ORDER BY order_id LIMIT 7",
    "SELECT * FROM orders ORDER BY order_id FETCH FIRST 3 ROWS ONLY",
    "SELECT order_id FROM orders ORDER BY order_id LIMIT 1 + 2",
];

/// What SQL Lab calls a database's errors.
const OF_DATABASE: &[&str] = &[
    "COLUMN_DOES_NOT_EXIST_ERROR",
    "GENERIC_DB_ENGINE_ERROR",
    "TABLE_DOES_NOT_EXIST_ERROR",
];

struct Systems {
    superset: Superset,
    node: OneNode,
    metastore: String,
    _server: PostgresServer,
}

impl Systems {
    async fn start() -> Self {
        let server = PostgresServer::start().unwrap();
        let metastore = server.create_database("metastore").unwrap();
        let sample = server.create_database("sample").unwrap();
        // A role with a password, since Superset's own URIs have one.
        server
            .execute(
                "sample",
                "CREATE ROLE sample LOGIN PASSWORD 'sample'; ALTER DATABASE sample OWNER TO sample; \
                 ALTER SCHEMA public OWNER TO sample",
            )
            .unwrap();
        let sample = sample.replace("postgres@", "sample:sample@");
        let secret = SecretString::from(SECRET_KEY);
        seed_postgres(
            &PostgresTarget {
                metastore_url: &SecretString::from(metastore.clone()),
                data_url: &SecretString::from(sample),
                secret_key: &secret,
            },
            &SystemClock,
        )
        .await
        .unwrap();
        let superset = Superset::start(&metastore).await;
        let node = node(&metastore).await;
        Self {
            superset,
            node,
            metastore,
            _server: server,
        }
    }
}

async fn node(metastore: &str) -> OneNode {
    OneNode::builder()
        .set("FLAGS__ENABLE_TEMPLATE_PROCESSING", "false")
        .outside_workspace("demo", metastore, SECRET_KEY)
        .start()
        .await
}

/// A running Superset; killed when dropped.
struct Superset {
    process: Child,
    base: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Superset {
    /// `TIDEGATE_SUPERSET` is the program of an installed Superset 6.1, as `cargo xtask test --systems` installs it.
    async fn start(metastore: &str) -> Self {
        let program = std::env::var_os("TIDEGATE_SUPERSET").map(PathBuf::from);
        let program =
            program.expect("TIDEGATE_SUPERSET names Superset; run cargo xtask test --systems");
        let folder = tempfile::Builder::new()
            .prefix("tidegate-superset-")
            .tempdir()
            .unwrap();
        let uri = metastore.replace("postgresql://", "postgresql+psycopg2://");
        let config = format!(
            "SECRET_KEY = {SECRET_KEY:?}\n\
             SQLALCHEMY_DATABASE_URI = {uri:?}\n\
             WTF_CSRF_ENABLED = False\n\
             TALISMAN_ENABLED = False\n\
             FEATURE_FLAGS = {{\"RLS_IN_SQLLAB\": True, \"DASHBOARD_RBAC\": True, \"TAGGING_SYSTEM\": True}}\n"
        );
        std::fs::write(folder.path().join("superset_config.py"), config).unwrap();
        for user in USERS {
            let mut reset = superset(&program, folder.path());
            reset.args([
                "fab",
                "reset-password",
                "--username",
                user,
                "--password",
                PASSWORD,
            ]);
            let output = reset.output().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let port = free_port();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = superset(&program, folder.path())
            .args(["run", "--with-threads", "-p", &port.to_string()])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut superset = Self {
            process,
            base: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder()
                .timeout(Duration::from_mins(1))
                .build()
                .unwrap(),
            _folder: folder,
        };
        superset.wait().await;
        superset
    }

    async fn wait(&mut self) {
        let began = Instant::now();
        while began.elapsed() < START_LIMIT {
            let answer = self.http.get(format!("{}/health", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("Superset ended with {status}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("Superset did not listen in {START_LIMIT:?}");
    }

    async fn sign_in(&self, user: &str) -> Person<'_> {
        let body = json!({ "username": user, "password": PASSWORD, "provider": "db" });
        let url = format!("{}/api/v1/security/login", self.base);
        let answer = self.http.post(url).body(body.to_string());
        let answer = answer.header("Content-Type", "application/json");
        let text = answer.send().await.unwrap().text().await.unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let token = value["access_token"].as_str();
        Person {
            superset: self,
            token: token.unwrap_or_else(|| panic!("{user}: {text}")).to_owned(),
        }
    }
}

impl Drop for Superset {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn superset(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("SUPERSET_CONFIG_PATH", folder.join("superset_config.py"))
        .env("SUPERSET_HOME", folder)
        .env("FLASK_APP", "superset.app:create_app()")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Somebody who is signed in at Superset.
struct Person<'s> {
    superset: &'s Superset,
    token: String,
}

impl Person<'_> {
    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let request = request
            .bearer_auth(&self.token)
            .header("Content-Type", "application/json");
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
    }

    /// The ids of what the person may see of one kind.
    async fn ids(&self, kind: &str) -> BTreeSet<i64> {
        let url = format!("{}/api/v1/{kind}/?q=(page_size:100)", self.superset.base);
        let answer = self.send(self.superset.http.get(url)).await;
        let found = answer["result"].as_array();
        let found = found.unwrap_or_else(|| panic!("{kind}: {answer}"));
        found.iter().filter_map(|one| one["id"].as_i64()).collect()
    }

    /// The id of a table's dataset.
    async fn dataset(&self, table: &str) -> i64 {
        let url = format!("{}/api/v1/dataset/?q=(page_size:100)", self.superset.base);
        let answer = self.send(self.superset.http.get(url)).await;
        let mut found = answer["result"].as_array().into_iter().flatten();
        let dataset = found.find(|one| one["table_name"] == table);
        dataset.and_then(|one| one["id"].as_i64()).unwrap()
    }

    /// What SQL Lab answers: rows as lists of texts, or `None` for an error.
    async fn run(&self, sql: &str) -> Option<Vec<Vec<String>>> {
        let body = json!({
            "database_id": 1, "sql": sql, "schema": "public", "runAsync": false, "queryLimit": 1000,
            "client_id": "", "expand_data": false,
        });
        let url = format!("{}/api/v1/sqllab/execute/", self.superset.base);
        let request = self.superset.http.post(url).body(body.to_string());
        let answer = self.send(request).await;
        let is_of_database = |error: &Value| {
            error["error_type"]
                .as_str()
                .is_some_and(|kind| OF_DATABASE.contains(&kind))
        };
        if let Some(errors) = answer["errors"].as_array() {
            assert!(errors.iter().all(is_of_database), "{sql}: {answer}");
            return None;
        }
        rows_of(&answer["data"], answer["columns"].as_array()?)
    }

    /// Puts a row level security rule on a dataset, for a role.
    async fn add_rule(&self, name: &str, dataset: i64, role: i64, clause: &str) {
        let body = json!({
            "name": name, "filter_type": "Regular", "tables": [dataset], "roles": [role],
            "group_key": "", "clause": clause,
        });
        let url = format!("{}/api/v1/rowlevelsecurity/", self.superset.base);
        let answer = self
            .send(self.superset.http.post(url).body(body.to_string()))
            .await;
        assert!(answer["id"].is_i64(), "{answer}");
    }
}

/// Rows in the order of the columns, numbers as the shortest text of the same value: both sides write decimals in
/// their own way.
fn rows_of(rows: &Value, columns: &[Value]) -> Option<Vec<Vec<String>>> {
    let name = |column: &Value| {
        let name = column.get("column_name").or_else(|| column.get("name"));
        name.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let names: Vec<String> = columns.iter().map(name).collect();
    let row = |row: &Value| names.iter().map(|name| text_of(&row[name])).collect();
    Some(rows.as_array()?.iter().map(row).collect())
}

fn text_of(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Ok(number) = text.parse::<f64>() {
        return format!("{number:.6}");
    }
    // A time with a T, or with zeros, is the same time.
    text.replace('T', " ")
        .trim_end_matches(".000000")
        .trim_end_matches(" 00:00:00")
        .to_owned()
}

async fn seen(caller: &Caller, tool: &str, kind: &str) -> BTreeSet<i64> {
    let answer = caller.call(tool, json!({ "page_size": 100 })).await;
    let value: Value = serde_json::from_str(result_text(&answer)).unwrap();
    let found = value[kind].as_array().cloned().unwrap_or_default();
    found.iter().filter_map(|one| one["id"].as_i64()).collect()
}

async fn answered(caller: &Caller, sql: &str) -> Option<Vec<Vec<String>>> {
    let arguments = json!({ "database_id": 1, "sql": sql, "schema": "public", "limit": 1000 });
    let answer = caller.call("execute_sql", arguments).await;
    let value: Value = serde_json::from_str(result_text(&answer)).ok()?;
    if value["success"] != true {
        return None;
    }
    rows_of(&value["rows"], value["columns"].as_array()?)
}

#[tokio::test]
#[ignore = "systems: a real Superset"]
async fn a_real_superset_shows_the_same_to_the_same_people() {
    let systems = Systems::start().await;
    let kinds = BTreeMap::from([
        ("chart", ("list_charts", "charts")),
        ("dashboard", ("list_dashboards", "dashboards")),
        ("dataset", ("list_datasets", "datasets")),
    ]);
    for user in USERS {
        let person = systems.superset.sign_in(user).await;
        let caller = systems.node.as_user(user);
        for (api, (tool, kind)) in &kinds {
            let (theirs, ours) = (person.ids(api).await, seen(&caller, tool, kind).await);
            assert_eq!(theirs, ours, "{user}: {kind}");
            assert!(!theirs.is_empty(), "{user} sees no {kind}");
        }
    }
}

#[tokio::test]
#[ignore = "systems: a real Superset"]
async fn sql_lab_of_a_real_superset_gives_the_same_rows_with_and_without_a_rule() {
    let systems = Systems::start().await;
    let admin = systems.superset.sign_in("admin").await;
    for user in ["admin", "analyst"] {
        let person = systems.superset.sign_in(user).await;
        let caller = systems.node.as_user(user);
        for sql in QUESTIONS {
            assert_eq!(
                person.run(sql).await,
                answered(&caller, sql).await,
                "{user}: {sql}"
            );
        }
        for sql in LIMITED {
            let kept = format!("SELECT * FROM ({sql}) AS few ORDER BY order_id");
            let theirs = person.run(&kept).await;
            assert!(theirs.is_some(), "{user}: {kept}");
            assert_eq!(theirs, answered(&caller, sql).await, "{user}: {sql}");
        }
    }

    let orders = admin.dataset("orders").await;
    admin
        .add_rule(
            "few countries",
            orders,
            ALPHA,
            "country IN ('France', 'Poland')",
        )
        .await;
    let analyst = systems.superset.sign_in("analyst").await;
    // A node that asks for rights the first time: others take a minute to hear of the rule.
    let node = node(&systems.metastore).await;
    let caller = node.as_user("analyst");
    let countries = answered(&caller, "SELECT DISTINCT country FROM orders ORDER BY 1").await;
    assert_eq!(
        Some(vec![vec!["France".to_owned()], vec!["Poland".to_owned()]]),
        countries
    );
    for sql in QUESTIONS {
        assert_eq!(
            analyst.run(sql).await,
            answered(&caller, sql).await,
            "under the rule: {sql}"
        );
    }
}
