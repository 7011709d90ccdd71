//! Pages of lists, and completion.

use serde_json::{Value, json};

use crate::harness::OneNode;

const LISTS: [&str; 4] = [
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
];

#[tokio::test]
async fn a_cursor_that_was_not_given_is_refused_in_both_eras() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let session = caller.open_session().await;
    for method in LISTS {
        // "YXQ6MA", "YXQ6MQ" and "YXQ6MjAw" are what 0, 1 and 200 would be.
        for cursor in [
            "x",
            "a\u{0}",
            "2",
            "YXQ6MA",
            "YXQ6MQ",
            "YXQ6MjAw",
            "YXQ6LTE",
            "YXQ6OTk5OTk5OTk5OTk5OTk5OTk5OTk",
        ] {
            for answer in [
                caller.ask(method, json!({ "cursor": cursor })).await,
                session.ask(method, json!({ "cursor": cursor })).await,
            ] {
                assert_eq!(
                    -32602, answer["error"]["code"],
                    "{method} {cursor:?}: {answer}"
                );
            }
        }
        // Some clients send these for the first page.
        for cursor in [json!(""), json!(null)] {
            for answer in [
                caller.ask(method, json!({ "cursor": cursor })).await,
                session.ask(method, json!({ "cursor": cursor })).await,
            ] {
                assert!(answer["result"].is_object(), "{method} {cursor}: {answer}");
            }
        }
        for cursor in [json!(1), json!({}), json!([])] {
            let answer = caller.ask(method, json!({ "cursor": cursor })).await;
            assert_eq!(
                -32602, answer["error"]["code"],
                "{method} {cursor}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn lists_are_the_same_each_time_and_on_each_connection() {
    let node = OneNode::start().await;
    for method in LISTS {
        let first = node.as_user("analyst").ask(method, json!({})).await;
        let second = node.as_user("analyst").ask(method, json!({})).await;
        assert_eq!(first["result"], second["result"], "{method}");
        assert!(first["result"].get("nextCursor").is_none(), "{method}");
    }
    let tools = node.as_user("admin").ask("tools/list", json!({})).await;
    for tool in tools["result"]["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        assert!((1..=128).contains(&name.len()));
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        );
    }
}

async fn complete(node: &OneNode, reference: Value, value: &str) -> Value {
    let params = json!({ "ref": reference, "argument": { "name": "arg1", "value": value } });
    node.as_user("admin")
        .ask("completion/complete", params)
        .await
}

#[tokio::test]
async fn completions_have_values_and_unknown_references_are_refused() {
    let node = OneNode::start().await;
    let known = json!({ "type": "ref/prompt", "name": "test_prompt_with_arguments" });
    let answer = complete(&node, known, "te").await;
    let completion = &answer["result"]["completion"];
    assert!(
        completion["values"].is_array() && completion["hasMore"].is_boolean(),
        "{answer}"
    );
    for unknown in [
        json!({ "type": "ref/prompt", "name": "no_such_prompt" }),
        json!({ "type": "ref/resource", "uri": "superset://nothing" }),
        json!({ "type": "ref/tool", "name": "execute_sql" }),
        json!({}),
    ] {
        let answer = complete(&node, unknown.clone(), "te").await;
        assert_eq!(-32602, answer["error"]["code"], "{unknown}: {answer}");
    }
}
