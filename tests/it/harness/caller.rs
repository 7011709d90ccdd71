use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{Events, Node, PATIENCE, Session, token_for};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A request id that no other request of this process has.
pub(super) fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Somebody who sends requests of 2026-07-28 to one address, and opens sessions of the older revisions.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(super) http: reqwest::Client,
    /// `http://host:port`, without a path.
    pub(super) base: String,
    /// `/mcp`, or `/w/<workspace>/mcp`.
    pub(super) path: String,
    pub(super) bearer: Option<String>,
    capabilities: Value,
}

impl Caller {
    /// A caller of `base` (`http://host:port`), who has no token yet.
    pub(crate) fn new(base: impl Into<String>) -> Self {
        Self {
            http: reqwest::Client::builder()
                .connect_timeout(PATIENCE)
                .build()
                .unwrap(),
            base: base.into(),
            path: "/mcp".into(),
            bearer: None,
            capabilities: json!({}),
        }
    }

    /// The same with a token of this user.
    pub(crate) fn user(self, name: &str) -> Self {
        self.bearer(token_for(name))
    }

    /// The same with this token.
    pub(crate) fn bearer(mut self, token: impl Into<String>) -> Self {
        self.bearer = Some(token.into());
        self
    }

    /// The same in a workspace, by `/w/<workspace>/mcp`.
    pub(crate) fn workspace(mut self, slug: &str) -> Self {
        self.path = format!("/w/{slug}/mcp");
        self
    }

    /// The same as a client of these capabilities.
    pub(crate) fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The same, sending to another node.
    pub(crate) fn on(&self, node: &Node) -> Self {
        self.at(node.url())
    }

    /// The same, sending to another address (`http://host:port`).
    pub(crate) fn at(&self, base: String) -> Self {
        Self {
            base,
            ..self.clone()
        }
    }

    /// A bare HTTP request to the MCP endpoint, with the token alone.
    pub(crate) fn http(&self, method: Method) -> RequestBuilder {
        let url = format!("{}{}", self.base, self.path);
        let request = self.http.request(method, url);
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A body of 2026-07-28: `params` with the `_meta` that every request has.
    pub(crate) fn body(&self, id: &Value, method: &str, mut params: Value) -> Value {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            "io.modelcontextprotocol/clientInfo": { "name": "tidegate-tests", "version": "1" },
        });
        match params["_meta"].as_object_mut() {
            Some(own) => own.extend(meta.as_object().unwrap().clone()),
            None => params["_meta"] = meta,
        }
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
    }

    /// A request that sends `body` with the headers that mirror it.
    pub(crate) fn request(&self, body: &Value) -> RequestBuilder {
        let method = body["method"].as_str().unwrap();
        let request = self
            .http(Method::POST)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", method)
            .body(body.to_string());
        let name = match method {
            "tools/call" | "prompts/get" => body["params"]["name"].as_str(),
            "resources/read" => body["params"]["uri"].as_str(),
            _ => None,
        };
        match name {
            Some(name) => request.header("Mcp-Name", name),
            None => request,
        }
    }

    /// Sends a request. `Err`: the connection failed.
    pub(crate) async fn try_send(&self, method: &str, params: Value) -> reqwest::Result<Reply> {
        let body = self.body(&json!(next_id()), method, params);
        self.request(&body).send().await.map(Reply)
    }

    /// Sends a request.
    pub(crate) async fn send(&self, method: &str, params: Value) -> Reply {
        self.try_send(method, params).await.unwrap()
    }

    /// Sends a request and waits for its JSON-RPC response, in JSON or at the end of a stream.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        self.send(method, params).await.answer().await
    }

    /// Calls a tool; the JSON-RPC response.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        self.ask("tools/call", params).await
    }

    /// Opens `subscriptions/listen` and reads the acknowledgement.
    pub(crate) async fn listen(&self, notifications: Value) -> Events {
        let params = json!({ "notifications": notifications });
        let mut events = self.send("subscriptions/listen", params).await.events();
        events
            .until("notifications/subscriptions/acknowledged")
            .await;
        events
    }

    /// Opens a session of 2025-11-25 for a client that can be asked everything.
    pub(crate) async fn open_session(&self) -> Session {
        Session::open(self.clone(), "2025-11-25").await
    }

    /// Opens a session of another revision.
    pub(crate) async fn open_session_of(&self, version: &str) -> Session {
        Session::open(self.clone(), version).await
    }
}

/// An HTTP answer.
pub(crate) struct Reply(pub reqwest::Response);

impl Reply {
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    pub(crate) async fn text(self) -> String {
        tokio::time::timeout(PATIENCE, self.0.text())
            .await
            .expect("the body comes in time")
            .unwrap()
    }

    pub(crate) async fn json(self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|err| panic!("{err}: {text}"))
    }

    /// Reads the answer as a stream. Panics when it is none.
    pub(crate) fn events(self) -> Events {
        assert!(self.is_stream(), "{:?} is no stream", self.0);
        Events::new(self.0)
    }

    /// The JSON-RPC response, in JSON or at the end of a stream.
    pub(crate) async fn answer(self) -> Value {
        if !self.is_stream() {
            return self.json().await;
        }
        let mut events = self.events();
        loop {
            let message = events
                .message()
                .await
                .expect("a stream ends with its response");
            if message.get("method").is_none() {
                return message;
            }
        }
    }
}

/// The first text of a tool's result.
pub(crate) fn result_text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("no text in {answer}"))
}
