//! What a client gets before its message is looked at: host, token, body, session, limits.

use reqwest::Method;
use serde_json::json;

use super::{Provoker, Shown, compare};
use crate::edge::wire::{PING, Wire, send};
use crate::harness::{OneNode, Reply};

pub(super) const PROVOKERS: &[Provoker<OneNode>] = &[
    Provoker {
        row: "transport.host",
        provoke: |node| Box::pin(with_headers(node, "Host: evil.example.com\r\n")),
    },
    Provoker {
        row: "transport.origin",
        provoke: |node| {
            let headers = "Host: localhost\r\nOrigin: https://evil.example.com\r\n";
            Box::pin(with_headers(node, headers))
        },
    },
    Provoker {
        row: "transport.token-missing",
        provoke: |node| Box::pin(with_headers(node, "Host: localhost\r\n")),
    },
    Provoker {
        row: "transport.token-invalid",
        provoke: |node| {
            let headers = "Host: localhost\r\nAuthorization: Bearer nonsense\r\n";
            Box::pin(with_headers(node, headers))
        },
    },
    Provoker {
        row: "transport.workspace-unnamed",
        provoke: |node| Box::pin(async move { list_charts(node, None).await }),
    },
    Provoker {
        row: "transport.workspace-closed",
        provoke: |node| Box::pin(async move { list_charts(node, Some("nowhere")).await }),
    },
    Provoker {
        row: "transport.workspace-unreachable",
        provoke: |_| Box::pin(workspace_unreachable()),
    },
    Provoker {
        row: "transport.session",
        provoke: |node| {
            Box::pin(async move {
                let caller = node.as_user("admin").workspace("demo");
                let request = caller.http(Method::POST).header("Mcp-Session-Id", "ended");
                let request = request.header("Content-Type", "application/json");
                Shown::answer(Reply(request.body(PING).send().await.unwrap())).await
            })
        },
    },
    Provoker {
        row: "transport.version",
        provoke: |node| {
            Box::pin(async move {
                let caller = node.as_user("admin").workspace("demo");
                let request = caller.http(Method::POST);
                let request = request.header("MCP-Protocol-Version", "2024-11-05");
                let request = request.header("Content-Type", "application/json");
                Shown::answer(Reply(request.body(PING).send().await.unwrap())).await
            })
        },
    },
    Provoker {
        row: "transport.body-slow",
        provoke: |_| Box::pin(body_slow()),
    },
    Provoker {
        row: "transport.body-large",
        provoke: |_| Box::pin(body_large()),
    },
    Provoker {
        row: "transport.content-type",
        provoke: |node| {
            Box::pin(async move {
                let caller = node.as_user("admin").workspace("demo");
                let request = caller
                    .http(Method::POST)
                    .header("Content-Type", "text/plain");
                Shown::answer(Reply(request.body(PING).send().await.unwrap())).await
            })
        },
    },
    Provoker {
        row: "transport.rate-limit",
        provoke: |_| Box::pin(rate_limit()),
    },
    Provoker {
        row: "transport.no-room",
        provoke: |_| Box::pin(no_room()),
    },
];

#[tokio::test]
async fn errors_of_the_transport_are_as_documented() {
    // Two workspaces, so that one has to be named.
    let node = OneNode::builder()
        .workspace("demo", "")
        .workspace("other", "")
        .start()
        .await;
    compare(PROVOKERS, &node).await;
}

async fn with_headers(node: &OneNode, headers: &str) -> Shown {
    let headers = format!("{headers}Content-Type: application/json\r\n");
    Shown::wire(&send(node, "POST /w/demo/mcp", &headers, PING).await)
}

async fn list_charts(node: &OneNode, workspace: Option<&str>) -> Shown {
    let caller = node.as_user("admin");
    let caller = match workspace {
        Some(workspace) => caller.workspace(workspace),
        None => caller,
    };
    let params = json!({ "name": "list_charts", "arguments": {} });
    Shown::answer(caller.send("tools/call", params).await).await
}

/// A workspace whose metadata database nobody serves.
async fn workspace_unreachable() -> Shown {
    let gone = "postgresql://superset:superset@127.0.0.1:1/superset";
    let node = OneNode::builder()
        .workspace("demo", "")
        .outside_workspace("gone", gone, crate::harness::SECRET_KEY)
        .start()
        .await;
    list_charts(&node, Some("gone")).await
}

async fn body_slow() -> Shown {
    let node = OneNode::builder()
        .development_user("admin")
        .set("SERVER__READ_TIMEOUT_MS", "500")
        .start()
        .await;
    let mut wire = Wire::open(&node).await;
    let headers =
        "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
    wire.send(format!("POST /mcp HTTP/1.1\r\n{headers}{{"))
        .await;
    Shown::wire(&wire.answer().await)
}

async fn body_large() -> Shown {
    let node = OneNode::builder()
        .development_user("admin")
        .set("SERVER__BODY_LIMIT_BYTES", "65536")
        .start()
        .await;
    let padding = " ".repeat(65_536);
    let headers = "Host: localhost\r\nContent-Type: application/json\r\n";
    Shown::wire(&send(&node, "POST /mcp", headers, &format!("{PING}{padding}")).await)
}

async fn rate_limit() -> Shown {
    let node = OneNode::builder()
        .set("LIMITS__TOOL__PER_MINUTE", "1")
        .set("LIMITS__TOOL__BURST", "1")
        .start()
        .await;
    list_charts(&node, None).await;
    list_charts(&node, None).await
}

/// The one call that may run blocks its thread.
async fn no_room() -> Shown {
    let node = OneNode::builder()
        .set("EXECUTOR__SLOTS", "1")
        .set("EXECUTOR__WAIT_TIMEOUT_MS", "300")
        .set("SERVER__SSE_AFTER_MS", "50")
        .start()
        .await;
    let caller = node.as_user("admin");
    let params = json!({ "name": "trouble_block", "arguments": { "ms": 20_000 } });
    let blocked = caller.send("tools/call", params).await;
    assert!(blocked.is_stream(), "it runs, and takes long");
    let params = json!({ "name": "trouble_steps", "arguments": {} });
    let refused = caller.send("tools/call", params).await;
    assert!(refused.header("retry-after").is_some());
    Shown::answer(refused).await
}
