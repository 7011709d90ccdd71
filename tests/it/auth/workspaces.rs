//! Which workspace a request is for, and who is let into it.

use reqwest::Method;
use serde_json::json;

use super::bearer::claims;
use crate::harness::{Caller, OneNode, Reply, token_of};

/// In `acme` alone.
const ALICE: &str = "
    INSERT INTO ab_user (id, first_name, last_name, username, password, active, email)
    VALUES (50, 'Alice', 'Only', 'alice', '!', 1, 'alice@example.com');
    INSERT INTO ab_user_role (user_id, role_id) VALUES (50, 1);";

async fn two_workspaces() -> OneNode {
    OneNode::builder()
        .workspace("acme", ALICE)
        .workspace("rival", "")
        .set("WORKSPACES__ACME__HOSTS", "acme.example.com")
        .set("WORKSPACES__RIVAL__HOSTS", "rival.example.com")
        .start()
        .await
}

/// A ping with these headers.
async fn ping(caller: &Caller, headers: &[(&str, &str)]) -> Reply {
    let request = caller
        .http(Method::POST)
        .header("Content-Type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let request = request.body(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    Reply(request.send().await.unwrap())
}

const ACME: (&str, &str) = ("Host", "acme.example.com");
const RIVAL: (&str, &str) = ("Host", "rival.example.com:8443");

#[tokio::test]
async fn path_host_and_header_may_all_name_the_workspace_and_never_two() {
    let node = two_workspaces().await;
    let admin = node.as_user("admin");
    let in_acme = admin.clone().workspace("acme");
    let named = |slug: &'static str| ("X-Workspace-Id", slug);
    for (row, caller, headers, status) in [
        ("path", &in_acme, vec![], 200),
        ("host", &admin, vec![ACME], 200),
        ("header", &admin, vec![named("rival")], 200),
        ("all three", &in_acme, vec![ACME, named("acme")], 200),
        ("none", &admin, vec![], 400),
        ("path and another host", &in_acme, vec![RIVAL], 400),
        (
            "path and another header",
            &in_acme,
            vec![named("rival")],
            400,
        ),
        (
            "host and another header",
            &admin,
            vec![ACME, named("rival")],
            400,
        ),
        (
            "two headers",
            &admin,
            vec![named("acme"), named("acme")],
            400,
        ),
        (
            "a header that is no name",
            &admin,
            vec![named("../acme")],
            400,
        ),
        (
            "a path that is no name",
            &admin.clone().workspace("Acme_1"),
            vec![],
            400,
        ),
        // Nobody trusts this client to forward.
        (
            "a forwarded host",
            &admin,
            vec![("X-Forwarded-Host", "acme.example.com")],
            400,
        ),
    ] {
        assert_eq!(
            status,
            ping(caller, &headers).await.status().as_u16(),
            "{row}"
        );
    }
}

#[tokio::test]
async fn a_forwarded_host_is_believed_from_a_trusted_proxy() {
    let node = OneNode::builder()
        .workspace("acme", ALICE)
        .workspace("rival", "")
        .set("WORKSPACES__ACME__HOSTS", "acme.example.com")
        .set("SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
        .start()
        .await;
    let alice = node.as_user("alice");
    let forwarded = ("X-Forwarded-Host", "acme.example.com");
    assert_eq!(200, ping(&alice, &[forwarded]).await.status().as_u16());
    let contradiction = ping(&alice, &[forwarded, ("X-Workspace-Id", "rival")]).await;
    assert_eq!(400, contradiction.status().as_u16());
}

#[tokio::test]
async fn a_workspace_that_is_not_theirs_looks_like_one_that_is_not_there() {
    let node = two_workspaces().await;
    let alice = node.as_user("alice");
    assert_eq!(
        200,
        ping(&alice.clone().workspace("acme"), &[])
            .await
            .status()
            .as_u16()
    );
    let mut answers = Vec::new();
    for slug in ["rival", "nowhere", "metastore", "xn--80ak6aa92e"] {
        let reply = ping(&alice.clone().workspace(slug), &[]).await;
        assert_eq!(403, reply.status().as_u16(), "{slug}");
        answers.push((
            format!("{:?}", reply.header("www-authenticate")),
            reply.text().await,
        ));
    }
    answers.dedup();
    assert_eq!(1, answers.len(), "{answers:?}");
    // Who has no token learns nothing either.
    let mut answers = Vec::new();
    for slug in ["acme", "rival", "nowhere"] {
        for caller in [node.anyone(), node.anyone().bearer("nonsense")] {
            let reply = ping(&caller.workspace(slug), &[]).await;
            assert_eq!(401, reply.status().as_u16(), "{slug}");
        }
        let reply = ping(&node.anyone().workspace(slug), &[]).await;
        answers.push(reply.text().await);
    }
    answers.dedup();
    assert_eq!(1, answers.len(), "{answers:?}");
}

#[tokio::test]
async fn one_token_is_a_different_user_in_each_workspace() {
    // In `rival` somebody else has the id that Alice has in `acme`.
    let carol = ALICE.replace("alice", "carol");
    let node = OneNode::builder()
        .workspace("acme", ALICE)
        .workspace("rival", &carol)
        .start()
        .await;
    let token = |user: &str| token_of(&claims(json!({ "sub": user, "jti": "one" })));
    let alice = node.anyone().bearer(token("alice"));
    let carol = node.anyone().bearer(token("carol"));
    let session = alice.clone().workspace("acme").open_session().await;
    for (caller, slug, status) in [
        (&alice, "acme", 200),
        (&alice, "rival", 403),
        (&carol, "rival", 404),
        (&carol, "acme", 403),
    ] {
        let held = session.held_by(&caller.clone().workspace(slug));
        let reply = held.send("ping", json!({})).await;
        assert_eq!(status, reply.status().as_u16(), "{slug}");
    }
}

#[tokio::test]
async fn a_disabled_workspace_is_not_there() {
    let node = OneNode::builder()
        .workspace("acme", "")
        .workspace("rival", "")
        .set("WORKSPACES__RIVAL__ENABLED", "false")
        .start()
        .await;
    let admin = node.as_user("admin");
    assert_eq!(
        403,
        ping(&admin.clone().workspace("rival"), &[])
            .await
            .status()
            .as_u16()
    );
    // With one workspace left, nobody has to name it.
    assert_eq!(200, ping(&admin, &[]).await.status().as_u16());
}
