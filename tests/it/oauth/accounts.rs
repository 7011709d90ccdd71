//! Accounts, as administrators of the deployment switch them on and off by pages.

use reqwest::StatusCode;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::audit::{AuditFilter, ListEvents};

use super::members::{administrator, signed_in};
use super::{Deployment, one_node};
use crate::harness::{Browser, Page};

async fn account(deployment: &Deployment, name: &str) -> Account {
    let key = AccountKey::Username(name.to_owned());
    deployment.control.call(FindAccount { key }).await.unwrap()
}

/// What the row of an account offers, sent.
async fn press(browser: &mut Browser, account: &Account, what: &str) -> Page {
    let list = browser.open("/admin/accounts").await;
    assert_eq!(StatusCode::OK, list.status, "{}", list.html);
    let action = format!("/admin/accounts/{}/{what}", account.id);
    // The form of this row first.
    let at = list.html.find(&format!("action=\"{action}\""));
    let at = at.unwrap_or_else(|| panic!("no {action} in {}", list.html));
    let start = list.html[..at].rfind("<form").unwrap();
    let form = Page {
        html: list.html[start..].to_owned(),
        ..list
    };
    browser.submit(&form, &[("page", "1")]).await
}

/// A form that no page offered, with the token of the session.
async fn forge(browser: &mut Browser, account: &Account, what: &str) -> Page {
    let page = browser.open("/settings/account").await;
    let html = page.html.replace(
        "/settings/account/sign-out-everywhere",
        &format!("/admin/accounts/{}/{what}", account.id),
    );
    let forged = Page { html, ..page };
    browser.submit(&forged, &[("apps", "yes")]).await
}

async fn recorded(deployment: &Deployment, action: &str) -> Vec<(String, String)> {
    let list = ListEvents {
        filter: AuditFilter {
            action: Some(action.to_owned()),
            ..AuditFilter::default()
        },
        limit: 100,
        offset: 0,
    };
    let events = deployment.control.call(list).await;
    let told = events.into_iter().map(|event| {
        let by = event.account.map(|id| id.to_string()).unwrap_or_default();
        (by, event.detail.unwrap_or_default())
    });
    told.collect()
}

#[tokio::test]
async fn an_account_is_switched_off_and_on_again_and_the_audit_says_by_whom() {
    let (_node, deployment) = one_node().await;
    let root = administrator(&deployment, "root").await;
    let mut ada = signed_in(&deployment, "ada").await;
    let mut browser = signed_in(&deployment, "root").await;

    let page = press(&mut browser, &deployment.ada, "deactivate").await;
    assert!(page.html.contains("is switched off"), "{}", page.html);
    assert!(!account(&deployment, "ada").await.is_active);
    let hers = ada.open("/settings/apps").await;
    assert!(hers.path.starts_with("/sign-in"), "she is signed out");

    let page = press(&mut browser, &deployment.ada, "activate").await;
    assert!(page.html.contains("is switched on"), "{}", page.html);
    assert!(account(&deployment, "ada").await.is_active);
    signed_in(&deployment, "ada").await;

    let by_root = vec![(root.id.to_string(), "ada".to_owned())];
    assert_eq!(by_root, recorded(&deployment, "account.deactivated").await);
    assert_eq!(by_root, recorded(&deployment, "account.activated").await);
}

