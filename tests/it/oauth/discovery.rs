//! Documents that clients begin with, in every form that they try.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::one_node;
use crate::harness::{OneNode, Reply, web};

async fn get(url: String) -> Reply {
    let request = web()
        .get(url)
        .header("Origin", "https://app.example")
        .header("MCP-Protocol-Version", "2025-11-25");
    Reply(request.send().await.unwrap())
}

/// Leaves the node's address out.
fn anonymous(document: &Value, issuer: &str) -> Value {
    serde_json::from_str(&document.to_string().replace(issuer, "ISSUER")).unwrap()
}

#[tokio::test]
async fn the_authorization_server_is_found_by_every_path() {
    let (node, deployment) = one_node().await;
    let mut documents = Vec::new();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/oauth-authorization-server/w/demo/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
    ] {
        let reply = get(format!("{}{path}", node.url())).await;
        assert_eq!(StatusCode::OK, reply.status(), "{path}");
        assert_eq!(Some("application/json"), reply.header("content-type"));
        assert_eq!(Some("*"), reply.header("access-control-allow-origin"));
        assert_eq!(None, reply.header("access-control-allow-credentials"));
        documents.push(reply.json().await);
    }
    assert!(documents.iter().all(|document| *document == documents[0]));
    insta::assert_json_snapshot!(anonymous(&documents[0], &deployment.issuer));
}

#[tokio::test]
async fn a_resource_is_described_by_every_path() {
    let (node, deployment) = one_node().await;
    let base = &deployment.issuer;
    for (path, resource) in [
        ("/.well-known/oauth-protected-resource", "/mcp"),
        ("/.well-known/oauth-protected-resource/mcp", "/mcp"),
        ("/mcp/.well-known/oauth-protected-resource", "/mcp"),
        (
            "/.well-known/oauth-protected-resource/w/demo/mcp",
            "/w/demo/mcp",
        ),
        (
            "/w/demo/mcp/.well-known/oauth-protected-resource",
            "/w/demo/mcp",
        ),
    ] {
        let reply = get(format!("{}{path}", node.url())).await;
        assert_eq!(StatusCode::OK, reply.status(), "{path}");
        assert_eq!(Some("*"), reply.header("access-control-allow-origin"));
        let document = reply.json().await;
        assert_eq!(
            json!(format!("{base}{resource}")),
            document["resource"],
            "{path}"
        );
        assert_eq!(json!([base]), document["authorization_servers"]);
        let scopes = document["scopes_supported"].to_string();
        assert!(!scopes.contains("offline_access"), "{scopes}");
    }
    let reply = get(format!("{base}/.well-known/oauth-protected-resource/mcp")).await;
    insta::assert_json_snapshot!(anonymous(&reply.json().await, base));
}

#[tokio::test]
async fn slashes_that_are_one_too_many_lead_to_the_same_resource_by_the_url_that_was_used() {
    let (node, deployment) = one_node().await;
    let base = &deployment.issuer;
    for path in ["/mcp/", "//mcp", "/w/demo/mcp/", "//w//demo/mcp"] {
        let url = format!("{}{path}", node.url());
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let reply = Reply(web().request(method, &url).send().await.unwrap());
            assert_eq!(StatusCode::UNAUTHORIZED, reply.status(), "{path}");
            let challenge = reply.header("www-authenticate").unwrap().to_owned();
            let (_, metadata) = challenge.split_once("resource_metadata=\"").unwrap();
            let metadata = metadata.trim_end_matches('"');
            let document = get(metadata.to_owned()).await;
            assert_eq!(StatusCode::OK, document.status(), "{metadata}");
            // RFC 9728 §3.3: the very URL that the client uses.
            let document = document.json().await;
            assert_eq!(json!(format!("{base}{path}")), document["resource"]);
            assert_eq!(json!([base]), document["authorization_servers"]);
        }
        let appended = get(format!(
            "{}{path}/.well-known/openid-configuration",
            node.url()
        ))
        .await;
        assert_eq!(StatusCode::OK, appended.status(), "{path}");
    }
}

