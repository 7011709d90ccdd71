//! What a tool asks its client: by `input_required` in 2026-07-28, by requests of the server before.

use serde_json::{Value, json};

use crate::harness::{Caller, OneNode, result_text};

const TOOL: &str = "test_input_required_result_request_state";

async fn call(caller: &Caller, tool: &str, more: Value) -> Value {
    let mut params = json!({ "name": tool, "arguments": {} });
    params
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    caller.ask("tools/call", params).await
}

fn yes() -> Value {
    json!({ "confirm": { "action": "accept", "content": { "ok": true } } })
}

fn able(node: &OneNode, user: &str) -> Caller {
    node.as_user(user)
        .capabilities(json!({ "elicitation": {}, "sampling": {}, "roots": {} }))
}

/// Asks, and returns the state that was given.
async fn ask(caller: &Caller) -> String {
    let asked = call(caller, TOOL, json!({})).await;
    let result = &asked["result"];
    assert_eq!("input_required", result["resultType"], "{asked}");
    let question = &result["inputRequests"]["confirm"];
    assert_eq!("elicitation/create", question["method"]);
    assert!(question["params"]["requestedSchema"].is_object());
    for member in ["content", "ttlMs", "cacheScope"] {
        assert!(result.get(member).is_none(), "{asked}");
    }
    result["requestState"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_question_is_answered_with_another_request_and_the_state_as_it_was() {
    let node = OneNode::start().await;
    let caller = able(&node, "admin");
    let state = ask(&caller).await;
    assert!(!state.contains("confirm"), "the state can be read: {state}");
    let done = call(
        &caller,
        TOOL,
        json!({ "inputResponses": yes(), "requestState": state }),
    )
    .await;
    assert_eq!("complete", done["result"]["resultType"], "{done}");
    assert!(result_text(&done).contains("state-ok"));
    // More than was asked is ignored, less is asked again.
    let mut more = yes();
    more["unasked"] = json!({ "action": "accept" });
    let done = call(
        &caller,
        TOOL,
        json!({ "inputResponses": more, "requestState": state }),
    )
    .await;
    assert_eq!("complete", done["result"]["resultType"], "{done}");
    let again = call(
        &caller,
        TOOL,
        json!({ "inputResponses": {}, "requestState": state }),
    )
    .await;
    assert_eq!("input_required", again["result"]["resultType"], "{again}");
}

#[tokio::test]
async fn a_state_that_was_changed_or_is_not_for_this_request_is_refused() {
    let node = OneNode::builder()
        .workspace("demo", "")
        .workspace("rival", "")
        .start()
        .await;
    let caller = able(&node, "admin").workspace("demo");
    let state = ask(&caller).await;
    let flipped: String = state
        .chars()
        .enumerate()
        .map(|(place, char)| match (place, char) {
            (20, 'A') => 'B',
            (20, _) => 'A',
            (_, char) => char,
        })
        .collect();
    let other_tool = "test_input_required_result_tampered_state";
    let rows = [
        ("changed", &caller, TOOL, json!(flipped)),
        ("cut", &caller, TOOL, json!(state[..state.len() - 4])),
        ("longer", &caller, TOOL, json!(format!("{state}AAAA"))),
        ("empty", &caller, TOOL, json!("")),
        ("no text", &caller, TOOL, json!({ "purpose": "confirm" })),
        ("huge", &caller, TOOL, json!("A".repeat(100_000))),
        ("of another tool", &caller, other_tool, json!(state)),
        (
            "of another user",
            &able(&node, "viewer").workspace("demo"),
            TOOL,
            json!(state),
        ),
        (
            "of another workspace",
            &able(&node, "admin").workspace("rival"),
            TOOL,
            json!(state),
        ),
    ];
    for (row, caller, tool, state) in rows {
        let answer = call(
            caller,
            tool,
            json!({ "inputResponses": yes(), "requestState": state }),
        )
        .await;
        assert_eq!(-32602, answer["error"]["code"], "{row}: {answer}");
    }
    let mut params = json!({ "name": TOOL, "arguments": { "other": 1 } });
    params["inputResponses"] = yes();
    params["requestState"] = json!(state);
    let answer = caller.ask("tools/call", params).await;
    assert_eq!(
        -32602, answer["error"]["code"],
        "of other arguments: {answer}"
    );
}

#[tokio::test]
async fn answers_of_the_wrong_form_are_refused() {
    let node = OneNode::start().await;
    let caller = able(&node, "admin");
    for responses in [
        json!([]),
        json!("yes"),
        json!({ "confirm": "yes" }),
        json!({ "confirm": null }),
    ] {
        let answer = call(&caller, TOOL, json!({ "inputResponses": responses })).await;
        assert_eq!(-32602, answer["error"]["code"], "{responses}: {answer}");
    }
}

#[tokio::test]
async fn only_what_the_client_declared_for_this_request_is_asked() {
    let node = OneNode::start().await;
    let tool = "test_input_required_result_capabilities";
    for (capabilities, expected) in [
        (json!({ "sampling": {} }), vec!["sampling/createMessage"]),
        (json!({ "elicitation": {} }), vec!["elicitation/create"]),
        (json!({ "elicitation": { "url": {} } }), vec![]),
        (json!({}), vec![]),
    ] {
        let caller = node.as_user("admin").capabilities(capabilities.clone());
        let answer = call(&caller, tool, json!({})).await;
        let asked: Vec<&str> = answer["result"]["inputRequests"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, question)| question["method"].as_str().unwrap())
            .collect();
        assert_eq!(expected, asked, "{capabilities}: {answer}");
    }
}

#[tokio::test]
async fn a_prompt_asks_in_the_same_way() {
    let node = OneNode::start().await;
    let caller = able(&node, "admin");
    let params = json!({ "name": "test_input_required_result_prompt" });
    let asked = caller.ask("prompts/get", params.clone()).await;
    assert_eq!("input_required", asked["result"]["resultType"], "{asked}");
    let mut retry = params;
    retry["inputResponses"] =
        json!({ "user_context": { "action": "accept", "content": { "context": "a test" } } });
    if let Some(state) = asked["result"].get("requestState") {
        retry["requestState"] = state.clone();
    }
    let done = caller.ask("prompts/get", retry).await;
    assert_eq!("complete", done["result"]["resultType"], "{done}");
}

#[tokio::test]
async fn an_older_client_is_asked_on_the_stream_of_its_call() {
    let node = OneNode::start().await;
    let session = node.as_user("admin").open_session().await;
    let arguments = json!({ "message": "Who are you?" });
    let mut events = session
        .begin_call(1, "test_elicitation", arguments.clone())
        .await
        .events();
    let question = events.until("elicitation/create").await;
    assert_eq!("Who are you?", question["params"]["message"]);
    // The session of another user cannot answer, nor can another session of the same user.
    let answer =
        json!({ "action": "accept", "content": { "username": "me", "email": "me@example.com" } });
    let thief = session.held_by(&node.as_user("viewer"));
    assert_eq!(
        404,
        thief
            .answer(&question, answer.clone())
            .await
            .status()
            .as_u16()
    );
    let other = node.as_user("admin").open_session().await;
    let wrong = json!({ "action": "accept", "content": { "username": "thief" } });
    assert_eq!(202, other.answer(&question, wrong).await.status().as_u16());
    assert_eq!(
        202,
        session.answer(&question, answer).await.status().as_u16()
    );
    let last = events.message().await.unwrap();
    assert!(result_text(&last).contains("me@example.com"), "{last}");

    // An answer that is an error fails the call, not the session.
    let mut events = session
        .begin_call(2, "test_elicitation", arguments)
        .await
        .events();
    let question = events.until("elicitation/create").await;
    let no = json!({ "jsonrpc": "2.0", "id": question["id"], "error": { "code": -1, "message": "no time" } });
    assert_eq!(202, session.post(&no).await.status().as_u16());
    let last = events.message().await.unwrap();
    assert_eq!(true, last["result"]["isError"], "{last}");
    assert!(result_text(&last).contains("no time"));
}

#[tokio::test]
async fn an_older_client_that_cannot_be_asked_is_told_so() {
    let node = OneNode::start().await;
    let session = node.as_user("admin").open_session_of("2025-03-26").await;
    // The revision has no elicitation, whatever the client declares.
    let called = session
        .call("test_elicitation", json!({ "message": "Who?" }))
        .await;
    assert!(
        called["result"]["isError"] == true || called.get("error").is_some(),
        "{called}"
    );
}
