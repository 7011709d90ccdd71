use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};
use tidegate_config::Settings;
use tidegate_examples::{Maintenance, RenameChart, extend};
use tidegate_metastore::{Chart, UnitOfWork, Values};
use tidegate_protocol::content::ToolResult;
use tidegate_server::{Application, RunningNode};
use tidegate_tools::{
    ArgumentLayout, CallContext, CallLayer, LayeredCall, NoArguments, ToolFailure, ToolOutput,
    ToolSpec, WriteTool,
};

/// A running node with the examples in it.
pub(crate) struct Served {
    running: RunningNode,
    pub(crate) maintenance: Maintenance,
    url: String,
    folder: tempfile::TempDir,
}

/// What a layer makes of tool calls; unless it says otherwise, of those that change something, before they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    Nothing,
    /// A layer fails.
    Fails,
    /// The client gives up.
    Cancels,
    /// A layer makes a good answer of a failure.
    Forgives,
    /// A layer refuses this tool.
    Refuses(&'static str),
}

/// Changes a chart and then fails.
struct RenameAndFail;

impl WriteTool for RenameAndFail {
    type Arguments = NoArguments;
    type Answer = ();

    const SPEC: ToolSpec = ToolSpec {
        name: "rename_and_fail",
        ..RenameChart::SPEC
    };
    const LAYOUT: ArgumentLayout = ArgumentLayout::Flat;

    async fn call(
        &self,
        _: &CallContext,
        work: &mut UnitOfWork,
        _: NoArguments,
    ) -> Result<(), ToolFailure> {
        let name = Values::new().set(Chart::slice_name, "Not for long");
        work.charts().update(1, name).await?;
        Err(ToolFailure::failed("after the change"))
    }
}

#[async_trait::async_trait]
impl CallLayer for Afterwards {
    async fn call(&self, call: LayeredCall<'_>) -> Result<ToolOutput, ToolFailure> {
        let is_read_only = call.spec().annotations.is_read_only;
        let cancel = call.context().cancel.clone();
        if *self == Self::Refuses(call.spec().name) {
            return Err(ToolFailure::failed("closed for today"));
        }
        let output = match call.run().await {
            Err(_) if *self == Self::Forgives => ToolResult::default().into(),
            output => output?,
        };
        match self {
            Self::Fails if !is_read_only => return Err(ToolFailure::failed("too late")),
            Self::Cancels if !is_read_only => cancel.cancel(),
            _ => {}
        }
        Ok(output)
    }
}

impl Served {
    /// Serves the embedded workspace to one of its users.
    pub(crate) async fn start(user: &str) -> Self {
        Self::start_with(user, &[], Afterwards::Nothing).await
    }

    /// Serves a user with settings of the caller's own, such as `STATE__BACKEND`.
    pub(crate) async fn start_with(
        user: &str,
        settings: &[(&str, &str)],
        afterwards: Afterwards,
    ) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (data, audit) = (path("data"), path("audit"));
        let own = [
            ("DATA_DIR", data.as_str()),
            ("AUDIT__JSON_LINES", &audit),
            ("AUTH__DEVELOPMENT_USER", user),
            ("SERVER__PORT", "0"),
            ("CACHE__ENABLED", "true"),
        ];
        let environment: HashMap<String, String> = own
            .iter()
            .chain(settings)
            .map(|(name, value)| (format!("TIDEGATE_{name}"), (*value).to_owned()))
            .collect();
        let settings = Settings::load(None, &environment).unwrap();
        let maintenance = Maintenance::default();
        let layer = maintenance.clone();
        let application = Application::builder(settings).extend(move |catalogue| {
            let catalogue = extend(catalogue, layer).write_tool(RenameAndFail);
            catalogue.layer(afterwards)
        });
        let running = Box::pin(application.start()).await.unwrap();
        let url = format!("http://{}/mcp", running.addresses()[0]);
        Self {
            running,
            maintenance,
            url,
            folder,
        }
    }

    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let client = reqwest::Client::builder().build().unwrap();
        let request = client.post(&self.url).json(&body);
        let request = request.header("Accept", "application/json, text/event-stream");
        request.send().await.unwrap().json().await.unwrap()
    }

    /// What a tool answers, as text.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> String {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.ask("tools/call", params).await;
        let text = &answer["result"]["content"][0]["text"];
        text.as_str()
            .map_or_else(|| answer.to_string(), str::to_owned)
    }

    /// Gives a chart another name.
    pub(crate) async fn rename(&self, id: u64, name: &str) -> String {
        let arguments = json!({ "request": { "chart_id": id, "name": name } });
        self.call("rename_chart", arguments).await
    }

    /// The first chart that the user owns or sees, by id, as lists show it: a kept answer when it is asked for again.
    pub(crate) async fn first_chart(&self) -> (u64, String) {
        let arguments = json!({ "request": {
            "page_size": 1,
            "order_column": "id",
            "order_direction": "asc",
            "select_columns": ["id", "slice_name"],
        } });
        let listed = self.call("list_charts", arguments).await;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let chart = &listed["charts"][0];
        let name = chart["slice_name"].as_str().unwrap().to_owned();
        (chart["id"].as_u64().unwrap(), name)
    }

    /// Ends it, and gives what was recorded of the tool's calls.
    pub(crate) async fn stop(self, tool: &str) -> Vec<Value> {
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
