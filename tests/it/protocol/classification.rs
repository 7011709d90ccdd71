//! Every row of the classification, by HTTP status and JSON-RPC code.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, OneNode, Reply, Session};

const MODERN: &str = "2026-07-28";
const CLAIM: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What a row sends: headers, body. What it gets: status, and code or `None` for a result, or no body.
type Row = (
    &'static str,
    Vec<(&'static str, &'static str)>,
    String,
    u16,
    RowOutcome,
);

#[derive(Clone, Copy, PartialEq, Debug)]
enum RowOutcome {
    Result,
    Code(i64),
    Empty,
}
use RowOutcome::{Code, Empty, Result};

fn meta(version: &str) -> Value {
    json!({ CLAIM: version, CAPABILITIES: {} })
}

fn message(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": "row", "method": method, "params": params }).to_string()
}

fn list(meta: &Value) -> String {
    message("tools/list", &json!({ "_meta": meta }))
}

fn call(rest: &Value) -> String {
    let mut params = rest.clone();
    params["_meta"] = meta(MODERN);
    message("tools/call", &params)
}

fn initialize(version: &str) -> Value {
    json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } })
}

async fn post(caller: &Caller, headers: &[(&str, &str)], body: String) -> Reply {
    let request = caller
        .http(Method::POST)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    Reply(request.body(body).send().await.unwrap())
}

async fn check(caller: &Caller, rows: Vec<Row>) {
    for (row, headers, body, status, outcome) in rows {
        let id =
            serde_json::from_str::<Value>(&body).map_or(Value::Null, |body| body["id"].clone());
        let reply = post(caller, &headers, body).await;
        assert_eq!(
            status,
            reply.status().as_u16(),
            "{row}: {}",
            reply.text().await
        );
        assert!(
            reply.header("mcp-session-id").is_none() || row.contains("initialize"),
            "{row}"
        );
        let text = reply.text().await;
        if outcome == Empty {
            assert_eq!("", text, "{row}");
            continue;
        }
        let answer: Value = serde_json::from_str(&text).unwrap();
        match outcome {
            Result => assert!(answer.get("result").is_some(), "{row}: {answer}"),
            Code(code) => assert_eq!(code, answer["error"]["code"], "{row}: {answer}"),
            Empty => unreachable!(),
        }
        assert_eq!(id, answer["id"], "{row}: {answer}");
    }
}