#[tokio::test]
async fn a_password_is_reset_to_one_for_one_use_that_is_shown_once() {
    let (_node, deployment) = one_node().await;
    administrator(&deployment, "root").await;
    let mut ada = signed_in(&deployment, "ada").await;
    let mut browser = signed_in(&deployment, "root").await;
    let page = press(&mut browser, &deployment.ada, "password").await;
    assert_eq!(StatusCode::OK, page.status, "{}", page.html);
    assert_eq!("no-store", page.headers["cache-control"]);
    let (_, after) = page.html.split_once("id=\"the-secret\">").unwrap();
    let (password, _) = after.split_once('<').unwrap();
    assert!(account(&deployment, "ada").await.must_change_password);
    let hers = ada.open("/settings/apps").await;
    assert!(hers.path.starts_with("/sign-in"), "she is signed out");

    let sign_in = ada.open("/sign-in").await;
    let fields = [("username", "ada"), ("password", password)];
    let choose = ada.submit(&sign_in, &fields).await;
    assert!(choose.path.starts_with("/password"), "{}", choose.path);
    let told = recorded(&deployment, "password.reset").await;
    assert_eq!("ada", told[0].1);
    assert!(!format!("{told:?}").contains(password));
}

#[tokio::test]
async fn nobody_switches_off_or_resets_themselves() {
    let (_node, deployment) = one_node().await;
    let root = administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    let list = browser.open("/admin/accounts").await;
    for what in ["deactivate", "password"] {
        let own = format!("/admin/accounts/{}/{what}", root.id);
        assert!(!list.html.contains(&own), "{what} is not offered");
        let page = forge(&mut browser, &root, what).await;
        assert_eq!(StatusCode::BAD_REQUEST, page.status, "{what}");
    }
    let root = account(&deployment, "root").await;
    assert!(root.is_active && !root.must_change_password);
}

#[tokio::test]
async fn accounts_are_for_administrators_of_the_deployment_alone() {
    let (_node, deployment) = one_node().await;
    let eve = deployment.control.person("eve").await;
    let role = tidegate_types::Role::Admin;
    deployment.control.join(&eve, "demo", role, None).await;
    let mut browser = signed_in(&deployment, "eve").await;
    let list = browser.open("/admin/accounts").await;
    assert_eq!(StatusCode::FORBIDDEN, list.status);
    let members = browser.open("/admin/members?workspace=demo").await;
    assert!(!members.html.contains("/admin/accounts"));
    for what in ["deactivate", "activate", "password"] {
        let page = forge(&mut browser, &deployment.ada, what).await;
        assert_eq!(StatusCode::FORBIDDEN, page.status, "{what}");
    }
    let ada = account(&deployment, "ada").await;
    assert!(ada.is_active && !ada.must_change_password);

    // Without the token of its session a form does nothing, whoever sends it.
    administrator(&deployment, "root").await;
    let mut browser = signed_in(&deployment, "root").await;
    let page = browser.open("/settings/account").await;
    let html = page.html.replace(
        "/settings/account/sign-out-everywhere",
        &format!("/admin/accounts/{}/deactivate", ada.id),
    );
    let forged = Page { html, ..page };
    let fields = [("apps", "yes"), ("csrf", "made-up")];
    let page = browser.submit(&forged, &fields).await;
    assert_eq!(StatusCode::FORBIDDEN, page.status);
    assert!(account(&deployment, "ada").await.is_active);
}

#[tokio::test]
async fn forms_offer_scopes_that_some_tool_needs_and_take_no_others() {
    let (_node, deployment) = one_node().await;
    let mut browser = signed_in(&deployment, "ada").await;
    for path in [
        "/settings/tokens",
        "/settings/machines",
        "/settings/clients",
    ] {
        let page = browser.open(path).await;
        assert!(page.html.contains("value=\"mcp:query\""), "{path}");
        for scope in ["mcp:write", "mcp:admin"] {
            assert!(!page.html.contains(&format!("value=\"{scope}\"")), "{path}");
        }
    }
    let page = browser.open("/settings/tokens").await;
    for (scope, status) in [
        ("mcp:admin", StatusCode::BAD_REQUEST),
        ("mcp:query", StatusCode::OK),
    ] {
        let fields = [("name", "laptop"), ("scope", scope), ("days", "7")];
        let answer = browser.submit(&page, &fields).await;
        assert_eq!(status, answer.status, "{scope}: {}", answer.html);
    }
}
