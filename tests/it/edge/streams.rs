//! The frame around event streams.

use serde_json::json;

use crate::harness::{ENDLESS_SQL, OneNode, PATIENCE};

#[tokio::test]
async fn a_stream_is_not_buffered_by_proxies_and_says_that_it_lives() {
    let node = OneNode::builder()
        .set("SERVER__KEEP_ALIVE_COMMENT_SECS", "1")
        .start()
        .await;
    let caller = node.as_user("admin");
    let params = json!({ "notifications": { "toolsListChanged": true } });
    let reply = caller.send("subscriptions/listen", params).await;
    assert_eq!(Some("text/event-stream"), reply.header("content-type"));
    assert_eq!(Some("no"), reply.header("x-accel-buffering"));
    assert!(reply.header("cache-control").unwrap().contains("no-cache"));
    let mut response = reply.0;
    let mut text = String::new();
    let reading = async {
        while text.matches(":\n\n").count() < 2 {
            let chunk = response.chunk().await.unwrap().expect("the stream goes on");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("comments come");
    assert_eq!(1, text.matches("data:").count(), "{text}");
}

#[tokio::test]
async fn a_call_that_takes_long_becomes_a_stream_and_a_quick_one_does_not() {
    let node = OneNode::builder()
        .set("SERVER__SSE_AFTER_MS", "1000")
        .start()
        .await;
    let caller = node.as_user("admin");
    let quick = caller
        .send(
            "tools/call",
            json!({ "name": "test_simple_text", "arguments": {} }),
        )
        .await;
    assert!(!quick.is_stream());
    let endless =
        json!({ "name": "execute_sql", "arguments": { "database_id": 1, "sql": ENDLESS_SQL } });
    assert!(caller.send("tools/call", endless).await.is_stream());
}
