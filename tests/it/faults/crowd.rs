//! Ten thousand sessions that nobody closes.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{CROWD, Servers, TestCluster};

/// Sessions of each user: as many as they may have.
const EACH: usize = 20;
const CLIENTS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_open_sessions_fit_in_bounded_memory() {
    assert_eq!(10_000, CROWD * EACH);
    let cluster = TestCluster::builder()
        .await
        .set(
            "WORKSPACES__DEMO__METASTORE",
            &Servers::get().await.crowd_metastore_url,
        )
        .set("LIMITS__ENABLED", "false")
        .set("TELEMETRY__LOG__LEVEL", "warn")
        .start(1)
        .await;
    let node = cluster.node(0);
    let before = node.resident_bytes();
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let anyone = node.anyone();
        tokio::spawn(async move {
            let mut sessions = Vec::new();
            for user in (1 + client..=CROWD).step_by(CLIENTS) {
                let caller = anyone.clone().user(&format!("crowd-{user}"));
                for _ in 0..EACH {
                    let session = caller.open_session().await;
                    // A call makes the session an actor of the node.
                    let answer = session.call("test_simple_text", json!({})).await;
                    assert!(answer["result"].is_object(), "{answer}");
                    sessions.push(session);
                }
            }
            sessions
        })
    });
    let mut sessions = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        sessions.extend(client.await.unwrap());
    }
    let grown = node.resident_bytes().saturating_sub(before);
    println!(
        "{} sessions in {:?}: memory grew by {} KiB, {} bytes a session",
        sessions.len(),
        begun.elapsed(),
        grown / 1024,
        grown / sessions.len() as u64,
    );
    assert!(grown < 256 << 20, "{grown} bytes");
    for session in sessions.iter().step_by(500) {
        let alive = session.send("ping", json!({})).await;
        assert_eq!(StatusCode::OK, alive.status());
    }
}
