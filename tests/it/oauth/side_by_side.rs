//! Tokens of several issuers on one node.

use reqwest::StatusCode;
use serde_json::json;
use tidegate_types::Role;

use super::{Deployment, one_node};
use crate::harness::{OneNode, result_text};

#[tokio::test]
async fn tokens_of_another_issuer_go_on_beside_our_own() {
    let node = OneNode::builder().with_manager().start().await;
    let deployment = Deployment::of_node(&node).await;
    let external = node.as_user("admin").send("tools/list", json!({})).await;
    assert_eq!(StatusCode::OK, external.status());
    let mut client = deployment.client().await;
    let tokens = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let own = node
        .anyone()
        .bearer(&tokens.access)
        .send("tools/list", json!({}))
        .await;
    assert_eq!(StatusCode::OK, own.status());
}

#[tokio::test]
async fn a_static_token_works_and_says_that_it_should_not_be_used() {
    let node = OneNode::builder()
        .own_tokens()
        .set(
            "AUTH__STATIC_TOKENS__OLD__TOKEN",
            "a token of an older set-up",
        )
        .set("AUTH__STATIC_TOKENS__OLD__USER", "admin")
        .start()
        .await;
    let caller = node.anyone().bearer("a token of an older set-up");
    let answer = caller.call("health_check", json!({})).await;
    let notice = answer["result"]["_meta"]["dev.tidegate/notice"].as_str();
    assert!(notice.unwrap().contains("deprecated"), "{answer}");
    let other = node
        .anyone()
        .bearer("a token of an older set-ux")
        .send("tools/list", json!({}))
        .await;
    assert_eq!(StatusCode::UNAUTHORIZED, other.status());
}

#[tokio::test]
async fn a_call_beyond_the_token_is_told_all_that_it_needs() {
    let (node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let little = [("scope", "mcp:read")];
    let first = client
        .connect(&mut deployment.browser(), "ada", &little, &little)
        .await;
    let caller = node.anyone().bearer(&first.access);
    let call = json!({ "name": "execute_sql", "arguments": { "request": { "database_id": 1, "sql": "SELECT 1" } } });
    let refused = caller.send("tools/call", call.clone()).await;
    assert_eq!(StatusCode::FORBIDDEN, refused.status());
    let challenge = refused.header("www-authenticate").unwrap();
    for part in [
        "error=\"insufficient_scope\"".to_owned(),
        "scope=\"mcp:read mcp:query\"".to_owned(),
        format!(
            "resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"",
            deployment.issuer
        ),
    ] {
        assert!(challenge.contains(&part), "{challenge}");
    }
    let more = [("scope", "mcp:read mcp:query")];
    let second = client
        .connect(
            &mut deployment.browser(),
            "ada",
            &more,
            &[("scope", "mcp:query")],
        )
        .await;
    let answer = node
        .anyone()
        .bearer(&second.access)
        .ask("tools/call", call)
        .await;
    assert!(result_text(&answer).contains('1'), "{answer}");
}

#[tokio::test]
async fn a_member_of_an_embedded_workspace_acts_with_the_rights_of_their_role() {
    let (node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let tokens = client
        .connect(
            &mut deployment.browser(),
            "vera",
            &[("scope", "mcp:read")],
            &[],
        )
        .await;
    let caller = node.anyone().bearer(&tokens.access);
    let answer = caller.call("get_instance_info", json!({})).await;
    assert!(answer["result"]["content"].is_array(), "{answer}");
    let roles = |name: &str| -> Vec<String> {
        let metastore = node.metastore("demo");
        let mut rows = metastore
            .prepare(
                "SELECT r.name FROM ab_role r JOIN ab_user_role ur ON ur.role_id = r.id \
                 JOIN ab_user u ON u.id = ur.user_id WHERE u.username = ? ORDER BY r.name",
            )
            .unwrap();
        let rows = rows.query_map([name], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(["Gamma", "Sample readers"].as_slice(), roles("vera"));
    let account = deployment
        .control
        .call(tidegate_control_plane::account::FindAccount {
            key: tidegate_control_plane::account::AccountKey::Username("vera".into()),
        })
        .await
        .unwrap();
    deployment
        .control
        .join(&account, "demo", Role::Admin, None)
        .await;
    crate::harness::eventually("vera's user becomes an administrator's", async || {
        caller.send("tools/list", json!({})).await;
        (roles("vera") == ["Admin"]).then_some(())
    })
    .await;
}
