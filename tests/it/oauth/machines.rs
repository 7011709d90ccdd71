//! Programs without a person in front of them.

use reqwest::StatusCode;
use serde_json::json;
use tidegate_control_plane::account::CreateServiceAccount;
use tidegate_control_plane::api_token::{CreateApiToken, EndApiToken};
use tidegate_control_plane::client::{Client, ClientKind, CreateClient};
use tidegate_oauth_types::{
    ClientMetadata, GrantType, IssuedSecret, SecretKind, TokenEndpointAuthMethod,
};
use tidegate_types::{ExposeSecret, Role, Scope, ScopeSet};

use super::{Deployment, one_node};
use crate::harness::{OneNode, Reply, eventually, form_of, result_text, tokens, web};

/// A machine client that acts as a service account of its own; its id and secret.
pub(crate) async fn machine(deployment: &Deployment) -> (String, String) {
    let account = deployment
        .control
        .call(CreateServiceAccount {
            username: "nightly".into(),
            display_name: "Nightly export".into(),
            workspace: "demo".parse().unwrap(),
            role: Role::Analyst,
            superset_username: None,
            made_by: None,
        })
        .await;
    let secret = IssuedSecret::draw(SecretKind::ClientSecret);
    let metadata = ClientMetadata {
        client_name: "Nightly export".into(),
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::ClientCredentials],
        token_endpoint_auth_method: TokenEndpointAuthMethod::ClientSecretBasic,
        application_type: None,
        client_uri: None,
        jwks: None,
        jwks_uri: None,
        scope: None,
        software_id: None,
        software_version: None,
    };
    let client = deployment
        .control
        .call(CreateClient {
            client: Client {
                id: "nightly-export".parse().unwrap(),
                kind: ClientKind::Machine,
                metadata,
                owner: Some(deployment.ada.id.clone()),
                acts_as: Some(account.id),
                workspace: Some("demo".parse().unwrap()),
                scopes: ScopeSet::from(Scope::Query).expanded(),
                is_verified: false,
                has_secret: false,
                created_at: 0,
                last_used_at: None,
            },
            secret: Some(secret.hash),
            registration_token: None,
        })
        .await;
    (
        client.id.to_string(),
        secret.text.expose_secret().to_owned(),
    )
}

