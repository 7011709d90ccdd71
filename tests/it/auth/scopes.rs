//! What a token may be used for, besides what its user may do.

use serde_json::json;

use super::bearer::{claims, ping};
use crate::harness::{Caller, OneNode, token_of};

fn caller(node: &OneNode, scope: &str) -> Caller {
    node.anyone()
        .bearer(token_of(&claims(json!({ "scope": scope }))))
}

async fn tools(caller: &Caller) -> Vec<String> {
    let answer = caller.ask("tools/list", json!({})).await;
    answer["result"]["tools"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer}"))
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_token_without_the_required_scopes_is_403_and_told_which() {
    let node = OneNode::builder()
        .set("AUTH__JWT__REQUIRED_SCOPES", "superset,mcp:read")
        .start()
        .await;
    for (claim, value, status) in [
        ("scope", json!("superset mcp:read"), 200),
        ("scope", json!("other  superset mcp:read"), 200),
        ("scp", json!(["superset", "mcp:read"]), 200),
        ("scopes", json!(["mcp:read", "superset"]), 200),
        ("scope", json!("superset"), 403),
        ("scope", json!("superset mcp:write"), 403),
        ("scope", json!("supersets mcp:reading"), 403),
        ("roles", json!("superset mcp:read"), 403),
    ] {
        let reply = ping(&node, &token_of(&claims(json!({ claim: value })))).await;
        assert_eq!(status, reply.status().as_u16(), "{claim} {value}");
        if status == 403 {
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(
                challenge.contains(r#"error="insufficient_scope""#),
                "{challenge}"
            );
            assert!(
                challenge.contains(r#"scope="superset mcp:read""#),
                "{challenge}"
            );
        }
    }
}

#[tokio::test]
async fn a_tool_beyond_the_scope_is_not_listed_and_its_call_is_403_before_any_stream() {
    let node = OneNode::builder()
        .set("SERVER__SSE_AFTER_MS", "0")
        .start()
        .await;
    let reads = caller(&node, "mcp:read");
    assert!(!tools(&reads).await.contains(&"execute_sql".to_owned()));
    let arguments = json!({ "database_id": 1, "sql": "SELECT 1 AS one" });
    let params = json!({ "name": "execute_sql", "arguments": arguments });
    let session = reads.open_session().await;
    for reply in [
        reads.send("tools/call", params.clone()).await,
        session.send("tools/call", params.clone()).await,
        // The way round by `call_tool` is no other.
        reads
            .send(
                "tools/call",
                json!({ "name": "call_tool", "arguments": params }),
            )
            .await,
    ] {
        assert_eq!(403, reply.status().as_u16());
        assert!(!reply.is_stream());
        let challenge = reply.header("www-authenticate").unwrap().to_owned();
        assert!(
            challenge.contains(r#"error="insufficient_scope""#),
            "{challenge}"
        );
        assert!(
            challenge.contains(r#"scope="mcp:read mcp:query""#),
            "{challenge}"
        );
        let body = reply.json().await;
        assert!(
            body["error"]["message"]
                .as_str()
                .unwrap()
                .contains("mcp:query"),
            "{body}"
        );
    }
    // Each scope includes those before it.
    for scope in ["mcp:query", "mcp:write", "mcp:admin", "openid mcp:query"] {
        let caller = caller(&node, scope);
        assert!(
            tools(&caller).await.contains(&"execute_sql".to_owned()),
            "{scope}"
        );
        let answer = caller.call("execute_sql", arguments.clone()).await;
        assert_ne!(true, answer["result"]["isError"], "{scope}: {answer}");
    }
}

#[tokio::test]
async fn a_token_of_an_issuer_that_knows_no_mcp_scopes_gets_all_unless_that_is_forbidden() {
    let open = OneNode::start().await;
    let strict = OneNode::builder()
        .set("AUTH__JWT__REQUIRE_MCP_SCOPES", "true")
        .start()
        .await;
    for scope in ["", "openid profile"] {
        assert!(
            tools(&caller(&open, scope))
                .await
                .contains(&"execute_sql".to_owned())
        );
        assert_eq!(
            Vec::<String>::new(),
            tools(&caller(&strict, scope)).await,
            "{scope:?}"
        );
        let reply = caller(&strict, scope)
            .send("tools/call", json!({ "name": "health_check" }))
            .await;
        assert_eq!(403, reply.status().as_u16(), "{scope:?}");
    }
    // An unknown scope of ours gives nothing.
    assert_eq!(
        Vec::<String>::new(),
        tools(&caller(&open, "mcp:everything")).await
    );
}
