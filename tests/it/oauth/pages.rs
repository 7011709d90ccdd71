//! What the pages ask before somebody is shut out, and what they tell whoever is.

use reqwest::StatusCode;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::api_token::{CreateApiToken, ListApiTokens};
use tidegate_control_plane::client::{Client, ClientKind, CreateClient};
use tidegate_control_plane::grant::{CreateGrant, Grant, RefreshRules};
use tidegate_control_plane::invitation::ListInvitations;
use tidegate_control_plane::policy::ListPolicyRules;
use tidegate_control_plane::workspace::{FindMember, RemoveMembership};
use tidegate_oauth_types::{
    ClientMetadata, GrantType, IssuedSecret, SecretKind, TokenEndpointAuthMethod,
};
use tidegate_types::{
    ClientId, Clock as _, ExposeSecret, GrantId, Role, Scope, ScopeSet, SystemClock,
};

use super::members::{administrator, api_token, signed_in};
use super::{Deployment, one_node};
use crate::harness::{Browser, OneNode, Page};

/// Sends a form to `action` that a page at `from` could have had.
async fn sent(browser: &mut Browser, from: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(from).await;
    let (_, csrf) = page.html.split_once("name=\"csrf\" value=\"").unwrap();
    let csrf = csrf.split('"').next().unwrap().to_owned();
    let html = format!("<form action=\"{action}\"><input name=\"csrf\" value=\"{csrf}\"></form>");
    let fields: Vec<_> = [("csrf", csrf.as_str())]
        .into_iter()
        .chain(fields.iter().copied())
        .collect();
    browser.submit(&Page { html, ..page }, &fields).await
}

async fn found(deployment: &Deployment, name: &str) -> Account {
    let key = AccountKey::Username(name.to_owned());
    deployment.control.call(FindAccount { key }).await.unwrap()
}

async fn role_of(deployment: &Deployment, account: &Account) -> Role {
    let find = FindMember {
        workspace: "demo".parse().unwrap(),
        account: account.id.clone(),
    };
    deployment.control.call(find).await.unwrap().role
}

/// Somebody who manages the workspace `demo` and no more.
async fn manager(deployment: &Deployment, name: &str) -> (Account, Browser) {
    let account = deployment.control.person(name).await;
    let control = &deployment.control;
    control.join(&account, "demo", Role::Admin, None).await;
    let browser = signed_in(deployment, name).await;
    (account, browser)
}

fn contains(page: &Page, words: &str) {
    assert!(page.html.contains(words), "{words}: {}", page.html);
}

fn lacks(page: &Page, words: &str) {
    assert!(!page.html.contains(words), "{words}: {}", page.html);
}

#[tokio::test]
async fn a_workspace_administrator_is_asked_before_they_shut_themselves_out() {
    let (_node, deployment) = one_node().await;
    let (eve, mut browser) = manager(&deployment, "eve").await;
    let first = found(&deployment, "admin").await;
    let leave = RemoveMembership {
        workspace: "demo".parse().unwrap(),
        account: first.id,
    };
    deployment.control.call(leave).await;
    let members = "/admin/members?workspace=demo";
    let own = format!("/admin/members/{}/role", eve.id);
    let step_down = [("workspace", "demo"), ("role", "viewer")];
    let asked = sent(&mut browser, members, &own, &step_down).await;
    assert_eq!(StatusCode::OK, asked.status);
    for words in ["This is you", "can no longer open", "last administrator"] {
        contains(&asked, words);
    }
    assert_eq!(Role::Admin, role_of(&deployment, &eve).await);
    // What changes nothing for them, or somebody else, is not asked about.
    let same = [("workspace", "demo"), ("role", "admin")];
    let page = sent(&mut browser, members, &own, &same).await;
    contains(&page, "The role of eve of the tests is changed.");
    let vera = found(&deployment, "vera").await;
    let of_vera = format!("/admin/members/{}/role", vera.id);
    let page = sent(
        &mut browser,
        members,
        &of_vera,
        &[("workspace", "demo"), ("role", "admin")],
    )
    .await;
    contains(&page, "The role of vera of the tests is changed.");
    let asked = sent(&mut browser, members, &own, &step_down).await;
    lacks(&asked, "last administrator");
    let after = browser.submit(&asked, &[("confirmed", "yes")]).await;
    assert_eq!(StatusCode::OK, after.status, "{}", after.path);
    assert!(after.path.starts_with("/settings/apps?"), "{}", after.path);
    contains(&after, "You do not manage that workspace any more.");
    assert_eq!(Role::Viewer, role_of(&deployment, &eve).await);

    // Whoever manages the deployment stays on the page, and takes it back there.
    let root = administrator(&deployment, "root").await;
    let control = &deployment.control;
    control.join(&root, "demo", Role::Admin, None).await;
    let mut browser = signed_in(&deployment, "root").await;
    let own = format!("/admin/members/{}/role", root.id);
    let asked = sent(&mut browser, members, &own, &step_down).await;
    contains(&asked, "can change it back");
    let after = browser.submit(&asked, &[("confirmed", "yes")]).await;
    contains(&after, "Undo");
    assert_eq!(Role::Viewer, role_of(&deployment, &root).await);
}

