//! A person connects a client: registration, sign-in, consent, code, token, calls, refresh, revocation.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Deployment, one_node, three_nodes};
use crate::harness::{
    Caller, LEFT_OUT, Node, PASSWORD, REDIRECT_URI, SERVICE_TOKEN, result_text, tokens,
};

async fn may_call(caller: &Caller) -> bool {
    let reply = caller.send("tools/list", json!({})).await;
    match reply.status() {
        StatusCode::OK => true,
        StatusCode::UNAUTHORIZED => false,
        other => panic!("{other}: {}", reply.text().await),
    }
}

/// Everything from registration to revocation, each step by the next node; gives every secret that was used.
async fn whole_life(deployment: &Deployment, nodes: &[&Node]) -> Vec<String> {
    let mut client = deployment.client().await;
    let mut browser = deployment.browser();
    let mut secrets = vec![PASSWORD.to_owned(), SERVICE_TOKEN.to_owned()];
    let code = client.ask(&mut browser, "ada", &[], &[]).await;
    secrets.extend(browser.secrets());
    secrets.push(code.clone());
    let first = tokens(client.redeem(&code).await).await;
    assert_eq!("mcp:read mcp:query", first.scope);
    let refresh = first.refresh.clone().unwrap();
    secrets.extend([first.access.clone(), refresh.clone()]);
    for node in nodes {
        let caller = node.anyone().bearer(&first.access);
        let answer = caller.call("get_instance_info", json!({})).await;
        assert!(result_text(&answer).contains("dashboard"), "{answer}");
    }
    let second = tokens(client.refresh(&refresh).await).await;
    assert_eq!(first.scope, second.scope, "an absent scope is the grant's");
    let refresh = second.refresh.clone().unwrap();
    secrets.extend([second.access.clone(), refresh.clone()]);
    assert!(may_call(&nodes[0].anyone().bearer(&second.access)).await);
    let revoked = client.post("/oauth/revoke", &[("token", &refresh)]).await;
    assert_eq!(StatusCode::OK, revoked.status());
    let dead = client.refresh(&refresh).await;
    assert_eq!(
        StatusCode::BAD_REQUEST,
        dead.status(),
        "C10: not 401, not 500"
    );
    assert_eq!("invalid_grant", dead.json().await["error"]);
    secrets
}

fn no_secret_is_logged(nodes: &[&Node], secrets: &[String]) {
    for node in nodes {
        let log = node.log();
        for secret in secrets {
            // The body of a JWT is not secret; its signature is what makes it one.
            let telling = secret.rsplit('.').next().unwrap();
            assert!(
                !log.contains(telling),
                "a secret is in the log of {}",
                node.address()
            );
        }
    }
}

#[tokio::test]
async fn a_person_connects_a_client_to_one_node() {
    let (node, deployment) = one_node().await;
    let secrets = whole_life(&deployment, &[&node]).await;
    no_secret_is_logged(&[&node], &secrets);
}

#[tokio::test]
async fn three_nodes_without_stickiness_are_one_authorization_server() {
    let (cluster, deployment) = three_nodes().await;
    let nodes: Vec<&Node> = cluster.nodes().iter().collect();
    let secrets = whole_life(&deployment, &nodes).await;
    no_secret_is_logged(&nodes, &secrets);
}

