//! From claims to a user of the workspace.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::bearer::{claims, ping};
use crate::harness::{JWT_SECRET, OneNode, eventually, result_text, token_of};

/// Somebody who is known by their address, somebody who left, and pairs that are easily mistaken.
const OTHERS: &str = "
    INSERT INTO ab_user (id, first_name, last_name, username, password, active, email)
    VALUES (51, 'Mail', 'Address', 'by-mail', '!', 1, 'mail@example.com'),
           (52, 'Somebody', 'Gone', 'gone', '!', 0, 'gone@example.com'),
           (53, 'One', 'Of Two', 'two@example.com', '!', 1, 'one@example.com'),
           (54, 'Two', 'Of Two', 'two', '!', 1, 'two@example.com'),
           (55, 'Cora', 'C', 'cora', '!', 1, 'cora@example.com'),
           (56, 'Cora', 'D', 'Cora', '!', 1, 'cora-d@example.com'),
           (57, 'Kim', 'K', 'kim', '!', 1, 'kim@example.com');
    INSERT INTO ab_user_role (user_id, role_id) VALUES (51, 3), (52, 1), (53, 1), (54, 1), (55, 1), (56, 1), (57, 1);";

/// How many dashboards the token's user sees: admin and Alpha 3, viewer 2.
async fn dashboards(node: &OneNode, changes: Value) -> u64 {
    let caller = node.anyone().bearer(token_of(&claims(changes)));
    let answer = caller.call("list_dashboards", json!({})).await;
    let list: Value = serde_json::from_str(result_text(&answer)).unwrap();
    list["total_count"].as_u64().unwrap()
}

/// One answer to all of them.
async fn refused_alike(node: &OneNode, all: &[Value]) {
    let mut answers = Vec::new();
    for changes in all {
        let reply = ping(node, &token_of(&claims(changes.clone()))).await;
        assert_eq!(403, reply.status().as_u16(), "{changes}");
        answers.push(reply.text().await);
    }
    answers.dedup();
    assert_eq!(1, answers.len(), "{answers:?}");
    // Nothing of who was looked for, or of who there is.
    for name in ["viewer", "gone", "nobody", "example.com", "claim", "email"] {
        assert!(!answers[0].contains(name), "{}", answers[0]);
    }
}

#[tokio::test]
async fn the_first_claim_that_is_there_names_the_user_where_nothing_is_set() {
    let node = OneNode::builder().workspace("demo", OTHERS).start().await;
    for (changes, expected) in [
        (
            json!({ "sub": "viewer", "client_id": "admin", "email": "admin", "username": "admin" }),
            2,
        ),
        (
            json!({ "sub": null, "client_id": "admin", "email": "viewer", "username": "admin" }),
            2,
        ),
        (json!({ "sub": null, "username": "viewer" }), 2),
        (json!({ "sub": null, "preferred_username": "viewer" }), 2),
        (json!({ "sub": null, "email": "mail@example.com" }), 3),
        (json!({ "sub": "mail@example.com" }), 3),
        (json!({ "sub": "admin", "client_id": "viewer" }), 3),
    ] {
        assert_eq!(
            expected,
            dashboards(&node, changes.clone()).await,
            "{changes}"
        );
    }
}

#[tokio::test]
async fn who_is_unknown_or_inactive_is_refused_and_nobody_can_tell_which() {
    let node = OneNode::builder().workspace("demo", OTHERS).start().await;
    refused_alike(
        &node,
        &[
            json!({ "sub": "gone" }),
            json!({ "sub": "gone@example.com" }),
            json!({ "sub": "nobody" }),
            // The first claim decides, even when a later one would name somebody.
            json!({ "sub": "nobody", "username": "admin" }),
            json!({ "sub": "3c1f1c1e-7f3a-4a55-9d0e-0a4c0b6f2f11", "preferred_username": "admin" }),
            // A name is not patched into shape.
            json!({ "sub": "Admin" }),
            json!({ "sub": " admin" }),
            json!({ "sub": "admin' OR '1'='1" }),
            json!({ "sub": "%" }),
            json!({ "sub": "MAIL@example.com" }),
        ],
    )
    .await;
}

