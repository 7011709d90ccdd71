//! A change made on one node is told by all of them.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::TestCluster;

/// What a change may take from one node to a stream of another.
const SOON: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_listening_stream_hears_of_a_change_on_another_node() {
    let cluster = TestCluster::start(2).await;
    let listener = cluster.node(0).as_user("viewer");
    let mut tools = listener.listen(json!({ "toolsListChanged": true })).await;
    let mut prompts = listener.listen(json!({ "promptsListChanged": true })).await;

    let changer = cluster.node(1).as_user("admin");
    let mut took = Vec::new();
    for _ in 0..5 {
        let changed = Instant::now();
        changer.call("test_trigger_tool_change", json!({})).await;
        let told = tools.until("notifications/tools/list_changed").await;
        took.push(changed.elapsed());
        let subscription = &told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
        assert!(subscription.is_number(), "{told}");
    }
    println!("changes reached a stream of another node after {took:?}");
    // The quickest, since other tests run on the same machine.
    assert!(*took.iter().min().unwrap() < SOON, "{took:?}");

    // Only what was asked for: the next message here is of the next change.
    changer.call("test_trigger_prompt_change", json!({})).await;
    let told = prompts.message().await.unwrap();
    assert_eq!("notifications/prompts/list_changed", told["method"]);
}

#[tokio::test]
async fn the_get_stream_of_a_session_hears_of_it_too_and_catches_up_on_a_third_node() {
    let cluster = TestCluster::start(3).await;
    let session = cluster.node(0).as_user("admin").open_session().await;
    let mut stream = session.get(None).await.events();
    let first = stream.next().await.unwrap();
    assert!(first.data.is_empty() && first.id.is_some(), "{first:?}");

    let changer = cluster.node(1).as_user("admin");
    changer.call("test_trigger_tool_change", json!({})).await;
    let told = stream.next().await.unwrap();
    assert_eq!("notifications/tools/list_changed", told.message()["method"]);

    drop(stream);
    changer.call("test_trigger_prompt_change", json!({})).await;
    let mut stream = session
        .on(cluster.node(2))
        .get(told.id.as_deref())
        .await
        .events();
    let missed = stream.message().await.unwrap();
    assert_eq!("notifications/prompts/list_changed", missed["method"]);
}