#[tokio::test]
async fn without_a_public_url_the_metadata_follow_the_name_of_this_machine_that_was_asked_for() {
    let (node, deployment) = one_node().await;
    let port = node.url().rsplit_once(':').unwrap().1.to_owned();
    let issuer = &deployment.issuer;
    for (host, expected) in [
        ("localhost", format!("http://localhost:{port}")),
        ("127.0.0.1", issuer.clone()),
        ("[::1]", format!("http://[::1]:{port}")),
    ] {
        for path in ["/mcp", "/w/demo/mcp", "/mcp/"] {
            let at = |path: &str| {
                let request = web().get(format!("{}{path}", node.url()));
                request.header("Host", format!("{host}:{port}"))
            };
            let reply = Reply(at(path).send().await.unwrap());
            let challenge = reply.header("www-authenticate").unwrap();
            let metadata = format!("{expected}/.well-known/oauth-protected-resource{path}");
            assert!(
                challenge.contains(&format!("\"{metadata}\"")),
                "{challenge}"
            );
            let metadata = format!("/.well-known/oauth-protected-resource{path}");
            let document = Reply(at(&metadata).send().await.unwrap()).json().await;
            assert_eq!(json!(format!("{expected}{path}")), document["resource"]);
            // The issuer has one name, by which its tokens and its pages are known.
            assert_eq!(json!([issuer]), document["authorization_servers"]);
        }
    }
    // A name that is not this machine's is refused, and one with another port is no name of the resource.
    let elsewhere = web()
        .get(format!(
            "{}/.well-known/oauth-protected-resource/mcp",
            node.url()
        ))
        .header("Host", "localhost:1");
    let document = Reply(elsewhere.send().await.unwrap()).json().await;
    assert_eq!(json!(format!("{issuer}/mcp")), document["resource"]);
}

#[tokio::test]
async fn keys_are_public_and_without_a_private_part() {
    let (node, _) = one_node().await;
    let reply = get(format!("{}/.well-known/jwks.json", node.url())).await;
    assert_eq!(StatusCode::OK, reply.status());
    let keys = reply.json().await;
    let key = &keys["keys"][0];
    assert_eq!(
        ("EC", "P-256", "ES256"),
        (
            key["kty"].as_str().unwrap(),
            key["crv"].as_str().unwrap(),
            key["alg"].as_str().unwrap(),
        )
    );
    assert!(key["kid"].is_string() && key.get("d").is_none(), "{key}");
}

#[tokio::test]
async fn what_is_not_known_is_404_in_json() {
    let (node, _) = one_node().await;
    for path in [
        "/.well-known/oauth-authorization-server/x",
        "/.well-known/oauth-protected-resource/w/Not_A_Slug/mcp",
        "/.well-known/change-password",
        "/.well-known/",
    ] {
        let reply = get(format!("{}{path}", node.url())).await;
        assert_eq!(StatusCode::NOT_FOUND, reply.status(), "{path}");
        assert_eq!(Some("application/json"), reply.header("content-type"));
        assert_eq!(json!({ "error": "not_found" }), reply.json().await);
    }
}

#[tokio::test]
async fn a_challenge_leads_to_the_metadata_of_the_resource() {
    let (node, deployment) = one_node().await;
    for path in ["/mcp", "/w/demo/mcp"] {
        let url = format!("{}{path}", node.url());
        let ask = web().post(&url).header("Content-Type", "application/json");
        let reply = Reply(ask.body("{}").send().await.unwrap());
        assert_eq!(StatusCode::UNAUTHORIZED, reply.status());
        let expected = format!(
            "Bearer realm=\"tidegate\", scope=\"mcp:read mcp:query\", \
             resource_metadata=\"{}/.well-known/oauth-protected-resource{path}\"",
            deployment.issuer
        );
        assert_eq!(Some(expected.as_str()), reply.header("www-authenticate"));
        let told = get(format!(
            "{}/.well-known/oauth-protected-resource{path}",
            node.url()
        ))
        .await;
        assert_eq!(
            json!(format!("{}{path}", deployment.issuer)),
            told.json().await["resource"]
        );
    }
    let refused = node
        .anyone()
        .bearer("no token of ours")
        .send("tools/list", json!({}))
        .await;
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[tokio::test]
async fn browsers_of_any_origin_may_ask_before_they_send() {
    let (node, _) = one_node().await;
    for path in [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/oauth/token",
        "/oauth/register",
        "/oauth/revoke",
    ] {
        let request = web()
            .request(Method::OPTIONS, format!("{}{path}", node.url()))
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "mcp-protocol-version");
        let reply = Reply(request.send().await.unwrap());
        assert_eq!(StatusCode::NO_CONTENT, reply.status(), "{path}");
        assert_eq!(
            Some("*"),
            reply.header("access-control-allow-origin"),
            "{path}"
        );
        let allowed = reply.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("MCP-Protocol-Version"), "{allowed}");
    }
}

