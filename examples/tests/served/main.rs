//! The tool and the layer, called as a client calls them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};
use tidegate_config::Settings;
use tidegate_examples::{Maintenance, extend};
use tidegate_server::{Application, RunningNode};

struct Served {
    running: RunningNode,
    maintenance: Maintenance,
    url: String,
    folder: tempfile::TempDir,
}

impl Served {
    /// Serves the embedded workspace to one of its users.
    async fn start(user: &str) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let environment = HashMap::from([
            ("TIDEGATE_DATA_DIR".to_owned(), path("data")),
            ("TIDEGATE_AUDIT__JSON_LINES".to_owned(), path("audit")),
            (
                "TIDEGATE_AUTH__DEVELOPMENT_USER".to_owned(),
                user.to_owned(),
            ),
            ("TIDEGATE_SERVER__PORT".to_owned(), "0".to_owned()),
        ]);
        let settings = Settings::load(None, &environment).unwrap();
        let maintenance = Maintenance::default();
        let layer = maintenance.clone();
        let application =
            Application::builder(settings).extend(|catalogue| extend(catalogue, layer));
        let running = Box::pin(application.start()).await.unwrap();
        let url = format!("http://{}/mcp", running.addresses()[0]);
        Self {
            running,
            maintenance,
            url,
            folder,
        }
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let client = reqwest::Client::builder().build().unwrap();
        let request = client.post(&self.url).json(&body);
        let request = request.header("Accept", "application/json, text/event-stream");
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn call(&self, tool: &str, arguments: Value) -> String {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.ask("tools/call", params).await;
        let text = &answer["result"]["content"][0]["text"];
        text.as_str()
            .map_or_else(|| answer.to_string(), str::to_owned)
    }

    /// Ends it, and gives what was recorded of the tool's calls.
    async fn stop(self, tool: &str) -> Vec<Value> {
        self.running.stop().await;
        records(&self.folder.path().join("audit"), tool)
    }
}

fn records(path: &Path, tool: &str) -> Vec<Value> {
    let lines = std::fs::read_to_string(path).unwrap();
    let records = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    records
        .filter(|record: &Value| record["tool"] == tool)
        .collect()
}

#[actix_rt::test]
async fn a_tool_of_ones_own_counts_what_its_caller_can_see_and_is_recorded() {
    let served = Served::start("admin").await;
    let all: Value =
        serde_json::from_str(&served.call("count_charts", json!({ "request": {} })).await).unwrap();
    let listed = served
        .call("list_charts", json!({ "request": { "page_size": 1 } }))
        .await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["total_count"], all["count"]);
    let wrong = served
        .call("count_charts", json!({ "request": { "serach": "sales" } }))
        .await;
    assert!(wrong.contains("search"), "{wrong}");
    assert_eq!(2, served.stop("count_charts").await.len());
}

#[actix_rt::test]
async fn a_layer_refuses_what_changes_something_and_lets_reading_go_on() {
    let served = Served::start("admin").await;
    let sql = json!({ "request": { "database_id": 1, "sql": "select 1 as one" } });
    let before = served.call("execute_sql", sql.clone()).await;
    assert!(before.contains("one"), "{before}");
    served.maintenance.set(true);
    let refused = served.call("execute_sql", sql).await;
    assert!(refused.contains("maintenance"), "{refused}");
    let listed = served.call("list_charts", json!({})).await;
    assert!(listed.contains("total_count"), "{listed}");
    assert_eq!(2, served.stop("execute_sql").await.len());
}
