//! `/manager/v1/`: for nodes that show a service token, and for nobody else.

use reqwest::StatusCode;
use serde_json::json;
use tidegate_control_plane::workspace::{CreateWorkspace, UpdateWorkspace, WorkspaceConnection};
use tidegate_types::Role;

use super::one_node;
use crate::harness::{OneNode, Reply, SERVICE_TOKEN, eventually, result_text, web};

async fn ask(node: &OneNode, operation: &str, token: Option<&str>, body: &str) -> Reply {
    let mut request = web()
        .post(format!("{}/manager/v1/{operation}", node.url()))
        .body(body.to_owned());
    if let Some(token) = token {
        request = request.header("Authorization", token);
    }
    Reply(request.send().await.unwrap())
}

#[tokio::test]
async fn only_a_service_token_opens_the_manager() {
    let (node, deployment) = one_node().await;
    let good = format!("Bearer {SERVICE_TOKEN}");
    let told = ask(&node, "workspace.list", Some(&good), "{}").await;
    assert_eq!(StatusCode::OK, told.status());
    assert_eq!(Some("no-store"), told.header("cache-control"));
    assert_eq!("demo", told.json().await[0]["slug"]);
    let mut client = deployment.client().await;
    let tokens = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let wrong = [
        None,
        Some(SERVICE_TOKEN.to_owned()),
        Some(format!("Basic {SERVICE_TOKEN}")),
        Some("Bearer ".to_owned()),
        Some(format!("Bearer {SERVICE_TOKEN}x")),
        Some(format!("Bearer {}", tokens.access)),
    ];
    for token in wrong {
        let refused = ask(&node, "workspace.list", token.as_deref(), "{}").await;
        assert_eq!(StatusCode::UNAUTHORIZED, refused.status(), "{token:?}");
        assert!(refused.text().await.is_empty());
    }
    let unknown = ask(&node, "workspace.drop", Some(&good), "{}").await;
    assert_eq!(StatusCode::NOT_FOUND, unknown.status());
    let malformed = ask(&node, "workspace.find", Some(&good), "{}").await;
    assert_eq!(StatusCode::BAD_REQUEST, malformed.status());
}

#[tokio::test]
async fn without_service_tokens_the_manager_is_not_there() {
    let alone = OneNode::builder()
        .own_tokens()
        .unset("MANAGER__SERVICE_TOKENS")
        .start()
        .await;
    let external = OneNode::start().await;
    for node in [&alone, &external] {
        for token in [None, Some("Bearer "), Some("Bearer x")] {
            let reply = ask(node, "workspace.list", token, "{}").await;
            assert_eq!(StatusCode::NOT_FOUND, reply.status());
        }
    }
}

#[tokio::test]
async fn a_workspace_that_only_the_manager_knows_is_served() {
    let (node, deployment) = one_node().await;
    deployment
        .control
        .call(CreateWorkspace {
            slug: "fresh".parse().unwrap(),
            title: "Fresh".into(),
            region: String::new(),
            hosts: vec!["fresh.example.com".into()],
            public_url: None,
            connection: WorkspaceConnection {
                metastore: "embedded".into(),
                secret_key: None,
                superset_url: None,
            },
        })
        .await;
    deployment
        .control
        .join(&deployment.ada, "fresh", Role::Admin, None)
        .await;
    let resource = format!("{}/w/fresh/mcp", deployment.issuer);
    let mut client = deployment.client().await;
    let tokens = client
        .connect(
            &mut deployment.browser(),
            "ada",
            &[("resource", &resource)],
            &[],
        )
        .await;
    let caller = node.anyone().workspace("fresh").bearer(&tokens.access);
    let answer = caller.call("get_instance_info", json!({})).await;
    assert!(result_text(&answer).contains("dashboard"), "{answer}");
    // Its host is served as soon as this node has read of it.
    eventually("the host is known", async || {
        let request = web()
            .get(format!(
                "{}/.well-known/oauth-protected-resource",
                node.url()
            ))
            .header("Host", "fresh.example.com");
        let reply = Reply(request.send().await.unwrap());
        (reply.status() == StatusCode::OK).then_some(())
    })
    .await;
    deployment
        .control
        .call(UpdateWorkspace {
            slug: "fresh".parse().unwrap(),
            title: None,
            hosts: None,
            is_hibernated: Some(true),
        })
        .await;
    eventually("it sleeps", async || {
        let reply = caller.send("tools/list", json!({})).await;
        (reply.status() == StatusCode::FORBIDDEN).then_some(())
    })
    .await;
}
