//! Sessions of the older revisions live on every node at once.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::TestCluster;

#[tokio::test]
async fn a_session_opened_on_one_node_is_used_and_ended_on_the_others() {
    let cluster = TestCluster::start(3).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    for node in [1, 2, 0] {
        let session = on_a.on(cluster.node(node));
        let answer = session.call("test_simple_text", json!({})).await;
        assert_eq!(
            "This is a simple text response for testing.",
            answer["result"]["content"][0]["text"]
        );
    }
    assert_eq!(
        StatusCode::NO_CONTENT,
        on_a.on(cluster.node(2)).delete().await
    );
    for node in 0..3 {
        let session = on_a.on(cluster.node(node));
        assert_eq!(
            StatusCode::NOT_FOUND,
            session.send("tools/list", json!({})).await.status()
        );
        assert_eq!(StatusCode::NOT_FOUND, session.get(None).await.status());
        assert_eq!(StatusCode::NOT_FOUND, session.delete().await);
    }
}

#[tokio::test]
async fn a_node_killed_in_a_call_costs_that_call_and_the_session_goes_on_elsewhere() {
    let mut cluster = TestCluster::start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let on_b = on_a.on(cluster.node(1));
    let arguments = json!({ "count": 1000, "ms": 20 });
    let mut lost = on_a
        .begin_call(1, "trouble_steps", arguments)
        .await
        .events();
    lost.until("notifications/progress").await;

    cluster.node_mut(0).kill();
    let killed = Instant::now();
    let answer = on_b.call("test_simple_text", json!({})).await;
    let took = killed.elapsed();
    println!("the first answer after the death of a node took {took:?}");
    assert!(answer["result"].is_object(), "{answer}");
    // Some ten milliseconds where nothing else runs.
    assert!(took < Duration::from_secs(3), "{took:?}");
    while lost.next().await.is_some() {}
    // The id of the lost call is free on the other node.
    let again = on_b.send_as(1, "tools/list", json!({})).await;
    assert_eq!(StatusCode::OK, again.status());
}

#[tokio::test]
async fn the_coldest_session_of_a_user_ends_on_every_node() {
    let cluster = TestCluster::builder().await.set("SESSIONS__PER_USER", "3");
    let cluster = cluster.start(2).await;
    let first = cluster.node(0).as_user("admin").open_session().await;
    let other = cluster.node(0).as_user("viewer").open_session().await;
    let mut sessions = Vec::new();
    for number in 0..3 {
        let caller = cluster.node(number % 2).as_user("admin");
        sessions.push(caller.open_session().await);
    }
    for node in cluster.nodes() {
        let gone = first.on(node).send("ping", json!({})).await;
        assert_eq!(StatusCode::NOT_FOUND, gone.status());
        for session in sessions.iter().chain([&other]) {
            let alive = session.on(node).send("ping", json!({})).await;
            assert_eq!(StatusCode::OK, alive.status());
        }
    }
}

#[tokio::test]
async fn a_cancellation_sent_to_one_node_ends_a_call_on_another() {
    let cluster = TestCluster::start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let arguments = json!({ "count": 10_000, "ms": 20 });
    let mut events = on_a
        .begin_call(7, "trouble_steps", arguments)
        .await
        .events();
    events.until("notifications/progress").await;

    let cancelled = json!({ "requestId": 7, "reason": "the person changed their mind" });
    let sent = Instant::now();
    let accepted = on_a
        .on(cluster.node(1))
        .notify("notifications/cancelled", cancelled)
        .await;
    assert_eq!(StatusCode::ACCEPTED, accepted.status());
    while events.next().await.is_some() {}
    let took = sent.elapsed();
    println!("a cancellation through another node took {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    let ended = cluster
        .node(0)
        .metric("mcp_executor_ended_total", "cancelled")
        .await;
    assert_eq!(1, ended);
}
