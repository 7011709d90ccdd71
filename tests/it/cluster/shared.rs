//! Limits and cached answers are those of the deployment, not of a node.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Caller, TestCluster};

#[tokio::test]
async fn a_limit_counts_the_calls_of_all_nodes() {
    let cluster = TestCluster::builder()
        .await
        .set("LIMITS__USER__PER_MINUTE", "1")
        .set("LIMITS__USER__BURST", "6")
        .start(3)
        .await;
    let call = async |caller: Caller| {
        let params = json!({ "name": "test_simple_text", "arguments": {} });
        caller.send("tools/call", params).await
    };
    for number in 0..6 {
        let reply = call(cluster.node(number % 3).as_user("admin")).await;
        assert_eq!(StatusCode::OK, reply.status(), "call {number}");
    }
    for node in cluster.nodes() {
        let reply = call(node.as_user("admin")).await;
        assert_eq!(StatusCode::TOO_MANY_REQUESTS, reply.status());
        let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        let other = call(node.as_user("viewer")).await;
        assert_eq!(
            StatusCode::OK,
            other.status(),
            "a limit of one is not another's"
        );
    }
}

#[tokio::test]
async fn an_answer_cached_by_one_node_is_served_by_another_to_the_same_person_alone() {
    let cluster = TestCluster::builder().await.set("CACHE__ENABLED", "true");
    let cluster = cluster.start(2).await;
    let (a, b) = (cluster.node(0), cluster.node(1));
    let list = async |caller: Caller| caller.call("list_charts", json!({})).await["result"].clone();
    let hits = async |node| {
        let node: &crate::harness::Node = node;
        node.metric("mcp_cache_lookups_total", "hit").await
    };

    let first = list(a.as_user("admin")).await;
    crate::harness::eventually("the answer is cached", async || {
        list(a.as_user("admin")).await;
        (hits(a).await >= 1).then_some(())
    })
    .await;
    assert_eq!(first, list(b.as_user("admin")).await);
    assert_eq!(1, hits(b).await);

    let viewers = list(b.as_user("viewer")).await;
    assert_eq!(1, hits(b).await, "a stranger's answer is never theirs");
    assert_ne!(first, viewers);
    let count = |result: &Value| {
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        serde_json::from_str::<Value>(&text).unwrap()["total_count"].clone()
    };
    assert_eq!((json!(12), json!(7)), (count(&first), count(&viewers)));
}
