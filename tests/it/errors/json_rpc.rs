//! What a client gets whose message is not understood, or asks for what is not there.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_types::{Clock as _, SystemClock};

use super::{Provoker, Shown, compare};
use crate::harness::{Caller, OneNode, Reply, token_of};

pub(super) const PROVOKERS: &[Provoker<OneNode>] = &[
    Provoker {
        row: "rpc.parse",
        provoke: |node| Box::pin(post(node, &[], "{")),
    },
    Provoker {
        row: "rpc.message",
        provoke: |node| Box::pin(post(node, &[], r#"{"id":1,"method":"ping"}"#)),
    },
    Provoker {
        row: "rpc.batch",
        provoke: |node| {
            let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#;
            Box::pin(post(node, &[("MCP-Protocol-Version", "2026-07-28")], batch))
        },
    },
    Provoker {
        row: "rpc.needs-session",
        provoke: |node| {
            let body = r#"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"instance://metadata"}}"#;
            Box::pin(post(node, &[], body))
        },
    },
    Provoker {
        row: "rpc.method",
        provoke: |node| Box::pin(async move { modern(node, "tools/run", json!({})).await }),
    },
    Provoker {
        row: "rpc.meta",
        provoke: |node| {
            let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;
            Box::pin(post(node, &[("MCP-Protocol-Version", "2026-07-28")], body))
        },
    },
    Provoker {
        row: "rpc.tool",
        provoke: |node| {
            Box::pin(async move {
                let params = json!({ "name": "list_chart", "arguments": {} });
                modern(node, "tools/call", params).await
            })
        },
    },
    Provoker {
        row: "rpc.resource",
        provoke: |node| {
            Box::pin(async move {
                let params = json!({ "uri": "instance://nothing" });
                modern(node, "resources/read", params).await
            })
        },
    },
    Provoker {
        row: "rpc.prompt",
        provoke: |node| {
            Box::pin(async move { modern(node, "prompts/get", json!({ "name": "nothing" })).await })
        },
    },
    Provoker {
        row: "rpc.header",
        provoke: |node| {
            let body = body_of(&node.anyone(), "tools/list", "2026-07-28");
            let headers = [
                ("MCP-Protocol-Version", "2026-07-28"),
                ("Mcp-Method", "tools/call"),
            ];
            Box::pin(async move { post(node, &headers, &body).await })
        },
    },
    Provoker {
        row: "rpc.version",
        provoke: |node| {
            let body = body_of(&node.anyone(), "tools/list", "2027-01-01");
            let headers = [
                ("MCP-Protocol-Version", "2027-01-01"),
                ("Mcp-Method", "tools/list"),
            ];
            Box::pin(async move { post(node, &headers, &body).await })
        },
    },
    Provoker {
        row: "rpc.capability",
        provoke: |node| {
            Box::pin(async move {
                let params = json!({ "name": "test_missing_capability", "arguments": {} });
                modern(node, "tools/call", params).await
            })
        },
    },
    Provoker {
        row: "rpc.scope",
        provoke: |node| Box::pin(scope(node)),
    },
];

#[tokio::test]
async fn errors_of_json_rpc_are_as_documented() {
    let node = OneNode::start().await;
    compare(PROVOKERS, &node).await;
}

/// Posts bytes with these headers.
async fn post(node: &OneNode, headers: &[(&str, &str)], body: &str) -> Shown {
    let request = node.as_user("admin").http(Method::POST);
    let request = request
        .header("Content-Type", "application/json")
        .body(body.to_owned());
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    Shown::answer(Reply(request.send().await.unwrap())).await
}

/// Sends a request of 2026-07-28.
async fn modern(node: &OneNode, method: &str, params: Value) -> Shown {
    Shown::answer(node.as_user("admin").send(method, params).await).await
}

/// A request that claims a revision.
fn body_of(caller: &Caller, method: &str, version: &str) -> String {
    let mut body = caller.body(&json!(1), method, json!({}));
    body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(version);
    body.to_string()
}

/// Calls a tool with a token that reaches reading only.
async fn scope(node: &OneNode) -> Shown {
    let now = SystemClock.unix_secs();
    let claims = json!({
        "sub": "admin",
        "iss": "https://issuer.test",
        "aud": "tidegate-tests",
        "iat": now,
        "exp": now + 3_600,
        "scope": "mcp:read",
    });
    let caller = node.anyone().bearer(token_of(&claims));
    let arguments = json!({ "database_id": 1, "sql": "SELECT 1" });
    let params = json!({ "name": "execute_sql", "arguments": arguments });
    let reply = caller.send("tools/call", params).await;
    assert_eq!(StatusCode::FORBIDDEN, reply.status());
    assert!(reply.header("www-authenticate").is_some());
    Shown::answer(reply).await
}