#[tokio::test]
async fn a_client_that_asks_for_nothing_gets_what_is_usual() {
    let (node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let nothing = [("scope", ""), ("resource", "")];
    let tokens = client
        .connect(&mut deployment.browser(), "ada", &nothing, &[])
        .await;
    assert_eq!("mcp:read mcp:query", tokens.scope);
    assert!(
        tokens.refresh.is_some(),
        "C12: whether or not it asked for offline_access"
    );
    assert!(may_call(&node.anyone().bearer(&tokens.access)).await);
}

#[tokio::test]
async fn scopes_that_are_unknown_or_beyond_the_role_are_left_out() {
    let (_node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let much = [(
        "scope",
        "openid offline_access mcp:read mcp:write mcp:admin",
    )];
    let tokens = client
        .connect(
            &mut deployment.browser(),
            "vera",
            &much,
            &[("scope", "mcp:read")],
        )
        .await;
    assert_eq!("mcp:read", tokens.scope, "a viewer reads");
}

#[tokio::test]
async fn a_person_chooses_less_than_is_asked() {
    let (_node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let less = [("scope", "mcp:read"), ("offline", LEFT_OUT)];
    let tokens = client
        .connect(&mut deployment.browser(), "ada", &[], &less)
        .await;
    assert_eq!(("mcp:read", None), (tokens.scope.as_str(), tokens.refresh));
}

#[tokio::test]
async fn a_person_who_says_no_sends_the_client_away() {
    let (_node, deployment) = one_node().await;
    let client = deployment.client().await;
    let mut browser = deployment.browser();
    let page = browser.open(&client.authorization(&[])).await;
    let page = browser.sign_in(&page, "ada").await;
    let denied = browser.submit(&page, &[("decision", "deny")]).await;
    let to = denied.leaves_to.unwrap();
    assert!(to.as_str().starts_with(REDIRECT_URI), "{to}");
    let parameters: Value = to
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!("access_denied", parameters["error"]);
    assert_eq!(deployment.issuer, parameters["iss"]);
    assert_eq!("a state of the client", parameters["state"]);
}

#[tokio::test]
async fn a_consent_that_is_sent_twice_goes_to_the_same_place() {
    let (_node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let mut browser = deployment.browser();
    let page = browser.open(&client.authorization(&[])).await;
    let page = browser.sign_in(&page, "ada").await;
    let again = browser.open(&page.path).await;
    let first = browser.submit(&page, &[("decision", "allow")]).await;
    let second = browser.submit(&again, &[("decision", "allow")]).await;
    assert_eq!(first.leaves_to, second.leaves_to, "C39");
    let code = client.code_of(&second);
    tokens(client.redeem(&code).await).await;
}

#[tokio::test]
async fn who_is_a_member_of_nothing_cannot_agree() {
    let (_node, deployment) = one_node().await;
    let client = deployment.client().await;
    let mut browser = deployment.browser();
    let page = browser.open(&client.authorization(&[])).await;
    let page = browser.sign_in(&page, "noah").await;
    assert!(!page.html.contains("value=\"allow\""), "{}", page.html);
}

#[tokio::test]
async fn an_old_session_goes_on_under_a_new_token() {
    let (node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let first = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let session = node.anyone().bearer(&first.access).open_session().await;
    let second = tokens(client.refresh(&first.refresh.unwrap()).await).await;
    let session = session.held_by(&node.anyone().bearer(&second.access));
    let answer = session.ask("tools/list", json!({})).await;
    assert!(answer["result"]["tools"].is_array(), "C11: {answer}");
}

#[tokio::test]
async fn the_first_administrator_changes_the_password_and_connects() {
    let (node, deployment) = one_node().await;
    let log = node.log();
    let told = log
        .lines()
        .find_map(|line| line.strip_prefix("administrator admin "))
        .unwrap();
    let client = deployment.client().await;
    let mut browser = deployment.browser();
    let page = browser.open(&client.authorization(&[])).await;
    let page = browser
        .submit(&page, &[("username", "admin"), ("password", told)])
        .await;
    assert!(page.path.starts_with("/password"), "{}", page.path);
    let new = "another password of the tests, as long";
    let page = browser.submit(&page, &[("new", new), ("again", new)]).await;
    assert!(
        page.path.starts_with("/oauth/consent/"),
        "{} {}",
        page.path,
        page.html
    );
    let mut client = client;
    let allowed = browser.submit(&page, &[("decision", "allow")]).await;
    let code = client.code_of(&allowed);
    let tokens = tokens(client.redeem(&code).await).await;
    let answer = node
        .anyone()
        .bearer(&tokens.access)
        .call("health_check", json!({}))
        .await;
    assert!(answer["result"]["content"].is_array(), "{answer}");
}
