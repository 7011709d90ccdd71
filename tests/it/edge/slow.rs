//! Connections that take their time are not waited for (slow-loris).

use std::time::Duration;

use crate::edge::wire::{PING, Wire};
use crate::harness::OneNode;

const HEAD: &str = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const PAUSE: Duration = Duration::from_millis(50);

async fn impatient_node() -> OneNode {
    OneNode::builder()
        .development_user("admin")
        .set("SERVER__HEADER_TIMEOUT_MS", "500")
        .set("SERVER__READ_TIMEOUT_MS", "500")
        .set("SERVER__KEEP_ALIVE_SECS", "1")
        .start()
        .await
}

#[tokio::test]
async fn trickled_headers_are_cut_off() {
    let node = impatient_node().await;
    let mut wire = Wire::open(&node).await;
    wire.send("GET /healthz HTTP/1.1\r\nX-More: ").await;
    let sent = wire.trickle("a", PAUSE).await;
    assert!(sent > 0);
    // Nothing at all is no better.
    Wire::open(&node).await.closed().await;
}

#[tokio::test]
async fn a_trickled_body_is_answered_408_and_closed() {
    let node = impatient_node().await;
    let mut wire = Wire::open(&node).await;
    wire.send(format!("{HEAD}Content-Length: 1000\r\n\r\n"))
        .await;
    let answer = wire.answer().await;
    assert_eq!(408, answer.status);
    wire.closed().await;

    let mut wire = Wire::open(&node).await;
    wire.send(format!("{HEAD}Content-Length: 1000\r\n\r\n"))
        .await;
    wire.trickle(" ", PAUSE).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let node = impatient_node().await;
    let mut wire = Wire::open(&node).await;
    wire.send(format!(
        "{HEAD}Content-Length: {}\r\n\r\n{PING}",
        PING.len()
    ))
    .await;
    assert_eq!(200, wire.answer().await.status);
    wire.closed().await;
}

/// The HTTP library's own limit covers the first request of a connection alone.
#[tokio::test]
async fn a_later_request_of_a_connection_has_no_more_time_than_the_first() {
    let node = impatient_node().await;
    let mut wire = Wire::open(&node).await;
    wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    assert_eq!(200, wire.answer().await.status);
    wire.send("GET /healthz HTTP/1.1\r\nX-More: ").await;
    wire.trickle("a", PAUSE).await;

    // The beginning of a second request may come with the first.
    let mut wire = Wire::open(&node).await;
    wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal")
        .await;
    assert_eq!(200, wire.answer().await.status);
    wire.closed().await;
}
