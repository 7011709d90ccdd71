//! Messages of the session revisions: nothing of 2026-07-28, and of each what it knows.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{OneNode, Reply, Session};

const REVISIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

#[tokio::test]
async fn legacy_results_carry_nothing_of_the_modern_era() {
    let node = OneNode::start().await;
    for version in REVISIONS {
        let session = node.as_user("admin").open_session_of(version).await;
        for (method, params) in [
            ("tools/list", json!({})),
            ("prompts/list", json!({})),
            ("resources/list", json!({})),
            ("resources/templates/list", json!({})),
            ("resources/read", json!({ "uri": "instance://metadata" })),
            ("prompts/get", json!({ "name": "quickstart" })),
            ("tools/call", json!({ "name": "health_check" })),
            ("ping", json!({})),
        ] {
            let answer = session.ask(method, params).await;
            let result = answer["result"]
                .as_object()
                .unwrap_or_else(|| panic!("{answer}"));
            for member in ["resultType", "ttlMs", "cacheScope"] {
                assert!(!result.contains_key(member), "{version} {method}: {member}");
            }
            assert!(
                !answer.to_string().contains("io.modelcontextprotocol/"),
                "{version} {method}"
            );
        }
    }
}

#[tokio::test]
async fn tools_are_described_in_the_words_of_each_revision() {
    let node = OneNode::builder()
        .set("TOOLS__STRUCTURED_CONTENT", "true")
        .start()
        .await;
    let caller = node.as_user("admin");
    for (version, knows_titles) in [
        ("2025-03-26", false),
        ("2025-06-18", true),
        ("2025-11-25", true),
    ] {
        let session = caller.open_session_of(version).await;
        let answer = session.ask("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap();
        assert!(tools.len() > 12, "{version}");
        for tool in tools {
            assert_eq!("object", tool["inputSchema"]["type"], "{version} {tool}");
            assert_eq!(
                knows_titles,
                tool.get("title").is_some(),
                "{version} {}",
                tool["name"]
            );
            if let Some(schema) = tool.get("outputSchema") {
                assert!(knows_titles, "{version} {}", tool["name"]);
                assert_eq!("object", schema["type"], "{version} {}", tool["name"]);
            }
            assert!(tool.get("execution").is_none(), "{version}");
        }
        let called = session.call("health_check", json!({})).await;
        assert_eq!(
            knows_titles,
            called["result"].get("structuredContent").is_some(),
            "{version}: {called}"
        );
    }
}

#[tokio::test]
async fn initialize_tells_the_server_and_what_models_should_know() {
    let node = OneNode::start().await;
    for version in REVISIONS {
        let reply = Session::try_open(&node.as_user("admin"), version)
            .await
            .unwrap();
        let session = reply.header("mcp-session-id").unwrap().to_owned();
        assert!(session.len() >= 32 && session.bytes().all(|byte| byte.is_ascii_graphic()));
        let answer = reply.json().await;
        let result = &answer["result"];
        assert_eq!(version, result["protocolVersion"]);
        assert_eq!("tidegate", result["serverInfo"]["name"]);
        assert_eq!(
            version != "2025-03-26",
            result["serverInfo"].get("title").is_some(),
            "{version}"
        );
        assert!(
            result["instructions"]
                .as_str()
                .unwrap()
                .contains("list_charts")
        );
        for capability in ["tools", "prompts", "resources", "logging", "completions"] {
            assert!(
                result["capabilities"][capability].is_object(),
                "{version} {capability}"
            );
        }
    }
}

#[tokio::test]
async fn a_bad_handshake_is_told_what_is_wrong() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for (params, member) in [
        (json!({}), "protocolVersion"),
        (json!({ "protocolVersion": 7 }), "protocolVersion"),
        (
            json!({ "protocolVersion": "2025-11-25", "capabilities": [] }),
            "capabilities",
        ),
        (
            json!({ "protocolVersion": "2025-11-25", "capabilities": { "x": "y".repeat(20_000) } }),
            "capabilities",
        ),
        (
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": "me" }),
            "clientInfo",
        ),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
        let reply = caller
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .body(body.to_string());
        let reply = Reply(reply.send().await.unwrap());
        assert!(reply.header("mcp-session-id").is_none());
        let answer = reply.json().await;
        assert_eq!(-32602, answer["error"]["code"], "{answer}");
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains(member),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn errors_keep_the_codes_that_older_clients_know() {
    let node = OneNode::start().await;
    for version in REVISIONS {
        let session = node.as_user("admin").open_session_of(version).await;
        let reply = session
            .send("resources/read", json!({ "uri": "superset://nothing" }))
            .await;
        assert_eq!(200, reply.status().as_u16());
        assert_eq!(-32002, reply.answer().await["error"]["code"], "{version}");
        let reply = session.send("tools/burn", json!({})).await;
        assert_eq!(200, reply.status().as_u16());
        assert_eq!(-32601, reply.answer().await["error"]["code"], "{version}");
        for modern in ["server/discover", "subscriptions/listen"] {
            assert_eq!(400, session.send(modern, json!({})).await.status().as_u16());
        }
        let called = session.call("no_such_tool", json!({})).await;
        assert_eq!(-32602, called["error"]["code"], "{version}: {called}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_message_by_message_where_the_revision_has_them() {
    let node = OneNode::start().await;
    let session = node.as_user("admin").open_session_of("2025-03-26").await;
    let ping = |id: Value| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let call = json!({
        "jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": { "name": "test_simple_text" }
    });
    let answer = session
        .post(&json!([
            ping(json!(1)),
            note,
            call,
            { "jsonrpc": "2.0", "id": 4, "method": "no/such" },
            { "jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {} },
            7,
            ["2.0", 9, "ping"],
            { "jsonrpc": "2.0", "id": "nobody asked", "result": {} },
        ]))
        .await
        .json()
        .await;
    let answers = answer.as_array().unwrap();
    let of = |id: Value| {
        answers
            .iter()
            .find(|answer| answer["id"] == id)
            .unwrap_or_else(|| panic!("{id}: {answer}"))
    };
    assert_eq!(6, answers.len(), "{answer}");
    assert_eq!(json!({}), of(json!(1))["result"]);
    assert!(of(json!("c"))["result"]["content"].is_array());
    assert_eq!(-32601, of(json!(4))["error"]["code"]);
    assert_eq!(-32600, of(json!(5))["error"]["code"]);
    assert_eq!(-32600, of(Value::Null)["error"]["code"]);

    let silent = session.post(&json!([note, note])).await;
    assert_eq!(202, silent.status().as_u16());
    assert_eq!("", silent.text().await);
    let replies = session
        .post(&json!([{ "jsonrpc": "2.0", "id": "x", "result": {} }]))
        .await;
    assert_eq!(202, replies.status().as_u16());
    // The revision is the session's, whatever the header is.
    for version in ["2025-06-18", "2025-11-25"] {
        let session = node.as_user("admin").open_session_of(version).await;
        let refused = session.post(&json!([ping(json!(1))])).await;
        assert_eq!(400, refused.status().as_u16(), "{version}");
        assert_eq!(-32600, refused.json().await["error"]["code"]);
    }
}

/// As in Superset's documentation: `curl -X POST … -d '{"jsonrpc": "2.0", "method": "tools/list", "id": 1}'`.
#[tokio::test]
async fn one_line_of_curl_without_a_session_is_served() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for body in [
        json!({ "jsonrpc": "2.0", "method": "tools/list", "id": 1 }),
        json!({
            "jsonrpc": "2.0", "method": "tools/call", "id": 2,
            "params": { "name": "list_dashboards", "arguments": { "request": {} } },
        }),
        json!({ "jsonrpc": "2.0", "method": "resources/read", "id": 3, "params": { "uri": "instance://metadata" } }),
    ] {
        for accept in [
            None,
            Some("*/*"),
            Some("application/json, text/event-stream"),
        ] {
            let request = caller
                .http(Method::POST)
                .header("Content-Type", "application/json")
                .body(body.to_string());
            let request = match accept {
                Some(accept) => request.header("Accept", accept),
                None => request,
            };
            let reply = Reply(request.send().await.unwrap());
            assert_eq!(200, reply.status().as_u16());
            assert!(reply.header("mcp-session-id").is_none());
            let answer = reply.json().await;
            assert_eq!(body["id"], answer["id"]);
            assert!(answer["result"].is_object(), "{answer}");
            assert_ne!(true, answer["result"]["isError"], "{answer}");
        }
    }
    // What changes a session needs one.
    for (method, params) in [
        ("logging/setLevel", json!({ "level": "debug" })),
        (
            "resources/subscribe",
            json!({ "uri": "test://watched-resource" }),
        ),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = caller
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .body(body.to_string());
        assert_eq!(
            400,
            request.send().await.unwrap().status().as_u16(),
            "{method}"
        );
    }
}