#[tokio::test]
async fn whoever_may_not_open_a_page_finds_the_list_of_those_that_they_may() {
    let (_node, deployment) = one_node().await;
    let mut browser = signed_in(&deployment, "noah").await;
    for path in [
        "/admin/members",
        "/admin/accounts",
        "/admin/policy?workspace=demo",
    ] {
        let page = browser.open(path).await;
        assert_eq!(StatusCode::FORBIDDEN, page.status, "{path}");
        contains(&page, "not_allowed");
        contains(&page, "href=\"/settings/tokens\"");
        lacks(&page, "href=\"/admin/");
    }
    administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    let page = browser.open("/admin/members?workspace=nowhere").await;
    assert_eq!(StatusCode::NOT_FOUND, page.status);
    contains(&page, "href=\"/admin/members\"");
}

#[tokio::test]
async fn an_address_is_invited_once_and_a_member_not_at_all() {
    let (_node, deployment) = one_node().await;
    let (_, mut browser) = manager(&deployment, "eve").await;
    let invite = async |browser: &mut Browser, email: &str, role: &str| {
        let fields = [("email", email), ("role", role), ("workspace", "demo")];
        sent(browser, "/admin/members", "/admin/invitations", &fields).await
    };
    let page = invite(&mut browser, "grace@example.org", "viewer").await;
    contains(&page, "Open invitations (1)");
    lacks(&page, "takes the place");
    let page = invite(&mut browser, "Grace@Example.org", "editor").await;
    contains(&page, "takes the place of the earlier one");
    contains(&page, "Open invitations (1)");
    let list = ListInvitations {
        workspace: "demo".parse().unwrap(),
    };
    let open = deployment.control.call(list.clone()).await;
    assert_eq!(Role::Editor, open[0].role);
    for address in ["ada@example.org", "ADA@example.org"] {
        let page = invite(&mut browser, address, "editor").await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status);
        contains(&page, "is a member already, as an editor");
    }
    // Part of a member's address, and an address of nobody's here.
    for address in ["da@example.org", "noah@example.org"] {
        let page = invite(&mut browser, address, "viewer").await;
        assert_eq!(StatusCode::OK, page.status, "{}", page.html);
    }
    assert_eq!(3, deployment.control.call(list).await.len());
}

#[tokio::test]
async fn the_form_of_an_invitation_tells_all_that_is_wrong_at_once() {
    let (_node, deployment) = one_node().await;
    let (_, mut browser) = manager(&deployment, "eve").await;
    let fields = [
        ("email", "grace@example.org"),
        ("role", "viewer"),
        ("workspace", "demo"),
    ];
    let page = sent(
        &mut browser,
        "/admin/members",
        "/admin/invitations",
        &fields,
    )
    .await;
    let (_, link) = page.html.split_once("/invitation/").unwrap();
    let link = format!("/invitation/{}", link.split('<').next().unwrap());
    let mut hers = deployment.browser();
    for (username, password, again, problems) in [
        (
            "grace hopper",
            "short",
            "shorter",
            &["A name has", "passwords differ", "too short"][..],
        ),
        (
            "ada",
            "four quiet herons wade",
            "four quiet herons",
            &["is taken", "passwords differ"],
        ),
        (
            "grace hopper",
            "password1",
            "password1",
            &["A name has", "easily guessed"],
        ),
    ] {
        let page = hers.open(&link).await;
        let fields = [
            ("username", username),
            ("display_name", "Grace"),
            ("password", password),
            ("again", again),
        ];
        let page = hers.submit(&page, &fields).await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{}", page.html);
        for problem in problems {
            contains(&page, problem);
        }
    }
}

async fn token(deployment: &Deployment, account: &Account, name: &str, workspace: &str) -> GrantId {
    let secret = IssuedSecret::draw(SecretKind::ApiToken);
    let text = secret.text.expose_secret().to_owned();
    let create = CreateApiToken {
        account: account.id.clone(),
        name: name.to_owned(),
        scopes: ScopeSet::from(Scope::Read),
        workspace: workspace.parse().ok(),
        secret: secret.hash,
        hint: text[text.len() - 4..].to_owned(),
        expires_at: None,
    };
    deployment.control.call(create).await.id
}