/// Whatever is odd about a token makes it a bad one, and never a fault of the server.
#[tokio::test]
async fn a_token_that_names_nobody_in_a_proper_way_is_not_valid() {
    let node = OneNode::start().await;
    for changes in [
        json!({ "sub": "" }),
        json!({ "sub": "", "client_id": "admin" }),
        json!({ "sub": "", "email": "admin", "username": "admin" }),
        json!({ "sub": null, "client_id": "admin" }),
        json!({ "sub": "admin", "client_id": "admin" }),
        json!({ "sub": "admin\u{0}" }),
        json!({ "sub": "ad\u{0}min" }),
        json!({ "sub": "admin\n" }),
        json!({ "sub": "admin\u{85}" }),
        json!({ "sub": null, "email": "admin\u{0}" }),
        json!({ "sub": "admin", "client_id": "a\u{0}" }),
        json!({ "sub": 1 }),
        json!({ "sub": ["admin", "viewer"] }),
        json!({ "sub": { "name": "admin" } }),
        json!({ "sub": "a".repeat(2000) }),
        json!({ "sub": null, "email": "admin", "email_verified": false }),
        json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
        json!({ "events": {} }),
        json!({ "typ": "ID" }),
        json!({ "token_use": "id" }),
        json!({ "nonce": "n" }),
        json!({ "scope": 5 }),
        json!({ "scp": {} }),
        json!({ "jti": 5 }),
        json!({ "azp": [] }),
    ] {
        let reply = ping(&node, &token_of(&claims(changes.clone()))).await;
        assert_eq!(401, reply.status().as_u16(), "{changes}");
    }
}

#[tokio::test]
async fn a_type_of_another_kind_of_token_is_not_valid() {
    let node = OneNode::start().await;
    let typed = |typ: &str| {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(typ.to_owned());
        let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
        jsonwebtoken::encode(&header, &claims(json!({})), &key).unwrap()
    };
    for (typ, status) in [
        ("at+jwt", 200),
        ("application/at+jwt", 200),
        ("JWT", 200),
        ("logout+jwt", 401),
        ("id+jwt", 401),
        ("dpop+jwt", 401),
        ("secevent+jwt", 401),
    ] {
        let reply = ping(&node, &typed(typ)).await;
        assert_eq!(status, reply.status().as_u16(), "{typ}");
    }
}

#[tokio::test]
async fn an_operator_s_claims_find_users_by_name_and_address() {
    let node = OneNode::builder()
        .workspace("demo", OTHERS)
        .set(
            "AUTH__JWT__USER_CLAIM",
            "preferred_username,email,upn,realm_access.login,sub",
        )
        .start()
        .await;
    let uuid = "3c1f1c1e-7f3a-4a55-9d0e-0a4c0b6f2f11";
    for (changes, expected) in [
        (json!({ "sub": uuid, "preferred_username": "viewer" }), 2),
        (
            json!({ "sub": uuid, "preferred_username": "nobody", "email": "mail@example.com" }),
            3,
        ),
        (
            json!({ "sub": uuid, "email": "mail@example.com", "email_verified": true }),
            3,
        ),
        (json!({ "sub": uuid, "upn": "viewer" }), 2),
        (
            json!({ "sub": uuid, "realm_access": { "login": "viewer" } }),
            2,
        ),
        (json!({ "sub": "viewer" }), 2),
        // One that is not verified is passed over.
        (
            json!({ "email": "mail@example.com", "email_verified": false, "upn": "viewer" }),
            2,
        ),
    ] {
        assert_eq!(
            expected,
            dashboards(&node, changes.clone()).await,
            "{changes}"
        );
    }
    refused_alike(
        &node,
        &[
            json!({ "sub": uuid, "preferred_username": "nobody" }),
            json!({ "sub": uuid, "preferred_username": "ADMIN" }),
            json!({ "sub": uuid, "email": "MAIL@example.com" }),
            json!({ "sub": uuid, "email": "mail@example.com", "email_verified": false }),
            json!({ "sub": uuid, "email": "mail@example.com", "email_verified": "false" }),
            // Somebody who left does not come back by another claim.
            json!({ "sub": uuid, "preferred_username": "gone", "email": "mail@example.com" }),
            // The name of one user is the address of another.
            json!({ "sub": uuid, "preferred_username": "two@example.com" }),
            json!({ "sub": uuid, "preferred_username": "two@example.com", "upn": "viewer" }),
        ],
    )
    .await;
}

