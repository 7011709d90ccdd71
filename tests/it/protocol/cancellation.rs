//! A client that goes away cancels in 2026-07-28 and does not before; there it says so.

use serde_json::{Value, json};

use crate::harness::{Caller, ENDLESS_SQL, OneNode, eventually};

async fn node() -> OneNode {
    OneNode::builder()
        .set("SERVER__SSE_AFTER_MS", "50")
        .set("AUDIT__JSON_LINES", "{folder}/audit.jsonl")
        .set("AUDIT__FLUSH_MS", "20")
        .start()
        .await
}

/// The audited calls of a tool so far.
fn audited(node: &OneNode, tool: &str) -> Vec<Value> {
    std::fs::read_to_string(node.folder().join("audit.jsonl"))
        .unwrap()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|record| record["tool"] == tool)
        .collect()
}

async fn outcome(node: &OneNode, tool: &str) -> String {
    let record = eventually("the call is audited", async || audited(node, tool).pop()).await;
    record["outcome"].as_str().unwrap().to_owned()
}

fn endless() -> Value {
    json!({ "database_id": 1, "sql": ENDLESS_SQL, "timeout": 30 })
}

#[tokio::test]
async fn a_modern_client_that_closes_its_stream_cancels_down_to_the_database() {
    let node = node().await;
    let params = json!({ "name": "execute_sql", "arguments": endless() });
    let reply = node.as_user("admin").send("tools/call", params).await;
    assert!(reply.is_stream());
    drop(reply);
    assert_eq!("cancelled", outcome(&node, "execute_sql").await);
}

#[tokio::test]
async fn a_modern_client_that_takes_json_alone_cancels_by_hanging_up_too() {
    let node = node().await;
    let caller = node.as_user("admin");
    let params = json!({ "name": "execute_sql", "arguments": endless() });
    let sent = super::call_for_json(&caller, params).send();
    let patience = std::time::Duration::from_millis(500);
    assert!(tokio::time::timeout(patience, sent).await.is_err());
    assert_eq!("cancelled", outcome(&node, "execute_sql").await);
}

#[tokio::test]
async fn a_legacy_client_that_goes_away_finds_its_call_done_when_it_comes_back() {
    let node = node().await;
    let session = node.as_user("admin").open_session().await;
    let mut events = session
        .begin_call(5, "test_tool_with_progress", json!({}))
        .await
        .events();
    let priming = events.next().await.unwrap();
    drop(events);
    assert_eq!("success", outcome(&node, "test_tool_with_progress").await);
    let rest = session
        .get(priming.id.as_deref())
        .await
        .events()
        .rest()
        .await;
    let last = rest.last().unwrap().message();
    assert_eq!(5, last["id"]);
    assert!(last["result"]["content"].is_array(), "{last}");
}

#[tokio::test]
async fn a_legacy_client_cancels_by_a_notification() {
    let node = node().await;
    let session = node.as_user("admin").open_session().await;
    let reply = session.begin_call(9, "execute_sql", endless()).await;
    assert!(reply.is_stream());
    // Somebody else's request of the same id, and an id that nobody has, are left alone.
    let other = node.as_user("admin").open_session().await;
    for (session, id) in [
        (&other, json!(9)),
        (&session, json!("9")),
        (&session, json!(10)),
    ] {
        let reply = session
            .notify(
                "notifications/cancelled",
                json!({ "requestId": id, "reason": "no more" }),
            )
            .await;
        assert_eq!(202, reply.status().as_u16());
    }
    assert!(audited(&node, "execute_sql").is_empty());
    session
        .notify(
            "notifications/cancelled",
            json!({ "requestId": 9, "reason": "no more" }),
        )
        .await;
    assert_eq!("cancelled", outcome(&node, "execute_sql").await);
}

#[tokio::test]
async fn a_node_goes_on_after_many_clients_went_away() {
    let node = node().await;
    let caller: Caller = node.as_user("admin");
    let params = json!({ "name": "execute_sql", "arguments": endless() });
    for _ in 0..10 {
        drop(caller.send("tools/call", params.clone()).await);
    }
    eventually("all are cancelled", async || {
        (audited(&node, "execute_sql").len() == 10).then_some(())
    })
    .await;
    let arguments = json!({ "database_id": 1, "sql": "SELECT 40 + 2 AS answer" });
    let answer = caller.call("execute_sql", arguments).await;
    assert!(answer.to_string().contains("42"), "{answer}");
}
