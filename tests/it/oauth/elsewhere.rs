//! Signing in at another issuer: real ones, and what a client does that knows nothing but the URL (MCP 2025-11-25,
//! Authorization).

mod client;
mod glewlwyd;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_testkit::oidc::{Browser, OidcProvider};
use tidegate_testkit::ports::free_port;

use crate::harness::{OneNode, OneNodeBuilder, Reply, result_text};
use client::{Newcomer, REDIRECT_URI};

/// A node at a port, with two workspaces, that takes the tokens of an issuer.
fn node_of(issuer: &str, key_set: &str, port: u16) -> OneNodeBuilder {
    let base = format!("http://127.0.0.1:{port}");
    OneNode::builder()
        .workspace("acme", "")
        .workspace("rival", "")
        .unset("AUTH__JWT__SECRET")
        .set("SERVER__PORT", &port.to_string())
        .set("AUTH__JWT__ALGORITHM", "any")
        .set("AUTH__JWT__ISSUER", issuer)
        .set("AUTH__JWT__JWKS_URI", key_set)
        .set(
            "AUTH__JWT__AUDIENCE",
            &format!("{base}/mcp,{base}/w/acme/mcp"),
        )
        .set("AUTH__JWT__USER_CLAIM", "preferred_username,email")
        .set("AUTH__JWT__REQUIRED_SCOPES", "mcp:read")
}

async fn provider_and_node() -> (OidcProvider, OneNode) {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let provider = OidcProvider::start(json!({
        "accounts": {
            "7d0a1c3e": { "preferred_username": "viewer", "email": "viewer@acme.test", "email_verified": true },
            "0193a1b2": { "preferred_username": "nobody-there", "email": "x@acme.test", "email_verified": true },
        },
        "registration": true,
        "resources": [format!("{base}/mcp"), format!("{base}/w/acme/mcp"), "https://elsewhere.test/mcp"],
    }));
    let issuer = provider.issuer();
    let node = node_of(&issuer, &format!("{issuer}/jwks"), port);
    let node = node.start().await;
    (provider, node)
}

/// Signs in as somebody, and gives what the issuer gives.
async fn sign_in(newcomer: &Newcomer, who: &str) -> Value {
    let url = newcomer.authorization_url();
    let back = Browser::new().pass(&url, Some(who)).await;
    assert!(back.as_str().starts_with(REDIRECT_URI), "{back}");
    newcomer.redeem(&newcomer.code_of(&back)).await
}

async fn list_dashboards(node: &OneNode, workspace: &str, token: &str) -> Reply {
    let caller = node.anyone().workspace(workspace).bearer(token);
    caller
        .send(
            "tools/call",
            json!({ "name": "list_dashboards", "arguments": {} }),
        )
        .await
}

#[tokio::test]
async fn a_client_that_knows_the_url_alone_signs_in_at_the_issuer() {
    let (provider, node) = provider_and_node().await;
    let url = format!("{}/w/acme/mcp", node.url());
    let newcomer = Newcomer::discover(&url).await;
    assert_eq!(provider.issuer(), newcomer.issuer());
    let newcomer = newcomer.register("none").await;
    let tokens = sign_in(&newcomer, "7d0a1c3e").await;
    let access = tokens["access_token"].as_str().unwrap();
    let reply = list_dashboards(&node, "acme", access).await;
    assert_eq!(StatusCode::OK, reply.status());
    let list: Value = serde_json::from_str(result_text(&reply.json().await)).unwrap();
    assert_eq!(
        2, list["total_count"],
        "it is the viewer, by preferred_username"
    );
    // The ID token of the same sign-in is the client's, and no access token.
    let asked_again = newcomer.with_scope("openid mcp:read");
    let tokens = sign_in(&asked_again, "7d0a1c3e").await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let refused = list_dashboards(&node, "acme", id_token).await;
    assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
}

#[tokio::test]
async fn a_token_for_another_resource_or_of_an_unknown_person_is_refused() {
    let (_provider, node) = provider_and_node().await;
    let url = format!("{}/w/acme/mcp", node.url());
    let newcomer = Newcomer::discover(&url).await.register("none").await;
    let elsewhere = newcomer.with_resource("https://elsewhere.test/mcp");
    let tokens = sign_in(&elsewhere, "7d0a1c3e").await;
    let token = tokens["access_token"].as_str().unwrap();
    let refused = list_dashboards(&node, "acme", token).await;
    assert_eq!(StatusCode::UNAUTHORIZED, refused.status());
    let tokens = sign_in(&newcomer, "0193a1b2").await;
    let token = tokens["access_token"].as_str().unwrap();
    let refused = list_dashboards(&node, "acme", token).await;
    assert_eq!(StatusCode::FORBIDDEN, refused.status());
    assert!(!refused.text().await.contains("nobody-there"));
}
