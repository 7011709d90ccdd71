//! Members, as whom they act, and who decides about it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tidegate_control_plane::account::{Account, AccountKey, FindAccount, UpdateAccount};
use tidegate_control_plane::api_token::CreateApiToken;
use tidegate_control_plane::audit::{AuditEvent, AuditFilter, ListEvents};
use tidegate_control_plane::workspace::{ListMembers, ListMemberships};
use tidegate_oauth_types::{IssuedSecret, SecretKind};
use tidegate_types::{ExposeSecret, Role, Scope, ScopeSet, WorkspaceSlug};

use super::{Deployment, one_node};
use crate::harness::{Browser, OneNode, Page, eventually, web};

/// A Superset of somebody's, whose users are not made by us, beside the embedded workspace. `admin`, `analyst` and
/// `viewer` are in it, and `gone`, who is switched off.
async fn with_a_superset() -> (OneNode, Deployment) {
    const GONE: &str =
        "INSERT INTO ab_user (id, first_name, last_name, username, password, active, email)
        VALUES (52, 'Somebody', 'Gone', 'gone', '!', 0, 'gone@example.com');";
    let node = OneNode::builder()
        .workspace("demo", "")
        .workspace("acme", GONE)
        .own_tokens()
        .set(
            "WORKSPACES__ACME__METASTORE",
            "sqlite://{folder}/data/acme/metastore.sqlite",
        )
        .start()
        .await;
    let deployment = Deployment::of_node(&node).await;
    (node, deployment)
}

pub(super) async fn api_token(deployment: &Deployment, account: &Account) -> String {
    let secret = IssuedSecret::draw(SecretKind::ApiToken);
    let text = secret.text.expose_secret().to_owned();
    let create = CreateApiToken {
        account: account.id.clone(),
        name: "laptop".into(),
        scopes: ScopeSet::from(Scope::Query).expanded(),
        workspace: None,
        secret: secret.hash,
        hint: text[text.len() - 4..].to_owned(),
        expires_at: None,
    };
    deployment.control.call(create).await;
    text
}

pub(super) async fn administrator(deployment: &Deployment, name: &str) -> Account {
    let account = deployment.control.person(name).await;
    let promote = UpdateAccount {
        id: account.id.clone(),
        email: None,
        display_name: None,
        is_active: None,
        is_administrator: Some(true),
    };
    deployment.control.call(promote).await
}

pub(super) async fn signed_in(deployment: &Deployment, name: &str) -> Browser {
    let mut browser = deployment.browser();
    let page = browser.open("/sign-in").await;
    browser.sign_in(&page, name).await;
    browser
}

async fn events(deployment: &Deployment, action: &str) -> Vec<AuditEvent> {
    let list = ListEvents {
        filter: AuditFilter {
            action: Some(action.to_owned()),
            ..AuditFilter::default()
        },
        limit: 100,
        offset: 0,
    };
    deployment.control.call(list).await
}

