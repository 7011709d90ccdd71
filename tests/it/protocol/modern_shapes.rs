//! Results of 2026-07-28.

use serde_json::{Value, json};

use crate::harness::{OneNode, Reply};

#[tokio::test]
async fn every_result_says_its_type_and_its_server_and_lists_how_long_they_hold() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for (method, params, is_cacheable) in [
        ("server/discover", json!({}), true),
        ("tools/list", json!({}), true),
        ("prompts/list", json!({}), true),
        ("resources/list", json!({}), true),
        ("resources/templates/list", json!({}), true),
        (
            "resources/read",
            json!({ "uri": "instance://metadata" }),
            true,
        ),
        ("prompts/get", json!({ "name": "quickstart" }), false),
        ("tools/call", json!({ "name": "health_check" }), false),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": "test_prompt_with_arguments" },
                "argument": { "name": "arg1", "value": "t" },
            }),
            false,
        ),
    ] {
        let answer = caller.ask(method, params).await;
        let result = &answer["result"];
        assert_eq!("complete", result["resultType"], "{method}: {answer}");
        let server = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!("tidegate", server["name"], "{method}: {answer}");
        assert!(server["version"].is_string(), "{method}");
        assert_eq!(is_cacheable, result["ttlMs"].is_u64(), "{method}: {answer}");
        let scope = if is_cacheable {
            json!("private")
        } else {
            Value::Null
        };
        assert_eq!(scope, result["cacheScope"], "{method}");
    }
}

#[tokio::test]
async fn discover_tells_what_is_served_and_what_models_should_know() {
    let node = OneNode::start().await;
    let answer = node
        .as_user("viewer")
        .ask("server/discover", json!({}))
        .await;
    let result = &answer["result"];
    let capabilities = &result["capabilities"];
    assert_eq!(true, capabilities["tools"]["listChanged"]);
    assert_eq!(true, capabilities["prompts"]["listChanged"]);
    assert_eq!(true, capabilities["resources"]["listChanged"]);
    assert_eq!(true, capabilities["resources"]["subscribe"]);
    assert!(capabilities["completions"].is_object());
    // The tasks extension is not served, so it is not advertised in either of its forms.
    assert!(capabilities.get("tasks").is_none() && capabilities.get("extensions").is_none());
    assert!(result.get("serverInfo").is_none(), "{result}");
    let instructions = result["instructions"].as_str().unwrap();
    assert!(instructions.contains("list_dashboards"), "{instructions}");
}

#[tokio::test]
async fn a_request_is_served_without_client_info_and_its_id_comes_back_as_it_was() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for id in [
        json!("a \"b\" ü"),
        json!(0),
        json!(-7),
        json!(9_007_199_254_740_993_i64),
        json!(""),
    ] {
        let mut body = caller.body(&id, "tools/list", json!({}));
        body["params"]["_meta"]
            .as_object_mut()
            .unwrap()
            .remove("io.modelcontextprotocol/clientInfo");
        let answer = Reply(caller.request(&body).send().await.unwrap())
            .answer()
            .await;
        assert_eq!(id, answer["id"]);
        assert!(answer["result"]["tools"].is_array(), "{answer}");
    }
    for id in [json!(null), json!([1]), json!(true), json!("x".repeat(300))] {
        let body = caller.body(&id, "tools/list", json!({}));
        let reply = Reply(caller.request(&body).send().await.unwrap());
        assert_eq!(400, reply.status().as_u16(), "{id}");
        assert_eq!(-32600, reply.json().await["error"]["code"], "{id}");
    }
}

#[tokio::test]
async fn a_resource_that_does_not_exist_is_named_in_the_error() {
    let node = OneNode::start().await;
    let answer = node
        .as_user("admin")
        .ask("resources/read", json!({ "uri": "superset://nothing" }))
        .await;
    assert_eq!(-32602, answer["error"]["code"], "{answer}");
    assert_eq!("superset://nothing", answer["error"]["data"]["uri"]);
}

#[tokio::test]
async fn a_client_that_takes_json_alone_gets_json() {
    let node = OneNode::builder()
        .set("SERVER__SSE_AFTER_MS", "0")
        .start()
        .await;
    let caller = node.as_user("admin");
    let params = json!({ "name": "test_tool_with_progress", "_meta": { "progressToken": 1 } });
    let reply = Reply(super::call_for_json(&caller, params).send().await.unwrap());
    assert_eq!(Some("application/json"), reply.header("content-type"));
    assert_eq!("complete", reply.json().await["result"]["resultType"]);
}
