use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::caller::next_id;
use super::{Caller, Node, Reply};

/// A session of an older revision, seen through one node.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) id: String,
    pub(crate) version: String,
}

impl Session {
    pub(super) async fn open(caller: Caller, version: &str) -> Self {
        let reply = Self::try_open(&caller, version).await.unwrap();
        let status = reply.status();
        assert_eq!(StatusCode::OK, status, "{}", reply.text().await);
        let id = reply.header("mcp-session-id").unwrap().to_owned();
        let session = Self {
            caller,
            id,
            version: version.into(),
        };
        let initialized = session.notify("notifications/initialized", json!({})).await;
        assert_eq!(StatusCode::ACCEPTED, initialized.status());
        session
    }

    /// Sends `initialize`. `Err`: the connection failed.
    pub(crate) async fn try_open(caller: &Caller, version: &str) -> reqwest::Result<Reply> {
        let body = json!({
            "jsonrpc": "2.0", "id": next_id(), "method": "initialize",
            "params": {
                "protocolVersion": version,
                "capabilities": { "elicitation": {}, "sampling": {}, "roots": {} },
                "clientInfo": { "name": "tidegate-tests", "version": "1" },
            },
        });
        let request = caller
            .http(Method::POST)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(body.to_string());
        request.send().await.map(Reply)
    }

    /// The same session, through another node.
    pub(crate) fn on(&self, node: &Node) -> Self {
        Self {
            caller: self.caller.on(node),
            ..self.clone()
        }
    }

    /// The same session id in the hands of another caller.
    pub(crate) fn held_by(&self, caller: &Caller) -> Self {
        Self {
            caller: caller.clone(),
            ..self.clone()
        }
    }

    /// A bare HTTP request with the session's headers.
    pub(crate) fn http(&self, method: Method) -> RequestBuilder {
        self.caller
            .http(method)
            .header("Mcp-Session-Id", &self.id)
            .header("MCP-Protocol-Version", &self.version)
    }

    /// Posts any body. `Err`: the connection failed.
    pub(crate) async fn try_post(&self, body: &Value) -> reqwest::Result<Reply> {
        let request = self
            .http(Method::POST)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(body.to_string());
        request.send().await.map(Reply)
    }

    /// Posts any body.
    pub(crate) async fn post(&self, body: &Value) -> Reply {
        self.try_post(body).await.unwrap()
    }

    /// Sends a request.
    pub(crate) async fn send(&self, method: &str, params: Value) -> Reply {
        self.send_as(next_id(), method, params).await
    }

    /// Sends a request of this id.
    pub(crate) async fn send_as(&self, id: u64, method: &str, params: Value) -> Reply {
        self.post(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await
    }

    /// Sends a request and waits for its JSON-RPC response.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        self.send(method, params).await.answer().await
    }

    /// Calls a tool; the JSON-RPC response.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        self.ask("tools/call", params).await
    }

    /// Begins to call a tool with a progress token.
    pub(crate) async fn begin_call(&self, id: u64, tool: &str, arguments: Value) -> Reply {
        let params = json!({
            "name": tool, "arguments": arguments, "_meta": { "progressToken": format!("p{id}") }
        });
        self.send_as(id, "tools/call", params).await
    }

    pub(crate) async fn notify(&self, method: &str, params: Value) -> Reply {
        self.post(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
            .await
    }

    /// Answers a question of the server.
    pub(crate) async fn answer(&self, question: &Value, result: Value) -> Reply {
        self.post(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }))
            .await
    }

    /// GETs a stream: the session's changes, or the rest of the stream of `last_event`.
    pub(crate) async fn get(&self, last_event: Option<&str>) -> Reply {
        let mut request = self.http(Method::GET).header(ACCEPT, "text/event-stream");
        if let Some(last_event) = last_event {
            request = request.header("Last-Event-ID", last_event);
        }
        Reply(request.send().await.unwrap())
    }

    /// Ends the session.
    pub(crate) async fn delete(&self) -> StatusCode {
        self.http(Method::DELETE).send().await.unwrap().status()
    }
}