/// Status, and the words of the error.
async fn refused(node: &OneNode, token: &str, workspace: &str) -> (StatusCode, String) {
    let caller = node.anyone().bearer(token).workspace(workspace);
    let reply = caller.send("tools/list", json!({})).await;
    let status = reply.status();
    let body = reply.json().await;
    (
        status,
        body["error"]["message"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn a_member_whom_superset_does_not_have_is_told_why_and_nobody_else_is() {
    let (node, deployment) = with_a_superset().await;
    let control = &deployment.control;
    let ada = api_token(&deployment, &deployment.ada).await;
    let to_a_stranger = refused(&node, &ada, "acme").await;
    for (user, in_words) in [(None, "\"ada\""), (Some("gone"), "\"gone\"")] {
        control
            .join(&deployment.ada, "acme", Role::Editor, user)
            .await;
        let words = eventually("the member is known", async || {
            let (status, words) = refused(&node, &ada, "acme").await;
            (status == StatusCode::FORBIDDEN && words.contains(in_words)).then_some(words)
        })
        .await;
        assert!(words.contains("has no active user"), "{words}");
    }
    // A stranger hears what they always heard, of a workspace that is there as of one that is not.
    let noah = FindAccount {
        key: AccountKey::Username("noah".to_owned()),
    };
    let noah = control.call(noah).await.unwrap();
    let noah = api_token(&deployment, &noah).await;
    assert_eq!(to_a_stranger, refused(&node, &noah, "acme").await);

    let reasons = eventually("refusals are in the audit", async || {
        let all = events(&deployment, "mcp.refused").await;
        // The newest come first.
        let oldest = |reason: &str| {
            all.iter()
                .rev()
                .find(|event| event.outcome == reason)
                .cloned()
        };
        Some((oldest("no_superset_user")?, oldest("not_a_member")?))
    })
    .await;
    let (missing, stranger) = reasons;
    assert_eq!(Some(&deployment.ada.id), missing.account.as_ref());
    assert_eq!(
        Some("acme"),
        missing.workspace.as_ref().map(WorkspaceSlug::as_str)
    );
    assert!(missing.detail.unwrap().contains("\"ada\""));
    assert_eq!(
        Some("acme"),
        stranger.workspace.as_ref().map(WorkspaceSlug::as_str)
    );

    // As soon as there is the user, they are in.
    control
        .join(&deployment.ada, "acme", Role::Editor, Some("analyst"))
        .await;
    let caller = node.anyone().bearer(&ada).workspace("acme");
    eventually("ada is in", async || {
        let status = caller.send("tools/list", json!({})).await.status();
        (status == StatusCode::OK).then_some(())
    })
    .await;
}

/// The layer of the diagnosis as a program gets it.
pub(super) async fn diagnosed(node: &OneNode, token: &str, layer: &str) -> Option<Value> {
    let reply = web()
        .get(format!("{}/diagnosis", node.url()))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let body: Value = reply.json().await.unwrap();
    let checks = body["checks"].as_array().unwrap();
    checks.iter().find(|check| check["layer"] == layer).cloned()
}

#[tokio::test]
async fn the_diagnosis_says_whether_there_is_the_superset_user() {
    let (node, deployment) = with_a_superset().await;
    let control = &deployment.control;
    let zoe = control.person("zoe").await;
    for (user, verdict, words) in [
        (None, "refuses", "no such user"),
        (Some("gone"), "refuses", "switched off"),
        (Some("viewer"), "passes", "active"),
    ] {
        control.join(&zoe, "acme", Role::Viewer, user).await;
        let secret = IssuedSecret::draw(SecretKind::ApiToken);
        let text = secret.text.expose_secret().to_owned();
        control
            .call(CreateApiToken {
                account: zoe.id.clone(),
                name: format!("as {user:?}"),
                scopes: ScopeSet::from(Scope::Read),
                workspace: Some("acme".parse().unwrap()),
                secret: secret.hash,
                hint: text[text.len() - 4..].to_owned(),
                expires_at: None,
            })
            .await;
        let check = diagnosed(&node, &text, "Superset user").await.unwrap();
        assert_eq!(verdict, check["verdict"], "{check}");
        assert!(check["text"].as_str().unwrap().contains(words), "{check}");
    }
}

#[tokio::test]
async fn the_cookie_of_a_browser_is_no_token() {
    let (node, deployment) = one_node().await;
    let browser = signed_in(&deployment, "ada").await;
    let session = browser
        .secrets()
        .into_iter()
        .find(|secret| secret.starts_with("tg_bs_"))
        .unwrap();
    let caller = node.anyone().bearer(&session);
    let reply = caller.send("tools/list", json!({})).await;
    assert_eq!(StatusCode::UNAUTHORIZED, reply.status());
    assert!(
        reply
            .header("www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );
    // Nor is it taken as a cookie, where a page of anybody's could send it along.
    let caller = node.anyone();
    let body = caller.body(&json!(1), "tools/list", json!({}));
    let names = ["tidegate-session", "__Host-tidegate-session"];
    let cookies = names.map(|name| format!("{name}={session}")).join("; ");
    let request = caller.request(&body).header("Cookie", cookies);
    assert_eq!(
        StatusCode::UNAUTHORIZED,
        request.send().await.unwrap().status()
    );
}

/// The form with this field of a page at `path`, sent with other values.
async fn send(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(path).await;
    browser.submit(&page, fields).await
}

#[tokio::test]
async fn an_administrator_of_a_workspace_adds_nobody_and_learns_no_names() {
    let (_node, deployment) = with_a_superset().await;
    let control = &deployment.control;
    let eve = control.person("eve").await;
    control
        .join(&eve, "acme", Role::Admin, Some("viewer"))
        .await;
    let mut browser = signed_in(&deployment, "eve").await;
    let page = browser.open("/admin/members?workspace=acme").await;
    assert_eq!(StatusCode::OK, page.status);
    assert!(
        !page.html.contains("name=\"superset_username\""),
        "{}",
        page.html
    );
    // The form that the deployment's administrators have, sent by hand: the same answer for a name that is there.
    let mut answers = Vec::new();
    for name in ["ada", "nobody-of-that-name"] {
        let invite = browser.open("/admin/members?workspace=acme").await;
        let html = invite.html.replace("/admin/invitations", "/admin/members");
        let forged = Page { html, ..invite };
        let fields = [
            ("email", "x@example.org"),
            ("username", name),
            ("role", "admin"),
            ("superset_username", "admin"),
        ];
        let answer = browser.post(&forged, &fields).await;
        answers.push((answer.status, answer.headers.get("location").cloned()));
    }
    assert_eq!(StatusCode::FORBIDDEN, answers[0].0);
    assert_eq!(answers[0], answers[1]);
    let memberships = ListMemberships {
        account: deployment.ada.id.clone(),
    };
    let places = control.call(memberships).await;
    assert!(
        places
            .iter()
            .all(|place| place.workspace.as_str() != "acme")
    );
    // Nor do the pages that narrow by a name tell which there are.
    for path in ["/admin/audit", "/admin/connections"] {
        let of = async |browser: &mut Browser, name: &str| {
            let page = browser
                .open(&format!("{path}?workspace=acme&username={name}"))
                .await;
            (page.status, page.html.replace(name, "NAME"))
        };
        let there = of(&mut browser, "noah").await;
        let not_there = of(&mut browser, "hano").await;
        assert_eq!(there.0, not_there.0, "{path}");
        assert_eq!(
            there.1.contains("no account has"),
            not_there.1.contains("no account has"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_administrator_of_the_deployment_adds_somebody_as_a_user_and_is_warned() {
    let (_node, deployment) = with_a_superset().await;
    let root = administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    for (user, words) in [("analyst", None), ("nobody", Some("refused"))] {
        let fields = [
            ("username", "noah"),
            ("role", "viewer"),
            ("superset_username", user),
        ];
        let page = send(&mut browser, "/admin/members?workspace=acme", &fields).await;
        assert_eq!(StatusCode::OK, page.status, "{}", page.html);
        assert!(page.html.contains(user), "{}", page.html);
        if let Some(words) = words {
            assert!(page.html.contains(words), "{}", page.html);
        }
    }
    let members = ListMembers {
        workspace: "acme".parse().unwrap(),
    };
    let members = deployment.control.call(members).await;
    assert!(members.iter().all(|member| member.account != root.id));
}

#[tokio::test]
async fn whoever_manages_the_deployment_joins_a_workspace_as_a_user_that_is_there() {
    let (_node, deployment) = with_a_superset().await;
    let root = administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    // Their own pages begin with what to do, and the first page leads there.
    let home = browser.open("/settings").await;
    assert_eq!("/settings/account", home.path);
    assert!(home.html.contains("Join a workspace"), "{}", home.html);
    let first = browser.open("/").await;
    assert!(
        first.html.contains("/settings/account#join"),
        "{}",
        first.html
    );
    // So does the page on which they would let a program in.
    let client = deployment.client().await;
    let consent = browser.open(&client.authorization(&[])).await;
    assert!(
        consent.html.contains("/settings/account#join"),
        "{}",
        consent.html
    );
    for (user, words) in [
        ("nobody", "there is no nobody"),
        ("gone", "switched off"),
        ("root", "there is no root"),
    ] {
        let fields = [("superset_username", user), ("workspace", "acme")];
        let page = send(&mut browser, "/settings/account", &fields).await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{user}");
        assert!(page.html.contains(words), "{user}: {}", page.html);
    }
    let fields = [("superset_username", "admin"), ("workspace", "acme")];
    let page = send(&mut browser, "/settings/account", &fields).await;
    assert_eq!(StatusCode::OK, page.status, "{}", page.html);
    let memberships = ListMemberships {
        account: root.id.clone(),
    };
    let places = deployment.control.call(memberships).await;
    let place = places
        .iter()
        .find(|place| place.workspace.as_str() == "acme")
        .unwrap();
    assert_eq!(
        (Role::Admin, "admin"),
        (place.role, place.superset_username.as_str())
    );
    // Nobody else may.
    let mut browser = signed_in(&deployment, "noah").await;
    let page = browser.open("/settings/account").await;
    assert!(!page.html.contains("/settings/account/join"));
    let html = page.html.replace(
        "/settings/account/sign-out-everywhere",
        "/settings/account/join",
    );
    let forged = Page { html, ..page };
    let fields = [
        ("apps", "yes"),
        ("workspace", "acme"),
        ("superset_username", "admin"),
    ];
    let answer = browser.post(&forged, &fields).await;
    assert_eq!(StatusCode::FORBIDDEN, answer.status, "{}", answer.html);
}

#[tokio::test]
async fn a_machine_acts_as_nobody_but_its_maker_unless_the_deployments_administrator_says_so() {
    let (_node, deployment) = with_a_superset().await;
    let control = &deployment.control;
    let eve = control.person("eve").await;
    control
        .join(&eve, "acme", Role::Admin, Some("viewer"))
        .await;
    let machine = async |browser: &mut Browser, name: &str, user: &str| {
        let fields = [
            ("name", name),
            ("workspace", "acme"),
            ("scope", "mcp:read"),
            ("acts_as", "service"),
            ("role", "admin"),
            ("superset_username", user),
            ("proof", "secret"),
        ];
        send(browser, "/settings/machines", &fields).await
    };
    let mut browser = signed_in(&deployment, "eve").await;
    for user in ["admin", "analyst", "gone", "nobody"] {
        let page = machine(&mut browser, "Nightly", user).await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{user}");
        assert!(
            page.html.contains("you may choose your own, viewer"),
            "{}",
            page.html
        );
        assert!(!page.html.contains("tg_cs_"), "{user}");
    }
    // A name that is made up for the machine may be somebody's there.
    for name in ["admin", "Analyst", "nightly"] {
        let page = machine(&mut browser, name, "").await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{name}");
        assert!(!page.html.contains("tg_cs_"), "{name}");
    }
    let page = machine(&mut browser, "Own", "viewer").await;
    assert_eq!(StatusCode::OK, page.status, "{}", page.html);
    assert!(page.html.contains("tg_cs_"));

    administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    let fields = [("superset_username", "admin"), ("workspace", "acme")];
    send(&mut browser, "/settings/account", &fields).await;
    let page = machine(&mut browser, "Report", "nobody").await;
    assert_eq!(StatusCode::BAD_REQUEST, page.status);
    assert!(page.html.contains("would be refused"), "{}", page.html);
    let page = machine(&mut browser, "Report", "analyst").await;
    assert!(page.html.contains("tg_cs_"), "{}", page.html);
}

#[tokio::test]
async fn connections_name_no_client_of_elsewhere() {
    let (_node, deployment) = with_a_superset().await;
    let control = &deployment.control;
    let mut client = deployment.client().await;
    let consent = [("workspace", "demo")];
    client
        .connect(&mut deployment.browser(), "ada", &[], &consent)
        .await;
    let eve = control.person("eve").await;
    control
        .join(&eve, "acme", Role::Admin, Some("viewer"))
        .await;
    let mut browser = signed_in(&deployment, "eve").await;
    let other = format!("/admin/connections?workspace=acme&client={}", client.id);
    let page = browser.open(&other).await;
    assert_eq!(StatusCode::OK, page.status);
    assert!(!page.html.contains("Client of the tests"), "{}", page.html);
    // Where it has to do with the workspace it has its name.
    control.join(&eve, "demo", Role::Admin, None).await;
    let own = format!("/admin/connections?workspace=demo&client={}", client.id);
    let page = browser.open(&own).await;
    assert!(page.html.contains("Client of the tests"), "{}", page.html);
}

#[tokio::test]
async fn a_field_with_a_control_character_is_refused_whichever_page_it_is_of() {
    let (_node, deployment) = with_a_superset().await;
    administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    for (path, field, others) in [
        (
            "/settings/account",
            "superset_username",
            [("workspace", "acme")],
        ),
        (
            "/admin/members?workspace=acme",
            "username",
            [("role", "viewer")],
        ),
        (
            "/admin/members?workspace=acme",
            "email",
            [("role", "viewer")],
        ),
        ("/settings/tokens", "name", [("days", "30")]),
        ("/settings/clients", "name", [("kind", "public")]),
    ] {
        for bad in ["a\0b", "a\u{1b}[2Jb", "a\u{7}b", "a\u{7f}b", "a\u{85}b"] {
            let mut fields = vec![(field, bad)];
            fields.extend(others);
            let page = browser.open(path).await;
            let answer = browser.post(&page, &fields).await;
            assert_eq!(StatusCode::BAD_REQUEST, answer.status, "{path} {bad:?}");
            assert!(answer.html.contains("control character"), "{path} {bad:?}");
        }
    }
}