#[tokio::test]
async fn names_are_compared_without_regard_to_case_where_that_is_set() {
    let node = OneNode::builder()
        .workspace("demo", OTHERS)
        .set("AUTH__JWT__USERNAME_CASE", "ignore")
        .start()
        .await;
    assert_eq!(2, dashboards(&node, json!({ "sub": "VIEWER" })).await);
    assert_eq!(2, dashboards(&node, json!({ "sub": "viewer" })).await);
    refused_alike(
        &node,
        &[
            json!({ "sub": "cora" }),
            json!({ "sub": "CORA" }),
            json!({ "sub": "GONE" }),
            json!({ "sub": "\u{212a}im" }),
        ],
    )
    .await;
}

/// What an operator needs with the first token of a new issuer.
#[tokio::test]
async fn the_log_and_the_audit_tell_who_was_looked_for_and_how() {
    let node = OneNode::builder()
        .workspace("demo", OTHERS)
        .set("AUTH__JWT__USER_CLAIM", "preferred_username,email")
        .set("AUDIT__JSON_LINES", "{folder}/audit.jsonl")
        .start()
        .await;
    let changes =
        json!({ "preferred_username": "no\"body", "email": "no@example.com", "azp": "app" });
    for _ in 0..3 {
        let reply = ping(&node, &token_of(&claims(changes.clone()))).await;
        assert_eq!(403, reply.status().as_u16());
    }
    let log = eventually("the log tells it", async || {
        let log = node.log();
        log.contains("a good token names no user").then_some(log)
    })
    .await;
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("a good token names no user"))
        .collect();
    assert_eq!(1, lines.len(), "{lines:?}");
    for part in [
        "preferred_username",
        "no\\\"body",
        "email",
        "no@example.com",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    let path = node.folder().join("audit.jsonl");
    let row = eventually("the audit has it", async || {
        let lines = std::fs::read_to_string(&path).unwrap_or_default();
        lines.lines().next().map(str::to_owned)
    })
    .await;
    let row: Value = serde_json::from_str(&row).unwrap();
    assert_eq!(
        ("authenticate", "denied", "app", Value::Null),
        (
            row["method"].as_str().unwrap(),
            row["decision"].as_str().unwrap(),
            row["client"].as_str().unwrap(),
            row["user_id"].clone(),
        )
    );
    let arguments: Value = serde_json::from_str(row["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(
        json!([
            { "claim": "preferred_username", "value": "no\"body" },
            { "claim": "email", "value": "no@example.com" },
        ]),
        arguments["looked_for"]
    );
}

/// `jti` ought to be unique, and is not with every issuer.
#[tokio::test]
async fn two_users_whose_tokens_have_one_id_are_two_users() {
    let node = OneNode::start().await;
    assert_eq!(
        3,
        dashboards(&node, json!({ "sub": "admin", "jti": "the-same" })).await
    );
    assert_eq!(
        2,
        dashboards(&node, json!({ "sub": "viewer", "jti": "the-same" })).await
    );
    assert_eq!(
        3,
        dashboards(&node, json!({ "sub": "admin", "jti": "the-same" })).await
    );
}