#[tokio::test]
async fn every_row_for_requests_has_its_status_and_code() {
    let node = OneNode::start().await;
    let version = ("MCP-Protocol-Version", MODERN);
    let listing = ("Mcp-Method", "tools/list");
    let calling = ("Mcp-Method", "tools/call");
    let good = meta(MODERN);
    #[rustfmt::skip] // A table: one row a line.
    let rows: Vec<Row> = vec![
        // 7a
        ("initialize", vec![], message("initialize", &initialize("2025-11-25")), 200, Result),
        ("initialize with Mcp-Method", vec![("Mcp-Method", "initialize")], message("initialize", &initialize("2025-11-25")), 200, Result),
        ("initialize with a legacy header", vec![("MCP-Protocol-Version", "2025-06-18")], message("initialize", &initialize("2025-06-18")), 200, Result),
        ("initialize with a modern header", vec![version], message("initialize", &initialize(MODERN)), 400, Code(-32020)),
        ("initialize with a modern claim", vec![version, ("Mcp-Method", "initialize")], message("initialize", &json!({ "_meta": good })), 404, Code(-32601)),
        // 7b
        ("a modern request", vec![version, listing], list(&good), 200, Result),
        ("a claim without capabilities", vec![version, listing], list(&json!({ CLAIM: MODERN })), 400, Code(-32602)),
        ("capabilities that are a list", vec![version, listing], list(&json!({ CLAIM: MODERN, CAPABILITIES: [] })), 400, Code(-32602)),
        ("capabilities that are null", vec![version, listing], list(&json!({ CLAIM: MODERN, CAPABILITIES: null })), 400, Code(-32602)),
        ("a claim that is a number", vec![version, listing], list(&json!({ CLAIM: 1, CAPABILITIES: {} })), 400, Code(-32602)),
        ("_meta that is a text", vec![version, listing], list(&json!("x")), 400, Code(-32602)),
        ("an unknown log level", vec![version, listing], list(&json!({ CLAIM: MODERN, CAPABILITIES: {}, "io.modelcontextprotocol/logLevel": "loud" })), 400, Code(-32602)),
        ("a modern header and another claim", vec![version, listing], list(&meta("v999.0.0")), 400, Code(-32020)),
        ("a legacy header and a modern claim", vec![("MCP-Protocol-Version", "2025-11-25"), listing], list(&good), 400, Code(-32020)),
        ("an unknown version in both", vec![("MCP-Protocol-Version", "v999.0.0"), listing], list(&meta("v999.0.0")), 400, Code(-32022)),
        ("a legacy version in both", vec![("MCP-Protocol-Version", "2025-11-25"), listing], list(&meta("2025-11-25")), 400, Code(-32022)),
        ("a legacy version as a claim alone", vec![listing], list(&meta("2025-11-25")), 400, Code(-32022)),
        ("Mcp-Method of another method", vec![version, calling], list(&good), 400, Code(-32020)),
        ("Mcp-Method in another case", vec![version, ("Mcp-Method", "Tools/List")], list(&good), 400, Code(-32020)),
        ("no version header", vec![listing], list(&good), 400, Code(-32020)),
        ("no Mcp-Method", vec![version], list(&good), 400, Code(-32020)),
        ("no Mcp-Name", vec![version, calling], call(&json!({ "name": "test_simple_text" })), 400, Code(-32020)),
        ("an empty Mcp-Name", vec![version, calling, ("Mcp-Name", "")], call(&json!({ "name": "test_simple_text" })), 400, Code(-32020)),
        ("Mcp-Name of another tool", vec![version, calling, ("Mcp-Name", "execute_sql")], call(&json!({ "name": "test_simple_text" })), 400, Code(-32020)),
        ("Mcp-Name in Base64", vec![version, calling, ("Mcp-Name", "=?base64?dGVzdF9zaW1wbGVfdGV4dA==?=")], call(&json!({ "name": "test_simple_text" })), 200, Result),
        ("Mcp-Name in bad Base64", vec![version, calling, ("Mcp-Name", "=?base64?dGVzdF9zaW1wbGVfdGV4dA?=")], call(&json!({ "name": "test_simple_text" })), 400, Code(-32020)),
        ("Mcp-Name where none is needed", vec![version, listing, ("Mcp-Name", "x")], list(&good), 200, Result),
        ("a session header on a modern request", vec![version, listing, ("Mcp-Session-Id", "no such session"), ("Last-Event-ID", "x")], list(&good), 200, Result),
        // 7c, 7d, 7e, 7f
        ("a modern header without a claim", vec![version, listing], message("tools/list", &json!({})), 400, Code(-32602)),
        ("a later header without a claim", vec![("MCP-Protocol-Version", "2027-01-01")], message("tools/list", &json!({})), 400, Code(-32602)),
        ("discover without a claim", vec![], message("server/discover", &json!({})), 400, Code(-32602)),
        ("listen without a claim", vec![("MCP-Protocol-Version", "2025-11-25")], message("subscriptions/listen", &json!({})), 400, Code(-32602)),
        ("an unknown legacy header", vec![("MCP-Protocol-Version", "2024-11-05")], message("tools/list", &json!({})), 400, Code(-32600)),
        ("a legacy header", vec![("MCP-Protocol-Version", "2025-06-18")], message("tools/list", &json!({})), 200, Result),
        ("no header", vec![], message("tools/list", &json!({})), 200, Result),
        ("no header and Mcp-Method", vec![listing], message("tools/list", &json!({})), 200, Result),
        ("an empty _meta", vec![], list(&json!({})), 200, Result),
        // 9
        ("an unknown method", vec![version, ("Mcp-Method", "tools/burn")], message("tools/burn", &json!({ "_meta": good })), 404, Code(-32601)),
        ("ping, which is gone", vec![version, ("Mcp-Method", "ping")], message("ping", &json!({ "_meta": good })), 404, Code(-32601)),
        ("setLevel, which is gone", vec![version, ("Mcp-Method", "logging/setLevel")], message("logging/setLevel", &json!({ "_meta": good, "level": "debug" })), 404, Code(-32601)),
        ("subscribe, which is gone", vec![version, ("Mcp-Method", "resources/subscribe")], message("resources/subscribe", &json!({ "_meta": good, "uri": "x:y" })), 404, Code(-32601)),
        ("tasks, which are not served", vec![version, ("Mcp-Method", "tasks/get"), ("Mcp-Name", "t")], message("tasks/get", &json!({ "_meta": good, "taskId": "t" })), 404, Code(-32601)),
        ("an undeclared capability", vec![version, calling, ("Mcp-Name", "test_missing_capability")], call(&json!({ "name": "test_missing_capability" })), 400, Code(-32021)),
        ("an unknown tool", vec![version, calling, ("Mcp-Name", "nothing")], call(&json!({ "name": "nothing" })), 200, Code(-32602)),
        ("a tool without a name", vec![version, calling, ("Mcp-Name", "x")], call(&json!({})), 200, Code(-32602)),
        ("a name that is a number", vec![version, calling, ("Mcp-Name", "7")], call(&json!({ "name": 7 })), 200, Code(-32602)),
    ];
    check(&node.as_user("admin"), rows).await;
}

