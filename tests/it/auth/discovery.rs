//! How clients find another issuer (RFC 9728), since its tokens are what they need.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::bearer::claims;
use crate::harness::{OneNode, OneNodeBuilder, Reply, token_of, web};

const ISSUER: &str = "https://id.example.com/realms/acme";

fn with_issuer() -> OneNodeBuilder {
    OneNode::builder()
        .workspace("acme", "")
        .workspace("rival", "")
        .set("WORKSPACES__ACME__HOSTS", "acme.example.com")
        .set("SERVER__PUBLIC_URL", "https://mcp.example.com")
        .set("AUTH__JWT__ISSUER", ISSUER)
}

async fn get(node: &OneNode, host: &str, path: &str) -> Reply {
    let request = web()
        .get(format!("{}{path}", node.url()))
        .header("Host", host)
        .header("Origin", "https://app.example");
    Reply(request.send().await.unwrap())
}

/// `WWW-Authenticate` of a request without a token.
async fn challenge(node: &OneNode, host: &str, path: &str, bearer: Option<&str>) -> String {
    let mut request = web()
        .request(Method::POST, format!("{}{path}", node.url()))
        .header("Host", host)
        .header("Content-Type", "application/json");
    if let Some(bearer) = bearer {
        request = request.header("Authorization", format!("Bearer {bearer}"));
    }
    let reply = Reply(request.body("{}").send().await.unwrap());
    assert_eq!(StatusCode::UNAUTHORIZED, reply.status());
    reply.header("www-authenticate").unwrap().to_owned()
}

const PUBLIC: &str = "mcp.example.com";
const ACME: &str = "acme.example.com";

#[tokio::test]
async fn the_metadata_of_every_resource_name_the_issuer() {
    let node = with_issuer().start().await;
    for (host, path, resource, name) in [
        (
            PUBLIC,
            "/.well-known/oauth-protected-resource",
            "https://mcp.example.com/mcp",
            "Tidegate",
        ),
        (
            PUBLIC,
            "/.well-known/oauth-protected-resource/mcp",
            "https://mcp.example.com/mcp",
            "Tidegate",
        ),
        (
            PUBLIC,
            "/mcp/.well-known/oauth-protected-resource",
            "https://mcp.example.com/mcp",
            "Tidegate",
        ),
        (
            PUBLIC,
            "/.well-known/oauth-protected-resource/w/rival/mcp",
            "https://mcp.example.com/w/rival/mcp",
            "Tidegate, workspace rival",
        ),
        (
            PUBLIC,
            "/w/rival/mcp/.well-known/oauth-protected-resource",
            "https://mcp.example.com/w/rival/mcp",
            "Tidegate, workspace rival",
        ),
        (
            ACME,
            "/.well-known/oauth-protected-resource/mcp",
            "https://acme.example.com/mcp",
            "Tidegate, workspace acme",
        ),
    ] {
        let reply = get(&node, host, path).await;
        assert_eq!(StatusCode::OK, reply.status(), "{host}{path}");
        assert_eq!(Some("*"), reply.header("access-control-allow-origin"));
        assert_eq!(
            json!({
                "resource": resource,
                "authorization_servers": [ISSUER],
                "bearer_methods_supported": ["header"],
                "resource_name": name,
            }),
            reply.json().await,
            "{host}{path}"
        );
    }
    // Whether a workspace exists is nobody's to learn here.
    let none = get(
        &node,
        PUBLIC,
        "/.well-known/oauth-protected-resource/w/none/mcp",
    )
    .await;
    assert_eq!(StatusCode::OK, none.status());
    for path in [
        "/.well-known/oauth-protected-resource/w/Not_A_Slug/mcp",
        "/.well-known/oauth-protected-resource/other",
        // These are the issuer's.
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
    ] {
        assert_eq!(
            StatusCode::NOT_FOUND,
            get(&node, PUBLIC, path).await.status(),
            "{path}"
        );
    }
    let evil = get(
        &node,
        "evil.example",
        "/.well-known/oauth-protected-resource",
    )
    .await;
    assert_eq!(StatusCode::FORBIDDEN, evil.status());
}

#[tokio::test]
async fn a_challenge_leads_to_the_metadata_and_asks_for_no_scope_that_the_issuer_may_not_know() {
    let node = with_issuer().start().await;
    let bad = token_of(&claims(json!({ "iss": "https://other.example" })));
    for (host, path, metadata) in [
        (
            PUBLIC,
            "/mcp",
            "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
        ),
        (
            PUBLIC,
            "/w/rival/mcp",
            "https://mcp.example.com/.well-known/oauth-protected-resource/w/rival/mcp",
        ),
        (
            ACME,
            "/mcp",
            "https://acme.example.com/.well-known/oauth-protected-resource/mcp",
        ),
    ] {
        assert_eq!(
            format!("Bearer realm=\"tidegate\", resource_metadata=\"{metadata}\""),
            challenge(&node, host, path, None).await
        );
        assert_eq!(
            format!(
                "Bearer realm=\"tidegate\", error=\"invalid_token\", resource_metadata=\"{metadata}\""
            ),
            challenge(&node, host, path, Some(&bad)).await
        );
    }
}

#[tokio::test]
async fn scopes_of_the_issuer_are_those_that_the_operator_names() {
    let node = with_issuer()
        .set("AUTH__JWT__REQUIRED_SCOPES", "mcp:read")
        .set("AUTH__JWT__SCOPES_SUPPORTED", "openid,api://tidegate/mcp")
        .start()
        .await;
    let reply = get(&node, PUBLIC, "/.well-known/oauth-protected-resource/mcp").await;
    assert_eq!(
        json!(["openid", "api://tidegate/mcp", "mcp:read"]),
        reply.json().await["scopes_supported"]
    );
    let challenge = challenge(&node, PUBLIC, "/mcp", None).await;
    assert!(challenge.contains(", scope=\"mcp:read\", "), "{challenge}");
}

#[tokio::test]
async fn beside_our_own_sign_in_both_are_named() {
    let node = OneNode::builder()
        .with_manager()
        .set("AUTH__JWT__ISSUER", ISSUER)
        .start()
        .await;
    let own = node.url();
    let get = async || -> Value {
        let url = format!("{own}/.well-known/oauth-protected-resource/mcp");
        Reply(web().get(url).send().await.unwrap()).json().await
    };
    assert_eq!(json!([own, ISSUER]), get().await["authorization_servers"]);
    let off = OneNode::builder()
        .with_manager()
        .set("AUTH__JWT__ISSUER", ISSUER)
        .set("FLAGS__MCP_OAUTH_ENABLED", "false")
        .start()
        .await;
    let url = format!("{}/.well-known/oauth-protected-resource/mcp", off.url());
    let document = Reply(web().get(url).send().await.unwrap()).json().await;
    assert_eq!(json!([ISSUER]), document["authorization_servers"]);
}

#[tokio::test]
async fn without_an_issuer_there_is_nothing_to_find() {
    let node = OneNode::start().await;
    let url = format!("{}/.well-known/oauth-protected-resource/mcp", node.url());
    let reply = web().get(url).send().await.unwrap();
    assert_eq!(StatusCode::NOT_FOUND, reply.status());
    let reply = web()
        .post(format!("{}/mcp", node.url()))
        .send()
        .await
        .unwrap();
    let challenge = reply.headers()["www-authenticate"].to_str().unwrap();
    assert_eq!("Bearer realm=\"tidegate\", scope=\"mcp:read\"", challenge);
}
