//! Redis is paused, killed and restarted empty, in the middle of traffic.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use tidegate_testkit::redis::RedisServer;

use crate::harness::{Caller, Node, Reply, TestCluster, eventually, result_text};

/// The longest that anything may take that Redis is needed for, or is not: two commands' time-outs, and
/// what a slow machine adds.
const IN_TIME: Duration = Duration::from_secs(3);

async fn cluster_on(redis: &RedisServer, nodes: usize) -> TestCluster {
    let builder = TestCluster::builder().await;
    builder
        .set("STATE__REDIS__URL", &redis.url())
        .start(nodes)
        .await
}

async fn call(caller: &Caller) -> Reply {
    let params = json!({ "name": "test_simple_text", "arguments": {} });
    in_time(caller.send("tools/call", params)).await
}

async fn in_time<T>(request: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let answer = tokio::time::timeout(IN_TIME, request).await;
    answer.unwrap_or_else(|_| panic!("no answer after {:?}", begun.elapsed()))
}

async fn becomes(node: &Node, status: StatusCode) {
    eventually("readiness changes", async || {
        (node.readiness().await == Some(status)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_paused_redis_stops_sessions_for_as_long_and_nothing_else() {
    let redis = RedisServer::start().unwrap();
    let cluster = cluster_on(&redis, 2).await;
    let (a, b) = (cluster.node(0), cluster.node(1));
    let modern = a.as_user("admin");
    let session = b.as_user("admin").open_session().await;
    let mut listener = a
        .as_user("viewer")
        .listen(json!({ "toolsListChanged": true }))
        .await;
    assert_eq!(StatusCode::OK, call(&modern).await.status());

    redis.pause().unwrap();
    for _ in 0..10 {
        assert_eq!(StatusCode::OK, call(&modern).await.status());
        let refused = in_time(session.send("ping", json!({}))).await;
        assert_eq!(StatusCode::SERVICE_UNAVAILABLE, refused.status());
        assert!(refused.header("retry-after").is_some());
    }
    // Whom no node has seen yet is looked up in the metastore.
    let charts = in_time(b.as_user("analyst").call("list_charts", json!({}))).await;
    assert!(result_text(&charts).contains("total_count"), "{charts}");
    let refused = in_time(crate::harness::Session::try_open(&modern, "2025-11-25")).await;
    assert_eq!(StatusCode::SERVICE_UNAVAILABLE, refused.unwrap().status());
    assert_eq!(
        Some(StatusCode::SERVICE_UNAVAILABLE),
        in_time(a.readiness()).await
    );
    assert!(a.metric("mcp_limits_local_total", "").await >= 10);

    redis.resume().unwrap();
    for node in cluster.nodes() {
        becomes(node, StatusCode::OK).await;
    }
    assert_eq!(
        StatusCode::OK,
        session.on(a).send("ping", json!({})).await.status()
    );
    // The stream from before hears of changes again.
    let changer = b.as_user("admin");
    for round in 0.. {
        changer.call("test_trigger_tool_change", json!({})).await;
        let told = listener.next_within(Duration::from_millis(500)).await;
        if let Some(event) = told {
            assert!(event.is_some(), "the stream goes on");
            break;
        }
        assert!(round < 20, "no change is told");
    }
}

#[tokio::test]
async fn the_rest_of_a_stream_is_there_after_a_pause_of_redis() {
    let redis = RedisServer::start().unwrap();
    let cluster = cluster_on(&redis, 2).await;
    let session = cluster.node(0).as_user("admin").open_session().await;
    let arguments = json!({ "count": 60, "ms": 50 });
    let mut events = session
        .begin_call(1, "trouble_steps", arguments)
        .await
        .events();
    let mut last = None;
    for _ in 0..5 {
        last = events.next().await.unwrap().id;
    }
    redis.pause().unwrap();
    // The stream ends while its events cannot be read: the client comes back for the rest.
    while let Some(event) = events.next().await {
        last = event.id;
    }
    redis.resume().unwrap();
    becomes(cluster.node(1), StatusCode::OK).await;
    let on_b = session.on(cluster.node(1));
    let answer = on_b.get(last.as_deref()).await.answer().await;
    assert_eq!("All steps are done.", result_text(&answer));
}

#[tokio::test]
async fn a_redis_restarted_empty_ends_the_sessions_and_nothing_else() {
    let mut redis = RedisServer::start().unwrap();
    let cluster = cluster_on(&redis, 2).await;
    let (a, b) = (cluster.node(0), cluster.node(1));
    let modern = a
        .as_user("admin")
        .capabilities(json!({ "elicitation": {} }));
    let session = a.as_user("admin").open_session().await;
    let tool = "test_input_required_result_request_state";
    let asked = modern.call(tool, json!({})).await;
    let arguments = json!({ "message": "Who are you?" });
    let mut waiting = session
        .begin_call(1, "test_elicitation", arguments)
        .await
        .events();
    let question = waiting.until("elicitation/create").await;

    redis.kill();
    assert_eq!(StatusCode::OK, call(&modern).await.status());
    becomes(a, StatusCode::SERVICE_UNAVAILABLE).await;
    let refused = in_time(
        session
            .on(b)
            .answer(&question, json!({ "action": "decline" })),
    )
    .await;
    assert_eq!(
        StatusCode::SERVICE_UNAVAILABLE,
        refused.status(),
        "the client may try again"
    );

    redis.restart_empty().unwrap();
    for node in cluster.nodes() {
        becomes(node, StatusCode::OK).await;
        let gone = session.on(node).send("ping", json!({})).await;
        assert_eq!(StatusCode::NOT_FOUND, gone.status());
    }
    // The call that waited for its client ends, since no reply can reach it any more.
    let mut said = Vec::new();
    while let Some(message) = waiting.message().await {
        said.push(message);
    }
    assert!(
        said.iter().all(|message| message.get("result").is_none()),
        "{said:?}"
    );
    let fresh = b.as_user("admin").open_session().await;
    assert_eq!(
        StatusCode::OK,
        fresh.on(a).send("ping", json!({})).await.status()
    );
    // What the client carries itself is as good as before.
    let confirmed = modern
        .on(b)
        .ask(
            "tools/call",
            json!({
                "name": tool, "arguments": {}, "requestState": asked["result"]["requestState"],
                "inputResponses": { "confirm": { "action": "accept", "content": { "ok": true } } },
            }),
        )
        .await;
    assert!(result_text(&confirmed).contains("state-ok"), "{confirmed}");
}

#[tokio::test]
async fn an_answer_given_twice_through_two_nodes_is_taken_once() {
    let cluster = TestCluster::start(3).await;
    let session = cluster.node(0).as_user("admin").open_session().await;
    for round in 0..5 {
        let arguments = json!({ "message": "Who are you?" });
        let mut events = session
            .begin_call(round, "test_elicitation", arguments)
            .await
            .events();
        let question = events.until("elicitation/create").await;
        let answer = |name: &str| json!({ "action": "accept", "content": { "username": name } });
        let (on_b, on_c) = (session.on(cluster.node(1)), session.on(cluster.node(2)));
        let both = tokio::join!(
            on_b.answer(&question, answer("from-b")),
            on_c.answer(&question, answer("from-c")),
        );
        assert_eq!(StatusCode::ACCEPTED, both.0.status());
        assert_eq!(StatusCode::ACCEPTED, both.1.status());
        let last = events.message().await.unwrap();
        let text = result_text(&last);
        assert!(text.contains("from-b") ^ text.contains("from-c"), "{text}");
        assert!(events.next().await.is_none(), "a call is answered once");
    }
}

#[tokio::test]
async fn a_node_started_without_redis_becomes_ready_when_redis_comes() {
    let mut redis = RedisServer::start().unwrap();
    redis.kill();
    let cluster = cluster_on(&redis, 1).await;
    let node = cluster.node(0);
    assert_eq!(
        Some(StatusCode::SERVICE_UNAVAILABLE),
        node.readiness().await
    );
    // A workspace is not opened where its revocations cannot be heard of.
    let refused = call(&node.as_user("admin")).await;
    assert_eq!(StatusCode::SERVICE_UNAVAILABLE, refused.status());
    redis.restart_empty().unwrap();
    becomes(node, StatusCode::OK).await;
    eventually("requests are served", async || {
        let reply = call(&node.as_user("admin")).await;
        (reply.status() == StatusCode::OK).then_some(())
    })
    .await;
    node.as_user("admin").open_session().await;
}