#[tokio::test]
async fn every_row_for_what_is_no_request_has_its_status_and_code() {
    let node = OneNode::start().await;
    let version = ("MCP-Protocol-Version", MODERN);
    let notification =
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let claimed = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "_meta": meta(MODERN) } });
    let response = r#"{"jsonrpc":"2.0","id":"q","result":{}}"#;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let unknown = ("Mcp-Session-Id", "0123456789abcdef0123456789abcdef");
    #[rustfmt::skip] // A table: one row a line.
    let rows: Vec<Row> = vec![
        // 4
        ("no JSON", vec![], "{".into(), 400, Code(-32700)),
        ("nothing", vec![], String::new(), 400, Code(-32700)),
        ("JSON twice", vec![], format!("{ping}{ping}"), 400, Code(-32700)),
        ("a number", vec![], "7".into(), 400, Code(-32600)),
        ("another JSON-RPC", vec![], r#"{"jsonrpc":"1.0","method":"ping"}"#.into(), 400, Code(-32600)),
        ("no method", vec![], r#"{"jsonrpc":"2.0"}"#.into(), 400, Code(-32600)),
        // 5
        ("an empty batch", vec![], "[]".into(), 400, Code(-32600)),
        ("a batch with a claim", vec![], format!("[{ping},{}]", list(&meta(MODERN))), 400, Code(-32600)),
        ("a batch with a modern header", vec![version], format!("[{ping}]"), 400, Code(-32600)),
        ("a batch of a revision without", vec![("MCP-Protocol-Version", "2025-06-18")], format!("[{ping}]"), 400, Code(-32600)),
        ("a batch of too many", vec![], format!("[{}]", vec![ping; 101].join(",")), 400, Code(-32600)),
        // 6
        ("a response without a session", vec![], response.into(), 400, Code(-32600)),
        ("a modern response", vec![version], response.into(), 400, Code(-32600)),
        // 8
        ("a modern notification by header", vec![version], notification.into(), 202, Empty),
        ("a modern notification by claim", vec![], claimed.to_string(), 202, Empty),
        ("an unknown notification", vec![version], r#"{"jsonrpc":"2.0","method":"notifications/what"}"#.into(), 202, Empty),
        ("a legacy notification without a session", vec![], notification.into(), 202, Empty),
    ];
    let caller = node.as_user("admin");
    for (row, headers, body, status, outcome) in rows {
        let reply = post(&caller, &headers, body).await;
        assert_eq!(
            status,
            reply.status().as_u16(),
            "{row}: {}",
            reply.text().await
        );
        let text = reply.text().await;
        match outcome {
            Empty => assert_eq!("", text, "{row}"),
            Code(code) => {
                let answer: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(code, answer["error"]["code"], "{row}: {answer}");
                assert_eq!(Value::Null, answer["id"], "{row}: {answer}");
            }
            Result => unreachable!(),
        }
    }
    for (body, id) in [
        (response, Value::Null),
        (ping, json!(1)),
        (notification, Value::Null),
    ] {
        let reply = post(&caller, &[unknown], body.into()).await;
        assert_eq!(404, reply.status().as_u16(), "{body}");
        assert_eq!(id, reply.json().await["id"], "{body}");
    }
}

#[tokio::test]
async fn the_refusal_of_a_version_names_those_that_discover_lists() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let headers = [
        ("MCP-Protocol-Version", "v999.0.0"),
        ("Mcp-Method", "server/discover"),
    ];
    let body = message("server/discover", &json!({ "_meta": meta("v999.0.0") }));
    let refused = post(&caller, &headers, body).await.json().await;
    let data = &refused["error"]["data"];
    assert_eq!("v999.0.0", data["requested"]);
    let discovered = caller.ask("server/discover", json!({})).await;
    let listed = discovered["result"]["supportedVersions"]
        .as_array()
        .unwrap();
    assert_eq!(
        &json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]),
        &json!(listed)
    );
    for version in data["supported"].as_array().unwrap() {
        assert!(listed.contains(version), "{version}");
    }
    assert_eq!(MODERN, data["supported"][0]);
}