#[tokio::test]
async fn the_host_header_changes_nothing_of_what_is_published() {
    let node = OneNode::builder()
        .own_tokens()
        .set("SERVER__PUBLIC_URL", "https://mcp.example.com")
        .set("SERVER__ALLOWED_HOSTS", "other.example.com")
        .start()
        .await;
    let published = |host: &'static str, forwarded: &'static str| {
        let request = web()
            .get(format!(
                "{}/.well-known/oauth-authorization-server",
                node.url()
            ))
            .header("Host", host)
            .header("X-Forwarded-Host", forwarded)
            .header("X-Forwarded-Proto", "http")
            .header("Forwarded", "host=evil.example;proto=http");
        async move { Reply(request.send().await.unwrap()) }
    };
    let own = published("mcp.example.com", "mcp.example.com")
        .await
        .json()
        .await;
    assert_eq!("https://mcp.example.com", own["issuer"]);
    let other = published("other.example.com:8080", "evil.example").await;
    assert_eq!(own, other.json().await);
    let evil = published("evil.example", "mcp.example.com").await;
    assert_eq!(StatusCode::FORBIDDEN, evil.status());
    let challenge = web()
        .post(format!("{}/mcp", node.url()))
        .header("Host", "other.example.com")
        .header("X-Forwarded-Host", "evil.example")
        .send()
        .await
        .unwrap();
    let challenge = challenge.headers()["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("\"https://mcp.example.com/.well-known/"),
        "{challenge}"
    );
}

#[tokio::test]
async fn a_workspace_s_own_host_has_metadata_of_its_own() {
    let node = OneNode::builder()
        .own_tokens()
        .set("SERVER__PUBLIC_URL", "https://mcp.example.com")
        .set("WORKSPACES__DEMO__HOSTS", "demo.example.com")
        .start()
        .await;
    let from = |path: &str| {
        let request = web()
            .get(format!("{}{path}", node.url()))
            .header("Host", "demo.example.com");
        async move { Reply(request.send().await.unwrap()).json().await }
    };
    let resource = from("/.well-known/oauth-protected-resource").await;
    assert_eq!("https://demo.example.com/mcp", resource["resource"]);
    assert_eq!(
        json!(["https://mcp.example.com"]),
        resource["authorization_servers"]
    );
    let server = from("/.well-known/oauth-authorization-server").await;
    assert_eq!("https://mcp.example.com", server["issuer"]);
}

#[tokio::test]
async fn without_an_authorization_server_nothing_of_it_is_there() {
    let node = OneNode::start().await;
    for (method, path) in [
        (Method::GET, "/.well-known/oauth-authorization-server"),
        (Method::GET, "/.well-known/oauth-protected-resource/mcp"),
        (Method::GET, "/.well-known/jwks.json"),
        (Method::POST, "/oauth/token"),
        (Method::POST, "/oauth/register"),
        (Method::POST, "/oauth/revoke"),
        (Method::POST, "/oauth/introspect"),
        (Method::POST, "/oauth/device_authorization"),
        (Method::POST, "/v1/auth/"),
    ] {
        let url = format!("{}{path}", node.url());
        let reply = web().request(method, url).send().await.unwrap();
        assert_eq!(StatusCode::NOT_FOUND, reply.status(), "{path}");
    }
}
