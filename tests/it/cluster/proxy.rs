//! Three nodes behind nginx, each request to the next one.

use serde_json::json;

use crate::harness::{Nginx, TestCluster, result_text};

#[tokio::test]
async fn three_nodes_behind_nginx_are_one_server() {
    let cluster = TestCluster::start(3).await;
    let nginx = Nginx::start(cluster.nodes()).await;
    let caller = nginx
        .as_user("admin")
        .capabilities(json!({ "elicitation": {} }));
    let mut listener = caller.listen(json!({ "toolsListChanged": true })).await;

    let session = caller.open_session().await;
    for _ in 0..6 {
        let answer = session.call("test_simple_text", json!({})).await;
        assert!(result_text(&answer).starts_with("This is"), "{answer}");
    }
    // Each of these lands on another node than the one before.
    let arguments = json!({ "message": "Who are you?" });
    let mut events = session
        .begin_call(100, "test_elicitation", arguments)
        .await
        .events();
    let place = events.next().await.unwrap().id;
    let question = events.until("elicitation/create").await;
    drop(events);
    session
        .answer(&question, json!({ "action": "decline" }))
        .await;
    let mut rest = session.get(place.as_deref()).await.events();
    assert_eq!(question, rest.message().await.unwrap());
    let last = rest.message().await.unwrap();
    assert!(result_text(&last).contains("action=decline"), "{last}");

    let tool = "test_input_required_result_elicitation";
    let first = caller.call(tool, json!({})).await;
    assert_eq!("input_required", first["result"]["resultType"], "{first}");
    let name = json!({ "action": "accept", "content": { "name": "Ada" } });
    let second = caller
        .ask(
            "tools/call",
            json!({
                "name": tool, "arguments": {}, "inputResponses": { "user_name": name }
            }),
        )
        .await;
    assert_eq!("Hello, Ada!", result_text(&second));

    caller.call("test_trigger_tool_change", json!({})).await;
    listener.until("notifications/tools/list_changed").await;
    assert_eq!(204, session.delete().await.as_u16());
    for _ in 0..3 {
        assert_eq!(404, session.send("ping", json!({})).await.status().as_u16());
    }
}
