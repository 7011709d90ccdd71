//! What an application gets from the authorization server.

use serde_json::{Value, json};

use super::{Provoker, Shown, compare};
use crate::harness::{OAuthClient, OneNode, REDIRECT_URI, Reply, form_of, web};
use crate::oauth::Deployment;
use crate::oauth::machines::machine;

pub(super) const PROVOKERS: &[Provoker<Deployment>] = &[
    Provoker {
        row: "oauth.client",
        provoke: |deployment| {
            Box::pin(async move {
                let mut client = deployment.client().await;
                client.id.push('x');
                Shown::oauth(client.redeem("tg_ac_anything").await).await
            })
        },
    },
    Provoker {
        row: "oauth.grant",
        provoke: |deployment| {
            Box::pin(async move {
                let mut client = deployment.client().await;
                Shown::oauth(client.redeem("tg_ac_anything").await).await
            })
        },
    },
    Provoker {
        row: "oauth.request",
        provoke: |deployment| Box::pin(token(deployment, &[("grant_type", "authorization_code")])),
    },
    Provoker {
        row: "oauth.grant-type",
        provoke: |deployment| Box::pin(token(deployment, &[("grant_type", "password")])),
    },
    Provoker {
        row: "oauth.unauthorized-client",
        provoke: |deployment| Box::pin(token(deployment, &[("grant_type", "client_credentials")])),
    },
    Provoker {
        row: "oauth.scope",
        provoke: |deployment| Box::pin(unknown_scope(deployment)),
    },
    Provoker {
        row: "oauth.target",
        provoke: |deployment| {
            Box::pin(refresh(
                deployment,
                ("resource", "https://other.example/mcp"),
            ))
        },
    },
    Provoker {
        row: "oauth.redirect-uri",
        provoke: |deployment| {
            Box::pin(register(
                deployment,
                json!({ "redirect_uris": ["http://evil.example/"] }),
            ))
        },
    },
    Provoker {
        row: "oauth.metadata",
        provoke: |deployment| Box::pin(register(deployment, json!({ "redirect_uris": "nothing" }))),
    },
    Provoker {
        row: "oauth.page-client",
        provoke: |deployment| Box::pin(page(deployment, ("client_id", "nobody"))),
    },
    Provoker {
        row: "oauth.page-redirect-uri",
        provoke: |deployment| Box::pin(page(deployment, ("redirect_uri", "https://evil.example/"))),
    },
    Provoker {
        row: "oauth.response-type",
        provoke: |deployment| {
            Box::pin(async move {
                let client = deployment.client().await;
                let path = client.authorization(&[("response_type", "token")]);
                Shown::redirect(&deployment.browser().open(&path).await)
            })
        },
    },
    Provoker {
        row: "oauth.login-required",
        provoke: |deployment| {
            Box::pin(async move {
                let client = deployment.client().await;
                let path = client.authorization(&[("prompt", "none")]);
                Shown::redirect(&deployment.browser().open(&path).await)
            })
        },
    },
    Provoker {
        row: "oauth.denied",
        provoke: |deployment| Box::pin(denied(deployment)),
    },
    Provoker {
        row: "oauth.pending",
        provoke: |deployment| Box::pin(pending(deployment)),
    },
    Provoker {
        row: "oauth.too-many",
        provoke: |_| Box::pin(too_many()),
    },
];

#[tokio::test]
async fn errors_of_the_authorization_server_are_as_documented() {
    // Each row registers a client of its own.
    let node = OneNode::builder()
        .own_tokens()
        .set("OAUTH__LIMITS__REGISTRATION__PER_MINUTE", "6000")
        .set("OAUTH__LIMITS__REGISTRATION__BURST", "100")
        .start()
        .await;
    let deployment = Deployment::of_node(&node).await;
    compare(PROVOKERS, &deployment).await;
}

async fn token(deployment: &Deployment, fields: &[(&str, &str)]) -> Shown {
    Shown::oauth(deployment.client().await.token(fields).await).await
}

/// Connects, and asks for another token with one parameter more.
async fn refresh(deployment: &Deployment, parameter: (&str, &str)) -> Shown {
    let mut client = deployment.client().await;
    let tokens = client
        .connect(&mut deployment.browser(), "ada", &[], &[])
        .await;
    let refresh = tokens.refresh.unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
        parameter,
    ];
    Shown::oauth(client.token(&fields).await).await
}

/// A machine that names no scope of this server.
async fn unknown_scope(deployment: &Deployment) -> Shown {
    let (id, secret) = machine(deployment).await;
    let form = form_of([
        ("grant_type", "client_credentials"),
        ("scope", "reports:read"),
    ]);
    let request = web()
        .post(format!("{}/oauth/token", deployment.issuer))
        .basic_auth(id, Some(secret))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    Shown::oauth(Reply(request.send().await.unwrap())).await
}

async fn post_json(deployment: &Deployment, metadata: &Value) -> Reply {
    let url = format!("{}/oauth/register", deployment.issuer);
    Reply(web().post(url).json(metadata).send().await.unwrap())
}

async fn register(deployment: &Deployment, mut metadata: Value) -> Shown {
    metadata["client_name"] = json!("Client of the tests");
    metadata["token_endpoint_auth_method"] = json!("none");
    Shown::oauth(post_json(deployment, &metadata).await).await
}

async fn page(deployment: &Deployment, parameter: (&str, &str)) -> Shown {
    let client = deployment.client().await;
    let path = client.authorization(&[parameter]);
    Shown::page(&deployment.browser().open(&path).await)
}

async fn denied(deployment: &Deployment) -> Shown {
    let client = deployment.client().await;
    let mut browser = deployment.browser();
    let page = browser.open(&client.authorization(&[])).await;
    let page = browser.sign_in(&page, "ada").await;
    Shown::redirect(&browser.submit(&page, &[("decision", "deny")]).await)
}

/// A device whose person has not been asked yet.
async fn pending(deployment: &Deployment) -> Shown {
    let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    let metadata = json!({
        "client_name": "Device of the tests",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": [grant_type],
        "response_types": [],
        "token_endpoint_auth_method": "none",
    });
    let registered = post_json(deployment, &metadata).await.json().await;
    let id = registered["client_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{registered}"));
    let nodes = vec![deployment.issuer.clone()];
    let mut device = OAuthClient::known(&deployment.issuer, nodes, id);
    let begun = device
        .post("/oauth/device_authorization", &[("scope", "mcp:read")])
        .await;
    let begun = begun.json().await;
    let code = begun["device_code"]
        .as_str()
        .unwrap_or_else(|| panic!("{begun}"));
    let fields = [("grant_type", grant_type), ("device_code", code)];
    Shown::oauth(device.token(&fields).await).await
}

async fn too_many() -> Shown {
    let node = OneNode::builder()
        .own_tokens()
        .set("OAUTH__LIMITS__TOKEN__PER_MINUTE", "1")
        .set("OAUTH__LIMITS__TOKEN__BURST", "1")
        .start()
        .await;
    let url = format!("{}/oauth/token", node.url());
    let ask = || async {
        let request = web()
            .post(&url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form_of([
                ("grant_type", "refresh_token"),
                ("client_id", "nobody"),
            ]));
        Reply(request.send().await.unwrap())
    };
    ask().await;
    let refused = ask().await;
    assert!(refused.header("retry-after").is_some());
    Shown::oauth(refused).await
}
