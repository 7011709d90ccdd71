//! Feature flags that keep applications out: whoever is kept out hears which one, wherever they come to.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_control_plane::flag::{ClearFlag, FlagRule, SetFlag};

use super::members::{api_token, diagnosed, signed_in};
use super::one_node;
use crate::harness::{OneNode, Reply, eventually, web};

const SERVICE: &str = "MCP_SERVICE_ENABLED";
const OAUTH: &str = "MCP_OAUTH_ENABLED";

fn everywhere(flag: &str, is_on: bool) -> SetFlag {
    SetFlag {
        flag: flag.to_owned(),
        rule: FlagRule::Everywhere(is_on),
    }
}

async fn post(node: &OneNode, path: &str, body: &str) -> Reply {
    let content_type = if path == "/oauth/register" || path == "/v1/auth/" {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    let request = web()
        .post(format!("{}{path}", node.url()))
        .header("Content-Type", content_type)
        .header("Origin", "https://app.example")
        .body(body.to_owned());
    Reply(request.send().await.unwrap())
}

#[tokio::test]
async fn a_new_app_hears_that_it_is_switched_off_and_by_which_flag() {
    let metadata = json!({ "redirect_uris": ["http://127.0.0.1/cb"] }).to_string();
    for flag in [SERVICE, OAUTH] {
        let node = OneNode::builder()
            .own_tokens()
            .set(&format!("FLAGS__{flag}"), "false")
            .start()
            .await;
        // Where the app is to go is there to be found: otherwise it guesses, and reports what it missed.
        for path in [
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-protected-resource/mcp",
        ] {
            let url = format!("{}{path}", node.url());
            let reply = web().get(url).send().await.unwrap();
            assert_eq!(StatusCode::OK, reply.status(), "{path}");
        }
        for (path, body, status) in [
            ("/oauth/register", metadata.as_str(), 403),
            ("/oauth/register", "", 403),
            ("/oauth/token", "grant_type=authorization_code", 400),
            ("/oauth/token", "", 400),
            ("/oauth/device_authorization", "client_id=x", 403),
            ("/oauth/revoke", "token=x", 403),
            ("/oauth/introspect", "token=x", 403),
            ("/v1/auth/", "{}", 403),
        ] {
            let reply = post(&node, path, body).await;
            assert_eq!(status, reply.status().as_u16(), "{path}");
            assert_eq!(Some("*"), reply.header("access-control-allow-origin"));
            let told = reply.json().await;
            assert_eq!("access_denied", told["error"], "{path}: {told}");
            let words = told["error_description"].as_str().unwrap();
            assert!(
                words.contains("switched off") && words.contains(flag),
                "{path}: {words}"
            );
        }
        let url = format!("{}/mcp", node.url());
        let reply = web().post(url).header("Content-Type", "application/json");
        let reply = Reply(reply.body("{}").send().await.unwrap());
        assert_eq!(StatusCode::UNAUTHORIZED, reply.status());
        assert!(reply.header("www-authenticate").is_some());
        let told = reply.json().await.to_string();
        assert!(
            told.contains("switched off") && told.contains(flag),
            "{told}"
        );
        // The person whom an app sends here reads it as well.
        let url = format!(
            "{}/oauth/authorize?client_id=x&response_type=code",
            node.url()
        );
        let page = web().get(url).send().await.unwrap();
        assert_eq!(StatusCode::FORBIDDEN, page.status());
        let page = page.text().await.unwrap();
        assert!(
            page.contains("switched off") && page.contains(flag),
            "{page}"
        );
    }
}

#[tokio::test]
async fn the_diagnosis_says_which_flag_keeps_whom_out() {
    let (node, deployment) = one_node().await;
    let control = &deployment.control;
    let ada = api_token(&deployment, &deployment.ada).await;
    let features = async || diagnosed(&node, &ada, "Features").await.unwrap();
    assert_eq!("passes", features().await["verdict"]);
    let shown = async |words: &str| {
        eventually("the diagnosis follows", async || {
            let check = features().await;
            let text = check["text"].as_str().unwrap();
            text.contains(words).then(|| check["verdict"].clone())
        })
        .await
    };
    let clear = |flag: &str| ClearFlag {
        flag: flag.to_owned(),
        workspace: None,
    };
    control.call(everywhere(SERVICE, false)).await;
    assert_eq!(Value::from("refuses"), shown(SERVICE).await);
    let mut browser = signed_in(&deployment, "ada").await;
    let page = browser.open("/diagnosis").await;
    assert!(page.html.contains(SERVICE), "{}", page.html);

    control.call(clear(SERVICE)).await;
    control.call(everywhere(OAUTH, false)).await;
    // API tokens go on.
    assert_eq!(Value::from("notice"), shown(OAUTH).await);
    control.call(clear(OAUTH)).await;
    assert_eq!(Value::from("passes"), shown("switched on").await);
}

#[tokio::test]
async fn a_flag_of_a_workspace_is_told_to_its_members_alone() {
    let (node, deployment) = one_node().await;
    let control = &deployment.control;
    let flag = "MCP_OAUTH_WORKSPACE_ENABLED";
    let rule = FlagRule::In {
        workspace: "demo".parse().unwrap(),
        is_on: false,
    };
    let set = SetFlag {
        flag: flag.to_owned(),
        rule,
    };
    control.call(set).await;
    let ada = signed_in(&deployment, "ada").await;
    eventually("a member is told", async || {
        let page = ada.clone().open("/diagnosis").await;
        page.html.contains(flag).then_some(())
    })
    .await;
    let mut noah = signed_in(&deployment, "noah").await;
    let page = noah.open("/diagnosis").await;
    assert!(!page.html.contains(flag), "{}", page.html);
    let url = format!("{}/w/demo/mcp", node.url());
    let asked = [("url", url.as_str()), ("token", "")];
    let page = noah.submit(&page, &asked).await;
    assert!(!page.html.contains(flag), "{}", page.html);
}