#[tokio::test]
async fn whoever_manages_a_workspace_ends_its_tokens_and_no_others() {
    let (_node, deployment) = one_node().await;
    let ada = deployment.ada.clone();
    let here = token(&deployment, &ada, "for this workspace", "demo").await;
    let anywhere = token(&deployment, &ada, "for any workspace", "").await;
    let noah = found(&deployment, "noah").await;
    api_token(&deployment, &noah).await;
    let path = format!("/admin/members/{}/tokens", ada.id);
    let page_of_ada = format!("{path}?workspace=demo");
    let end = async |browser: &mut Browser, from: &str, id: &GrantId| {
        let fields = [("workspace", "demo")];
        sent(browser, from, &format!("{path}/{id}/end"), &fields).await
    };
    let left = async || {
        let account = ada.id.clone();
        let listed = deployment.control.call(ListApiTokens { account }).await;
        listed.into_iter().map(|token| token.id).collect::<Vec<_>>()
    };
    // Members, even editors, manage nobody's tokens.
    let mut vera = signed_in(&deployment, "vera").await;
    assert_eq!(StatusCode::FORBIDDEN, vera.open(&page_of_ada).await.status);
    assert_eq!(
        StatusCode::FORBIDDEN,
        end(&mut vera, "/settings/account", &here).await.status
    );

    let (_, mut eve) = manager(&deployment, "eve").await;
    contains(&eve.open("/admin/members").await, &page_of_ada);
    let page = eve.open(&page_of_ada).await;
    contains(&page, "for this workspace</bdi>");
    lacks(&page, "for any workspace</bdi>");
    let elsewhere = format!("/admin/members/{}/tokens?workspace=demo", noah.id);
    assert_eq!(StatusCode::NOT_FOUND, eve.open(&elsewhere).await.status);
    let refused = end(&mut eve, &page_of_ada, &anywhere).await;
    assert_eq!(StatusCode::NOT_FOUND, refused.status);
    assert_eq!(2, left().await.len());
    let page = end(&mut eve, &page_of_ada, &here).await;
    contains(&page, "The token is ended.");
    assert_eq!(vec![anywhere.clone()], left().await);

    administrator(&deployment, "root").await;
    let mut root = signed_in(&deployment, "root").await;
    contains(&root.open(&page_of_ada).await, "for any workspace</bdi>");
    end(&mut root, &page_of_ada, &anywhere).await;
    assert!(left().await.is_empty());
}

fn client(name: &str, kind: ClientKind) -> CreateClient {
    let client = Client {
        id: ClientId::random(),
        kind,
        metadata: ClientMetadata {
            client_name: name.to_owned(),
            redirect_uris: vec!["https://app.example/callback".to_owned()],
            grant_types: vec![GrantType::AuthorizationCode],
            token_endpoint_auth_method: TokenEndpointAuthMethod::None,
            application_type: None,
            client_uri: None,
            jwks: None,
            jwks_uri: None,
            scope: None,
            software_id: None,
            software_version: None,
        },
        owner: None,
        acts_as: None,
        workspace: None,
        scopes: ScopeSet::from(Scope::Read),
        is_verified: false,
        has_secret: false,
        created_at: 0,
        last_used_at: None,
    };
    CreateClient {
        client,
        secret: None,
        registration_token: None,
    }
}

async fn connected(deployment: &Deployment, name: &str) {
    let client = deployment
        .control
        .call(client(name, ClientKind::Dynamic))
        .await;
    let grant = Grant {
        id: GrantId::new(),
        account: deployment.ada.id.clone(),
        client: client.id,
        workspace: "demo".parse().unwrap(),
        resource: "https://tidegate.example/mcp".to_owned(),
        scopes: ScopeSet::from(Scope::Read),
        is_offline: false,
        created_at: 0,
        expires_at: SystemClock.unix_secs() + 90 * 86_400,
        last_used_at: None,
        address: None,
        ended: None,
    };
    let create = CreateGrant {
        grant,
        refresh_token: None,
        rules: RefreshRules {
            life_secs: 86_400,
            repeat_window_secs: 120,
            max_repeats: 10,
        },
    };
    deployment.control.call(create).await;
}

#[tokio::test]
async fn own_connected_apps_come_in_parts_and_are_found() {
    let (_node, deployment) = one_node().await;
    for number in 0..52 {
        connected(&deployment, &format!("App number {number:02}")).await;
    }
    let mut browser = signed_in(&deployment, "ada").await;
    let rows = |page: &Page| page.html.matches("/disconnect\"").count() - 1;
    let page = browser.open("/settings/apps?sort=name").await;
    contains(&page, "1–50 of 52 connected apps");
    contains(&page, "All 52 apps stop working");
    assert_eq!(50, rows(&page));
    let page = browser.open("/settings/apps?sort=name&page=2").await;
    assert_eq!(2, rows(&page));
    contains(&page, "App number 51");
    let page = browser.open("/settings/apps?page=9").await;
    contains(&page, "51–52 of 52");
    let page = browser.open("/settings/apps?search=NUMBER+1").await;
    contains(&page, "10 connected apps");
    contains(&page, "those that are not in this list as well");
    assert_eq!(10, rows(&page));
    let page = browser.open("/settings/apps?search=%3Cb%3E").await;
    contains(&page, "No connected app has “<bdi>&#60;b&#62;</bdi>”");
}

