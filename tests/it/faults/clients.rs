//! Clients that do not read, or leave in the middle.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Caller, Node, Session, TestCluster, eventually, result_text};

/// Sends a request of a session and never reads more than its first bytes.
async fn begin_and_not_read(node: &Node, session: &Session, body: &Value) -> TcpStream {
    let body = body.to_string();
    let mut stream = TcpStream::connect(node.address()).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nMcp-Session-Id: {}\r\n\
         Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Content-Length: {}\r\n\r\n{body}",
        node.address(),
        crate::harness::token_for("admin"),
        session.id,
        body.len(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(b"HTTP/1.1 200", &first);
    stream
}

#[tokio::test]
async fn clients_that_do_not_read_cost_neither_memory_nor_others() {
    let builder = TestCluster::builder().await.set("EXECUTOR__SLOTS", "128");
    let cluster = builder.start(1).await;
    let node = cluster.node(0);
    let session = node.as_user("admin").open_session().await;
    let before = node.resident_bytes();
    let mut unread = Vec::new();
    for id in 0..40 {
        let call = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": "trouble_flood", "arguments": { "count": 5_000, "bytes": 20_000 } },
        });
        unread.push(begin_and_not_read(node, &session, &call).await);
    }
    let begun = Instant::now();
    let other = node.as_user("viewer");
    while begun.elapsed() < Duration::from_secs(3) {
        let call = Instant::now();
        let answer = other.call("test_simple_text", json!({})).await;
        assert!(result_text(&answer).starts_with("This is"), "{answer}");
        assert!(
            call.elapsed() < Duration::from_secs(5),
            "{:?}",
            call.elapsed()
        );
    }
    let grown = node.resident_bytes().saturating_sub(before) / 1024;
    println!("40 streams of 100 MB that nobody reads: memory grew by {grown} KiB");
    assert!(grown < 150 * 1024, "{grown} KiB");
    drop(unread);
}

#[tokio::test]
async fn a_listener_that_does_not_read_holds_nothing_up() {
    let cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    let slow = node
        .as_user("admin")
        .listen(json!({ "toolsListChanged": true }))
        .await;
    let mut quick = node
        .as_user("admin")
        .listen(json!({ "toolsListChanged": true }))
        .await;
    let changer = node.as_user("viewer");
    for _ in 0..200 {
        changer.call("test_trigger_tool_change", json!({})).await;
    }
    for _ in 0..200 {
        let told = quick.message().await.unwrap();
        assert_eq!("notifications/tools/list_changed", told["method"]);
    }
    drop(slow);
}

#[tokio::test]
async fn a_hundred_clients_that_leave_cancel_their_calls() {
    let audit = tempfile::NamedTempFile::new().unwrap();
    let cluster = TestCluster::builder()
        .await
        .set("EXECUTOR__SLOTS", "128")
        .set("AUDIT__JSON_LINES", audit.path().to_str().unwrap())
        .start(1)
        .await;
    let node = cluster.node(0);
    let mut calls = Vec::new();
    for number in 0..100 {
        let caller = node.as_user("admin");
        calls.push(tokio::spawn(
            async move { hang(&caller, number % 2 == 0).await },
        ));
    }
    eventually("the calls run", async || {
        (node.metric("mcp_executor_in_flight", "").await >= 100).then_some(())
    })
    .await;
    let left = Instant::now();
    for call in &calls {
        call.abort();
    }
    eventually("the calls are cancelled", async || {
        (node.metric("mcp_executor_ended_total", "cancelled").await >= 100).then_some(())
    })
    .await;
    println!(
        "100 calls were cancelled {:?} after their clients left",
        left.elapsed()
    );
    eventually("each has its record", async || {
        let lines = std::fs::read_to_string(audit.path()).unwrap();
        let records = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let cancelled = records.filter(|record| {
            record["tool"] == "trouble_hang" && record["outcome"].to_string().contains("ancel")
        });
        (cancelled.count() == 100).then_some(())
    })
    .await;
    // Their places are free.
    let answer = node
        .as_user("admin")
        .call("test_simple_text", json!({}))
        .await;
    assert!(result_text(&answer).starts_with("This is"), "{answer}");
}

/// Calls a tool that never answers, as a client that takes a stream or one that does not.
async fn hang(caller: &Caller, accepts_stream: bool) {
    let params = json!({ "name": "trouble_hang", "arguments": {} });
    let body = caller.body(&json!(1), "tools/call", params);
    let request = caller.request(&body);
    let accept = if accepts_stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    let (client, request) = request.build_split();
    let mut request = request.unwrap();
    request
        .headers_mut()
        .insert("accept", accept.parse().unwrap());
    let response = client.execute(request).await.unwrap();
    let _ = response.text().await;
}

#[tokio::test]
async fn a_session_call_outlives_its_client() {
    let cluster = TestCluster::start(1).await;
    let node = cluster.node(0);
    let session = node.as_user("admin").open_session().await;
    let arguments = json!({ "count": 10, "ms": 50 });
    let mut events = session
        .begin_call(1, "trouble_steps", arguments)
        .await
        .events();
    let place = events.next().await.unwrap().id;
    drop(events);
    let answer = session.get(place.as_deref()).await.answer().await;
    assert_eq!("All steps are done.", result_text(&answer));
    assert_eq!(
        0,
        node.metric("mcp_executor_ended_total", "cancelled").await
    );
}
