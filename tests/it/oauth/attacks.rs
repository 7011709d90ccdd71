//! What strangers try.

use reqwest::StatusCode;
use serde_json::json;

use super::{Deployment, one_node};
use crate::harness::{PASSWORD, REDIRECT_URI, Reply, eventually, form_of, tokens, web};

async fn post(url: &str, kind: &str, body: impl Into<reqwest::Body>) -> Reply {
    let request = web().post(url).header("Content-Type", kind).body(body);
    Reply(request.send().await.unwrap())
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_was_not_registered() {
    let (_node, deployment) = one_node().await;
    let client = deployment.client().await;
    for elsewhere in [
        "https://evil.example/callback",
        "http://127.0.0.1:3118/callback/../evil",
        "http://127.0.0.1:3118/other",
        "http://127.0.0.1@evil.example:3118/callback",
        "http://localhost.evil.example:3118/callback",
        "javascript://127.0.0.1/%0aalert(1)",
        "//evil.example",
    ] {
        let mut browser = deployment.browser();
        let page = browser
            .open(&client.authorization(&[("redirect_uri", elsewhere)]))
            .await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{elsewhere}");
        assert_eq!(None, page.leaves_to, "{elsewhere}");
    }
    let unknown = [
        ("client_id", "no-such-client"),
        ("redirect_uri", "https://evil.example/"),
    ];
    let page = deployment
        .browser()
        .open(&client.authorization(&unknown))
        .await;
    assert_eq!(
        (StatusCode::BAD_REQUEST, None),
        (page.status, page.leaves_to)
    );
}

#[tokio::test]
async fn a_link_that_cannot_be_answered_leads_to_no_site_by_itself() {
    let (node, deployment) = one_node().await;
    let site = "https://phish.example/%3Cb%3E?page=1&x='y'";
    let metadata = json!({
        "client_name": "Tidegate Security", "redirect_uris": [site], "token_endpoint_auth_method": "none",
    });
    let url = format!("{}/oauth/register", node.url());
    let reply = post(&url, "application/json", metadata.to_string()).await;
    let registered = reply.json().await;
    let client = deployment.client().await;
    let request = [
        ("client_id", registered["client_id"].as_str().unwrap()),
        ("redirect_uri", site),
        ("response_type", "token"),
    ];
    let page = deployment
        .browser()
        .open(&client.authorization(&request))
        .await;
    assert_eq!(StatusCode::BAD_REQUEST, page.status, "{}", page.html);
    assert_eq!(None, page.leaves_to);
    assert!(
        page.html.contains("phish.example sent you here"),
        "{}",
        page.html
    );
    assert!(page.html.contains("href=\"https://phish.example/%3Cb%3E?page=1&#38;x=&#39;y&#39;&#38;error=unsupported_response_type"), "{}", page.html);
}

#[tokio::test]
async fn a_loopback_client_may_take_any_port() {
    let (_node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let mut browser = deployment.browser();
    let moved = "http://127.0.0.1:50999/callback";
    let page = browser
        .open(&client.authorization(&[("redirect_uri", moved)]))
        .await;
    let page = browser.sign_in(&page, "ada").await;
    let page = browser.submit(&page, &[("decision", "allow")]).await;
    assert!(page.leaves_to.unwrap().as_str().starts_with(moved), "C24");
    let wrong = client.redeem("tg_ac_anything").await;
    assert_eq!(StatusCode::BAD_REQUEST, wrong.status());
}

#[tokio::test]
async fn the_sign_in_page_sends_nobody_to_another_site() {
    let (_node, deployment) = one_node().await;
    for elsewhere in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let mut browser = deployment.browser();
        let page = browser
            .open(&format!("/sign-in?{}", form_of([("return_to", elsewhere)])))
            .await;
        let page = browser
            .submit(
                &page,
                &[("username", "ada"), ("password", crate::harness::PASSWORD)],
            )
            .await;
        assert_eq!(None, page.leaves_to, "{elsewhere}");
        assert!(
            page.path.starts_with("/settings"),
            "{elsewhere}: {}",
            page.path
        );
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_its_second_use_ends_what_it_gave() {
    let (node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let code = client.ask(&mut deployment.browser(), "ada", &[], &[]).await;
    let given = tokens(client.redeem(&code).await).await;
    let again = client.redeem(&code).await;
    assert_eq!(StatusCode::BAD_REQUEST, again.status());
    assert_eq!("invalid_grant", again.json().await["error"]);
    let caller = node.anyone().bearer(&given.access);
    eventually("the first use's token is refused", async || {
        let status = caller.send("tools/list", json!({})).await.status();
        (status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    assert_eq!(
        StatusCode::BAD_REQUEST,
        client.refresh(&given.refresh.unwrap()).await.status()
    );
}

#[tokio::test]
async fn a_code_is_of_no_use_to_another_client_or_verifier() {
    let (_node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let mut thief = deployment.client().await;
    let fields = |code: &str, verifier: &str| {
        [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("code_verifier", verifier.to_owned()),
        ]
    };
    let verifier = "another-verifier-that-is-long-enough-0123456789abc";
    let code = client.ask(&mut deployment.browser(), "ada", &[], &[]).await;
    let sent = fields(&code, verifier);
    let sent: Vec<(&str, &str)> = sent
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(
        "invalid_grant",
        client.token(&sent).await.json().await["error"]
    );
    thief.id.push('x');
    assert_eq!(StatusCode::UNAUTHORIZED, thief.redeem(&code).await.status());
}

#[tokio::test]
async fn many_parallel_refreshes_end_at_one_successor() {
    let (_node, deployment) = one_node().await;
    let mut client = deployment.client().await;
    let first = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let refresh = first.refresh.unwrap();
    let mut running = Vec::new();
    for _ in 0..5 {
        let (issuer, nodes) = (deployment.issuer.clone(), deployment.nodes.clone());
        let (id, refresh) = (client.id.clone(), refresh.clone());
        running.push(tokio::spawn(async move {
            let mut client = crate::harness::OAuthClient::known(&issuer, nodes, &id);
            tokens(client.refresh(&refresh).await)
                .await
                .refresh
                .unwrap()
        }));
    }
    let mut successors = Vec::new();
    for one in running {
        successors.push(one.await.unwrap());
    }
    successors.dedup();
    assert_eq!(1, successors.len(), "C1, C2");
    tokens(client.refresh(&successors[0]).await).await;
}

#[tokio::test]
async fn malformed_requests_to_the_token_endpoint_are_refused_in_its_words() {
    let (node, deployment) = one_node().await;
    let url = format!("{}/oauth/token", node.url());
    let client = deployment.client().await;
    let cases = [
        (
            "application/json",
            r#"{"grant_type":"refresh_token"}"#.to_owned(),
            400,
            "invalid_request",
        ),
        (
            FORM,
            format!(
                "grant_type=refresh_token&grant_type=authorization_code&client_id={}",
                client.id
            ),
            400,
            "invalid_request",
        ),
        (
            FORM,
            format!("grant_type=password&client_id={}", client.id),
            400,
            "unsupported_grant_type",
        ),
        (
            FORM,
            "grant_type=authorization_code".to_owned(),
            401,
            "invalid_client",
        ),
        (
            FORM,
            "grant_type=refresh_token&client_id=nobody&refresh_token=x".to_owned(),
            401,
            "invalid_client",
        ),
        (
            FORM,
            format!("x={}", "x".repeat(30_000)),
            400,
            "invalid_request",
        ),
        (FORM, "grant_type=%ff%fe".to_owned(), 400, "invalid_request"),
        (FORM, String::new(), 401, "invalid_client"),
    ];
    for (kind, body, status, error) in cases {
        let named: String = body.chars().take(60).collect();
        let reply = post(&url, kind, body).await;
        let (found, no_store) = (
            reply.status().as_u16(),
            reply.header("cache-control").map(str::to_owned),
        );
        let answer = reply.json().await;
        assert_eq!(
            (status, error),
            (found, answer["error"].as_str().unwrap()),
            "{named}: {answer}"
        );
        assert_eq!(Some("no-store".to_owned()), no_store);
    }
}

#[tokio::test]
async fn malformed_registrations_are_refused_in_their_words() {
    let (node, _) = one_node().await;
    let url = format!("{}/oauth/register", node.url());
    let json = "application/json";
    for (kind, body, error) in [
        (FORM, "client_name=x".to_owned(), "invalid_request"),
        (json, "{".to_owned(), "invalid_client_metadata"),
        (json, "[]".to_owned(), "invalid_client_metadata"),
        (
            json,
            r#"{"redirect_uris":["javascript:alert(1)"]}"#.to_owned(),
            "invalid_redirect_uri",
        ),
        (
            json,
            format!(r#"{{"client_name":"{}"}}"#, "x".repeat(70_000)),
            "invalid_request",
        ),
    ] {
        let reply = post(&url, kind, body).await;
        assert_eq!(StatusCode::BAD_REQUEST, reply.status());
        assert_eq!(error, reply.json().await["error"]);
    }
}

#[tokio::test]
async fn registrations_of_one_address_are_limited() {
    let (node, _) = one_node().await;
    let url = format!("{}/oauth/register", node.url());
    let mut limited = None;
    for number in 0..40 {
        let body =
            json!({ "client_name": format!("flood {number}"), "redirect_uris": [REDIRECT_URI] });
        let request = web()
            .post(&url)
            // Not from a trusted proxy, so it is nobody else's address.
            .header("X-Forwarded-For", format!("203.0.113.{number}"))
            .json(&body);
        let reply = Reply(request.send().await.unwrap());
        if reply.status() == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(reply);
            break;
        }
        assert_eq!(StatusCode::CREATED, reply.status());
    }
    let limited = limited.expect("a flood is stopped");
    assert!(limited.header("retry-after").is_some());
    assert_eq!("too_many_requests", limited.json().await["error"]);
}

#[tokio::test]
async fn a_token_of_one_workspace_opens_no_other() {
    let node = crate::harness::OneNode::builder()
        .workspace("demo", "")
        .workspace("rival", "")
        .own_tokens()
        .start()
        .await;
    let deployment = Deployment::of_node(&node).await;
    deployment
        .control
        .join(&deployment.ada, "rival", tidegate_types::Role::Admin, None)
        .await;
    let mut client = deployment.client().await;
    let resource = format!("{}/w/demo/mcp", deployment.issuer);
    let tokens = client
        .connect(
            &mut deployment.browser(),
            "ada",
            &[("resource", &resource)],
            &[],
        )
        .await;
    let caller = node.anyone().bearer(&tokens.access);
    let status = |caller: crate::harness::Caller| async move {
        caller.send("tools/list", json!({})).await.status()
    };
    assert_eq!(
        StatusCode::OK,
        status(caller.clone().workspace("demo")).await
    );
    assert_eq!(
        StatusCode::OK,
        status(caller.clone()).await,
        "the token names its workspace"
    );
    assert_eq!(
        StatusCode::UNAUTHORIZED,
        status(caller.workspace("rival")).await
    );
}

#[tokio::test]
async fn signing_in_as_somebody_else_ends_the_browser_session_before() {
    let (_node, deployment) = one_node().await;
    let mut browser = deployment.browser();
    let page = browser.open("/sign-in").await;
    browser.sign_in(&page, "ada").await;
    let mut copy = browser.clone();
    assert_eq!("/settings/apps", copy.open("/settings/apps").await.path);
    let page = browser.open("/sign-in?again=yes").await;
    browser.sign_in(&page, "vera").await;
    let page = copy.open("/settings/apps").await;
    assert!(page.path.starts_with("/sign-in"), "{}", page.path);
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_whatever_host_it_claims_was_meant() {
    let (_node, deployment) = one_node().await;
    let url = format!("{}/sign-in", deployment.issuer);
    let page = reqwest::get(&url).await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let html = page.text().await.unwrap();
    let (_, rest) = html.split_once("name=\"csrf\" value=\"").unwrap();
    let csrf = rest.split('"').next().unwrap();
    let send = |origin: String| {
        let form = [("username", "ada"), ("password", PASSWORD), ("csrf", csrf)];
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .post(&url)
            .header("Content-Type", FORM)
            .header("Cookie", &cookie)
            .header("Origin", origin)
            .header("X-Forwarded-Host", "evil.example")
            .body(form_of(form))
            .send()
    };
    let own = send(deployment.issuer.clone()).await.unwrap();
    assert_eq!(StatusCode::SEE_OTHER, own.status());
    let foreign = send("https://evil.example".to_owned()).await.unwrap();
    assert_eq!(StatusCode::FORBIDDEN, foreign.status());
}
