//! Sessions of the older revisions live on every node at once.

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
    assert_eq!(StatusCode::ACCEPTED, on_a.on(cluster.node(2)).delete().await);
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
