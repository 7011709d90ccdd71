//! What a tool asks its client is answered through any node.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{TestCluster, result_text};

#[tokio::test]
async fn an_elicitation_asked_on_one_node_is_answered_through_another() {
    let cluster = TestCluster::start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let arguments = json!({ "message": "Who are you?" });
    let mut events = on_a
        .begin_call(1, "test_elicitation", arguments)
        .await
        .events();
    let question = events.until("elicitation/create").await;

    // Nobody else answers it, though they know the question's id.
    let viewer = cluster.node(1).as_user("viewer");
    let foreign = viewer.open_session().await;
    let answer = json!({ "action": "accept", "content": { "username": "ada", "email": "a@b.c" } });
    let ignored = foreign
        .answer(&question, json!({ "action": "decline" }))
        .await;
    assert_eq!(StatusCode::ACCEPTED, ignored.status());
    let stolen = on_a
        .held_by(&viewer)
        .answer(&question, json!({ "action": "decline" }))
        .await;
    assert_eq!(StatusCode::NOT_FOUND, stolen.status());

    let accepted = on_a.on(cluster.node(1)).answer(&question, answer).await;
    assert_eq!(StatusCode::ACCEPTED, accepted.status());
    let last = events.message().await.unwrap();
    assert_eq!(1, last["id"]);
    assert!(result_text(&last).contains("action=accept"), "{last}");
    assert!(result_text(&last).contains("ada"), "{last}");
}

#[tokio::test]
async fn a_sampling_asked_on_one_node_is_answered_through_another() {
    let cluster = TestCluster::start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let mut events = on_a
        .begin_call(1, "test_sampling", json!({ "prompt": "Say something." }))
        .await
        .events();
    let question = events.until("sampling/createMessage").await;
    let sampled = json!({
        "role": "assistant", "model": "test", "content": { "type": "text", "text": "Something." }
    });
    on_a.on(cluster.node(1)).answer(&question, sampled).await;
    let last = events.message().await.unwrap();
    assert_eq!("LLM response: Something.", result_text(&last));
}

#[tokio::test]
async fn state_that_one_node_sealed_is_opened_by_another() {
    let cluster = TestCluster::start(2).await;
    let capabilities = json!({ "elicitation": {} });
    let on_a = cluster.node(0).as_user("admin").capabilities(capabilities);
    let tool = "test_input_required_result_multi_round";
    let answer =
        |name: &str, value: &str| json!({ "action": "accept", "content": { name: value } });

    let first = on_a.call(tool, json!({})).await;
    assert_eq!("input_required", first["result"]["resultType"], "{first}");
    let second = on_a
        .on(cluster.node(1))
        .ask(
            "tools/call",
            json!({
                "name": tool, "arguments": {},
                "inputResponses": { "step1": answer("name", "Ada") },
                "requestState": first["result"]["requestState"],
            }),
        )
        .await;
    assert_eq!("input_required", second["result"]["resultType"], "{second}");
    let last = json!({
        "name": tool, "arguments": {},
        "inputResponses": { "step2": answer("color", "green") },
        "requestState": second["result"]["requestState"],
    });
    let stolen = cluster.node(0).as_user("viewer");
    let stolen = stolen
        .capabilities(json!({ "elicitation": {} }))
        .ask("tools/call", last.clone())
        .await;
    assert_eq!(-32602, stolen["error"]["code"], "{stolen}");
    let third = on_a.ask("tools/call", last).await;
    assert_eq!("Ada likes green.", result_text(&third));
}
