//! Clients that open sessions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::json;
use tidegate_protocol::ProtocolVersion;

use crate::address::LoopbackUrl;
use crate::token::{TokenMint, USERS};
use crate::wire::{self, Call};

pub(super) const VERSION: ProtocolVersion = ProtocolVersion::V2025_11_25;

/// Tokens of each user: sessions are the user's, whatever token opened them.
const TOKENS_EACH: usize = 20;
const AT_ONCE: usize = 32;
const LIMIT: Duration = Duration::from_mins(1);

/// Clients of all users of the embedded workspace.
pub(super) struct Visitors {
    client: Client,
    url: String,
    tokens: Vec<String>,
    next: AtomicU64,
}

impl Visitors {
    pub(super) fn new(url: &LoopbackUrl, mint: &TokenMint) -> anyhow::Result<Self> {
        let tokens = (0..TOKENS_EACH)
            .flat_map(|_| USERS)
            .map(|user| mint.token(user))
            .collect();
        let client = Client::builder()
            .timeout(LIMIT)
            .pool_max_idle_per_host(AT_ONCE)
            .build()?;
        Ok(Self {
            client,
            url: url.join("/mcp"),
            tokens,
            next: AtomicU64::new(1),
        })
    }

    /// Opens sessions and leaves them, each tenth after a call, which gives it an actor. Returns how many could
    /// not be opened.
    pub(super) async fn visit(&self, sessions: u64) -> u64 {
        let failed = AtomicU64::new(0);
        stream::iter(0..sessions)
            .for_each_concurrent(AT_ONCE, |number| {
                let failed = &failed;
                async move {
                    if self.visit_once(number % 10 == 0).await.is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
            .await;
        failed.into_inner()
    }

    async fn visit_once(&self, calls: bool) -> anyhow::Result<()> {
        let session = self.initialize().await?;
        // A session may already have ended to make room for those after it.
        let is_fine = |status: u16| matches!(status, 200 | 202 | 404);
        let status = session.send(wire::INITIALIZED.to_owned()).await?;
        ensure!(is_fine(status), "notifications/initialized: {status}");
        if calls {
            let call = Call::tool("health_check", json!({}));
            let status = session
                .send(call.body(VERSION, &json!("only"), None))
                .await?;
            ensure!(is_fine(status), "health_check: {status}");
        }
        Ok(())
    }

    /// Opens one session, with the whole handshake.
    ///
    /// # Errors
    /// The server does not open it.
    pub(super) async fn open(&self) -> anyhow::Result<OpenSession<'_>> {
        let session = self.initialize().await?;
        let status = session.send(wire::INITIALIZED.to_owned()).await?;
        ensure!(status == 202, "notifications/initialized: {status}");
        Ok(session)
    }

    async fn initialize(&self) -> anyhow::Result<OpenSession<'_>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let token = &self.tokens[usize::try_from(number)? % self.tokens.len()];
        let answer = self
            .post(token, None, wire::initialize(VERSION, number))
            .send()
            .await?;
        ensure!(answer.status() == 200, "initialize: {}", answer.status());
        let id = answer
            .headers()
            .get("mcp-session-id")
            .context("no Mcp-Session-Id")?
            .to_str()?
            .to_owned();
        answer.bytes().await?;
        Ok(OpenSession {
            visitors: self,
            token,
            id,
        })
    }

    fn post(&self, token: &str, session: Option<&str>, body: String) -> RequestBuilder {
        let request = self
            .client
            .post(&self.url)
            .header("Content-Type", "application/json")
            .body(body);
        asked_by(request, token, session)
    }
}

/// A session.
pub(super) struct OpenSession<'a> {
    visitors: &'a Visitors,
    token: &'a str,
    id: String,
}

impl OpenSession<'_> {
    /// Posts a message and reads its answer. Returns the status.
    async fn send(&self, body: String) -> anyhow::Result<u16> {
        let answer = self
            .visitors
            .post(self.token, Some(&self.id), body)
            .send()
            .await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        Ok(status)
    }

    /// Whether it still answers.
    ///
    /// # Errors
    /// It does not.
    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let body = r#"{"jsonrpc":"2.0","id":"again","method":"ping"}"#.to_owned();
        let answer = self
            .visitors
            .post(self.token, Some(&self.id), body)
            .send()
            .await?;
        ensure!(answer.status() == 200, "ping: {}", answer.status());
        ensure!(
            answer.text().await?.contains("\"result\""),
            "ping without a result"
        );
        Ok(())
    }

    /// Its GET stream.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) async fn stream(&self) -> anyhow::Result<Response> {
        // The time-out would end the stream; the connection is dropped with the answer.
        let request = self
            .visitors
            .client
            .get(&self.visitors.url)
            .timeout(Duration::from_hours(1));
        let answer = asked_by(request, self.token, Some(&self.id)).send().await?;
        ensure!(answer.status() == 200, "GET: {}", answer.status());
        Ok(answer)
    }

    /// Ends it.
    ///
    /// # Errors
    /// It cannot be ended.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        let request = self.visitors.client.delete(&self.visitors.url);
        let answer = asked_by(request, self.token, Some(&self.id)).send().await?;
        ensure!(answer.status().is_success(), "DELETE: {}", answer.status());
        Ok(())
    }
}

fn asked_by(request: RequestBuilder, token: &str, session: Option<&str>) -> RequestBuilder {
    let request = request
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", VERSION.as_str())
        .bearer_auth(token);
    match session {
        Some(session) => request.header("Mcp-Session-Id", session),
        None => request,
    }
}