async fn post(node: &OneNode, path: &str, basic: Option<(&str, &str)>, form: String) -> Reply {
    let mut request = web()
        .post(format!("{}{path}", node.url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    if let Some((id, secret)) = basic {
        request = request.basic_auth(id, Some(secret));
    }
    Reply(request.send().await.unwrap())
}

#[tokio::test]
async fn a_machine_gets_a_token_by_its_secret_and_no_refresh_token() {
    let (node, deployment) = one_node().await;
    let (id, secret) = machine(&deployment).await;
    let resource = format!("{}/w/demo/mcp", deployment.issuer);
    let form = form_of([
        ("grant_type", "client_credentials"),
        ("resource", &resource),
    ]);
    let reply = post(&node, "/oauth/token", Some((&id, &secret)), form).await;
    let tokens = tokens(reply).await;
    assert_eq!(None, tokens.refresh);
    assert_eq!("mcp:read mcp:query", tokens.scope);
    let caller = node.anyone().workspace("demo").bearer(&tokens.access);
    let answer = caller.call("list_datasets", json!({ "request": {} })).await;
    assert!(answer["result"]["content"].is_array(), "{answer}");
}

#[tokio::test]
async fn a_machine_with_a_wrong_secret_is_told_how_it_tried() {
    let (node, deployment) = one_node().await;
    let (id, secret) = machine(&deployment).await;
    let wrong = IssuedSecret::draw(SecretKind::ClientSecret);
    let wrong = wrong.text.expose_secret();
    let grant = ("grant_type", "client_credentials");
    let basic = post(&node, "/oauth/token", Some((&id, wrong)), form_of([grant])).await;
    assert_eq!(StatusCode::UNAUTHORIZED, basic.status());
    let challenge = basic.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Basic realm="), "{challenge}");
    assert_eq!("invalid_client", basic.json().await["error"]);
    let form = form_of([grant, ("client_id", &id), ("client_secret", wrong)]);
    let posted = post(&node, "/oauth/token", None, form).await;
    assert_eq!(StatusCode::UNAUTHORIZED, posted.status());
    assert_eq!(None, posted.header("www-authenticate"));
    let form = form_of([grant, ("client_id", &id), ("client_secret", &secret)]);
    let twice = post(&node, "/oauth/token", Some((&id, &secret)), form).await;
    assert_eq!(
        StatusCode::BAD_REQUEST,
        twice.status(),
        "RFC 6749 §2.3: one method"
    );
}

async fn api_token(deployment: &Deployment, workspace: Option<&str>) -> (String, String) {
    api_token_with(deployment, workspace, Scope::Query).await
}

async fn api_token_with(
    deployment: &Deployment,
    workspace: Option<&str>,
    scope: Scope,
) -> (String, String) {
    let secret = IssuedSecret::draw(SecretKind::ApiToken);
    let text = secret.text.expose_secret().to_owned();
    let token = deployment
        .control
        .call(CreateApiToken {
            account: deployment.ada.id.clone(),
            name: "laptop".into(),
            scopes: ScopeSet::from(scope).expanded(),
            workspace: workspace.map(|slug| slug.parse().unwrap()),
            secret: secret.hash,
            hint: text[text.len() - 4..].to_owned(),
            expires_at: None,
        })
        .await;
    (token.id.to_string(), text)
}

#[tokio::test]
async fn an_api_token_is_a_bearer_token_until_it_ends() {
    let (node, deployment) = one_node().await;
    let (id, secret) = api_token(&deployment, None).await;
    let caller = node.anyone().bearer(&secret);
    let answer = caller.call("get_instance_info", json!({})).await;
    assert!(result_text(&answer).contains("dashboard"), "{answer}");
    let end = EndApiToken {
        id: id.parse().unwrap(),
        account: None,
    };
    deployment.control.call(end).await;
    eventually("the token is refused", async || {
        let status = caller.send("tools/list", json!({})).await.status();
        (status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_tool_that_an_api_token_does_not_reach_is_a_result_that_says_which_scope_is_missing() {
    let (node, deployment) = one_node().await;
    let (_, secret) = api_token_with(&deployment, None, Scope::Read).await;
    let caller = node.anyone().bearer(&secret);
    let session = caller.open_session().await;
    let params =
        json!({ "name": "execute_sql", "arguments": { "database_id": 1, "sql": "SELECT 1" } });
    let indirect = json!({ "name": "call_tool", "arguments": params });
    for reply in [
        caller.send("tools/call", params.clone()).await,
        caller.send("tools/call", indirect).await,
        session.send("tools/call", params).await,
    ] {
        assert_eq!(StatusCode::OK, reply.status());
        assert_eq!(None, reply.header("www-authenticate"));
        let answer = reply.answer().await;
        assert_eq!(json!(true), answer["result"]["isError"], "{answer}");
        assert_eq!(
            "Tool \"execute_sql\" needs the scope mcp:query, which the token does not have; it has mcp:read. The \
             person who made it can make another one.",
            result_text(&answer)
        );
    }
}

#[tokio::test]
async fn a_limit_that_an_api_token_meets_is_a_result_that_says_when_to_try_again() {
    let node = OneNode::builder()
        .own_tokens()
        .set("LIMITS__TOOL__PER_MINUTE", "1")
        .set("LIMITS__TOOL__BURST", "1")
        .start()
        .await;
    let deployment = Deployment::of_node(&node).await;
    let (_, secret) = api_token(&deployment, None).await;
    let caller = node.anyone().bearer(&secret);
    let session = caller.open_session().await;
    let params = json!({ "name": "health_check", "arguments": {} });
    let first = caller
        .send("tools/call", params.clone())
        .await
        .answer()
        .await;
    assert_ne!(json!(true), first["result"]["isError"], "{first}");
    for reply in [
        caller.send("tools/call", params.clone()).await,
        session.send("tools/call", params).await,
    ] {
        assert_eq!(StatusCode::OK, reply.status());
        let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        let answer = reply.answer().await;
        assert_eq!(json!(true), answer["result"]["isError"], "{answer}");
        let told = format!("Too many calls for this tool; try again in {seconds} seconds.");
        assert_eq!(told, result_text(&answer));
    }
}

#[tokio::test]
async fn a_name_and_a_secret_become_a_token_that_a_header_points_at_a_workspace() {
    let node = OneNode::builder()
        .workspace("demo", "")
        .workspace("rival", "")
        .own_tokens()
        .start()
        .await;
    let deployment = Deployment::of_node(&node).await;
    let (name, secret) = api_token(&deployment, None).await;
    let exchange = |name: String, secret: String| {
        let request = web()
            .post(format!("{}/v1/auth/", node.url()))
            .json(&json!({ "name": name, "secret": secret }));
        async move { Reply(request.send().await.unwrap()) }
    };
    let reply = exchange(name.clone(), secret.clone()).await;
    assert_eq!(StatusCode::OK, reply.status());
    assert_eq!(Some("no-store"), reply.header("cache-control"));
    let body = reply.json().await;
    let token = body["payload"]["access_token"].as_str().unwrap();
    let ask = |workspace: &'static str| {
        let caller = node.anyone().bearer(token);
        let body = caller.body(&json!(1), "tools/list", json!({}));
        let request = caller.request(&body).header("X-Workspace-Id", workspace);
        async move { request.send().await.unwrap().status() }
    };
    assert_eq!(StatusCode::OK, ask("demo").await);
    assert_eq!(
        StatusCode::FORBIDDEN,
        ask("rival").await,
        "ada is no member there"
    );
    assert_eq!(
        StatusCode::FORBIDDEN,
        ask("nowhere").await,
        "in the same words"
    );
    let unnamed = node
        .anyone()
        .bearer(token)
        .send("tools/list", json!({}))
        .await;
    assert_eq!(StatusCode::BAD_REQUEST, unnamed.status());
    let wrong = IssuedSecret::draw(SecretKind::ApiToken).text;
    for (name, secret) in [
        (name.clone(), wrong.expose_secret().to_owned()),
        ("0192aaaa-0000-7000-8000-000000000000".to_owned(), secret),
        (name, String::new()),
    ] {
        let reply = exchange(name, secret).await;
        assert_eq!(StatusCode::UNAUTHORIZED, reply.status());
        assert_eq!("invalid_grant", reply.json().await["error"]);
    }
}

#[tokio::test]
async fn a_token_for_one_workspace_names_it_by_itself() {
    let node = OneNode::builder()
        .workspace("demo", "")
        .workspace("rival", "")
        .own_tokens()
        .start()
        .await;
    let deployment = Deployment::of_node(&node).await;
    let (_, secret) = api_token(&deployment, Some("demo")).await;
    let caller = node.anyone().bearer(&secret);
    assert_eq!(
        StatusCode::OK,
        caller.send("tools/list", json!({})).await.status()
    );
    let other = caller
        .workspace("rival")
        .send("tools/list", json!({}))
        .await;
    assert_eq!(StatusCode::UNAUTHORIZED, other.status());
}