#[tokio::test]
async fn the_capability_that_is_missing_is_named_as_clients_declare_it() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let refused = caller
        .send("tools/call", json!({ "name": "test_missing_capability" }))
        .await;
    assert_eq!(400, refused.status().as_u16());
    let refused = refused.json().await;
    assert_eq!(
        json!({ "sampling": {} }),
        refused["error"]["data"]["requiredCapabilities"]
    );
    let able = caller.capabilities(json!({ "sampling": {} }));
    let answer = able.call("test_missing_capability", json!({})).await;
    assert_eq!("complete", answer["result"]["resultType"], "{answer}");
}

#[tokio::test]
async fn a_client_that_asks_for_the_newest_revision_by_handshake_gets_the_newest_that_has_one() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    for (asked, given) in [
        ("2026-07-28", "2025-11-25"),
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-11-25"),
        ("1.0.0", "2025-11-25"),
    ] {
        let reply = Session::try_open(&caller, asked).await.unwrap();
        assert_eq!(
            given,
            reply.json().await["result"]["protocolVersion"],
            "{asked}"
        );
    }
}

#[tokio::test]
async fn headers_that_mirror_arguments_must_be_there_and_say_the_same() {
    let node = OneNode::start().await;
    let caller = node.as_user("admin");
    let tools = caller.ask("tools/list", json!({})).await;
    let tool = tools["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tool| tool["name"] == "test_x_mcp_header")
        .unwrap();
    // Its properties are read here, so that the fixture may change.
    let (argument, header) = tool["inputSchema"]["properties"]
        .as_object()
        .unwrap()
        .iter()
        .find(|(_, property)| property["type"] == "string")
        .map(|(name, property)| {
            (
                name.clone(),
                property["x-mcp-header"].as_str().unwrap().to_owned(),
            )
        })
        .unwrap();
    let name = format!("Mcp-Param-{header}");
    let send = async |arguments: Value, header: Option<&str>| {
        let params = json!({ "name": "test_x_mcp_header", "arguments": arguments });
        let request = caller.request(&caller.body(&json!(1), "tools/call", params));
        let request = match header {
            Some(value) => request.header(name.as_str(), value),
            None => request,
        };
        Reply(request.send().await.unwrap())
    };
    let with = |value: Value| json!({ argument.clone(): value });
    for (row, arguments, header, status) in [
        ("the same", with(json!("Hello")), Some("Hello"), 200),
        (
            "in Base64",
            with(json!("Grüße")),
            Some("=?base64?R3LDvMOfZQ==?="),
            200,
        ),
        ("without", with(json!("Hello")), None, 400),
        ("another", with(json!("Hello")), Some("hello"), 400),
        ("of nothing", json!({}), Some("Hello"), 400),
        ("of null", with(Value::Null), Some("Hello"), 400),
        (
            "in bad Base64",
            with(json!("Hello")),
            Some("=?base64?SGVsbG8?="),
            400,
        ),
    ] {
        let reply = send(arguments, header).await;
        assert_eq!(status, reply.status().as_u16(), "{row}");
        if status == 400 {
            assert_eq!(-32020, reply.json().await["error"]["code"], "{row}");
        }
    }
}
