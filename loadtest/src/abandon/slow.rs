//! Clients that ask again and again and read nothing.

use std::time::Duration;

use anyhow::ensure;
use serde::Serialize;
use serde_json::Value;
use tidegate_protocol::ProtocolVersion;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::SETTLE;
use crate::ceiling::megabytes;
use crate::drive::connect_slowly;
use crate::process::{Server, get, head};
use crate::token::TokenMint;
use crate::wire::Call;

/// Requests that each sends without reading an answer.
const ASKED_EACH: u64 = 200;
/// How long a server gets to take them.
const PATIENCE: Duration = Duration::from_secs(5);

/// What they take.
#[derive(Debug, Serialize)]
pub(crate) struct SlowReaders {
    pub(crate) connections: usize,
    pub(crate) asked_each: u64,
    pub(crate) before_mb: f64,
    /// With all of them connected and waiting.
    pub(crate) during_mb: f64,
    pub(crate) after_mb: f64,
    /// Whether others are served meanwhile.
    pub(crate) others_are_served: bool,
}

pub(super) async fn measure(
    server: &Server,
    mint: &TokenMint,
    connections: usize,
) -> anyhow::Result<SlowReaders> {
    let token = mint.token("admin");
    let before_mb = megabytes(server.rss_bytes()?);
    let mut held: Vec<TcpStream> = Vec::new();
    let requests = requests(server, &token);
    let mut during = 0.0_f64;
    for _ in 0..connections {
        let mut stream = connect_slowly(server.url()).await?;
        // The server stops to read when its answers are not taken: then there is no room to write either.
        let _ = tokio::time::timeout(
            Duration::from_millis(20),
            stream.write_all(requests.as_bytes()),
        )
        .await;
        held.push(stream);
        during = during.max(megabytes(server.rss_bytes()?));
    }
    for _ in 0..10 {
        tokio::time::sleep(PATIENCE / 10).await;
        during = during.max(megabytes(server.rss_bytes()?));
    }
    let others_are_served = get(server.url(), "/readyz").is_ok_and(|reply| reply.status == 200);
    ensure!(held.len() == connections, "connections were lost");
    drop(held);
    tokio::time::sleep(SETTLE).await;
    Ok(SlowReaders {
        connections,
        asked_each: ASKED_EACH,
        before_mb,
        during_mb: during,
        after_mb: megabytes(server.rss_bytes()?),
        others_are_served,
    })
}

fn requests(server: &Server, token: &str) -> String {
    let (call, version) = (Call::list("tools/list"), ProtocolVersion::V2026_07_28);
    let headers = call.headers(version, Some(token));
    let mut requests = String::new();
    for id in 0..ASKED_EACH {
        let body = call.body(version, &Value::from(id), None);
        requests.push_str(&head(server.url(), "/mcp", &headers, body.len()));
        requests.push_str("\r\n");
        requests.push_str(&body);
    }
    requests
}