#[tokio::test]
async fn whoever_is_in_no_workspace_is_told_on_every_page_of_theirs() {
    let (_node, deployment) = one_node().await;
    let pages = [
        "/",
        "/settings/apps",
        "/settings/connect",
        "/settings/tokens",
    ];
    for (name, is_told) in [("noah", true), ("ada", false)] {
        let mut browser = signed_in(&deployment, name).await;
        for path in pages {
            let page = browser.open(path).await;
            let says = page.html.contains("You are in no workspace yet");
            assert_eq!(is_told, says, "{name} {path}: {}", page.html);
        }
    }
}

#[tokio::test]
async fn an_address_is_called_the_same_on_every_page() {
    const ANY: &str = "Any of your workspaces, chosen as you connect";
    let (_node, deployment) = one_node().await;
    let several = OneNode::builder()
        .workspace("demo", "")
        .workspace("acme", "")
        .own_tokens()
        .start()
        .await;
    let elsewhere = Deployment::of_node(&several).await;
    for (deployment, is_only) in [(&deployment, true), (&elsewhere, false)] {
        let visitor = deployment.browser().open("/").await;
        lacks(&visitor, "Any ");
        lacks(&visitor, "demo");
        let mut browser = signed_in(deployment, "ada").await;
        for path in ["/", "/settings/connect"] {
            let page = browser.open(path).await;
            contains(&page, "Workspace demo");
            assert_eq!(!is_only, page.html.contains(ANY), "{path}");
            assert_eq!(!is_only, page.html.contains("/w/demo/mcp"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_preset_fills_in_a_new_client_and_keeps_what_was_typed() {
    let (_node, deployment) = one_node().await;
    let mut browser = signed_in(&deployment, "ada").await;
    let fields = [
        ("name", "Half an hour of typing"),
        ("redirect_uris", "https://app.example/callback"),
        ("scope", "mcp:read"),
        ("preset", "cursor"),
    ];
    let page = sent(
        &mut browser,
        "/settings/clients",
        "/settings/clients",
        &fields,
    )
    .await;
    assert_eq!(StatusCode::OK, page.status);
    for words in [
        "value=\"Half an hour of typing\"",
        "https://app.example/callback\ncursor://",
    ] {
        contains(&page, words);
    }
    lacks(&page, "1 OAuth client");
}

#[tokio::test]
async fn approving_every_program_of_a_computer_is_asked_about() {
    let (_node, deployment) = one_node().await;
    administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    let rules = async || {
        let list = ListPolicyRules { workspace: None };
        deployment.control.call(list).await.len()
    };
    let set = async |browser: &mut Browser, host: &str| {
        let fields = [("about", "host"), ("match", host), ("decision", "approved")];
        sent(browser, "/admin/policy", "/admin/policy/rules", &fields).await
    };
    let asked = set(&mut browser, "localhost").await;
    contains(&asked, "Approve every app of localhost?");
    contains(&asked, "every program on every computer");
    assert_eq!(0, rules().await);
    browser.submit(&asked, &[("confirmed", "yes")]).await;
    assert_eq!(1, rules().await);
    set(&mut browser, "claude.ai").await;
    assert_eq!(2, rules().await);
}

#[tokio::test]
async fn clients_without_an_owner_are_shown_to_the_deployments_administrators() {
    let (_node, deployment) = one_node().await;
    let control = &deployment.control;
    control
        .call(client("Warehouse export", ClientKind::Registered))
        .await;
    control
        .call(client("Somebody's app", ClientKind::Dynamic))
        .await;
    administrator(&deployment, "root").await;
    for (name, is_told) in [("root", true), ("ada", false)] {
        let page = signed_in(&deployment, name)
            .await
            .open("/settings/clients")
            .await;
        assert_eq!(is_told, page.html.contains("Warehouse export"), "{name}");
        lacks(&page, "s app</bdi>");
    }
}

#[tokio::test]
async fn the_features_are_those_of_this_version() {
    let (_node, deployment) = one_node().await;
    administrator(&deployment, "root").await;
    let page = signed_in(&deployment, "root")
        .await
        .open("/admin/flags")
        .await;
    contains(&page, "MCP_SERVICE_ENABLED");
    lacks(&page, "CHATBOT_ENABLED");
}
