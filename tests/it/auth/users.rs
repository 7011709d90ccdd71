//! From claims to a user of the workspace.

use serde_json::{Value, json};

use super::bearer::{claims, ping};
use crate::harness::{OneNode, result_text, token_of};

/// Somebody with a mail address as their name, and somebody who left.
const OTHERS: &str = "
    INSERT INTO ab_user (id, first_name, last_name, username, password, active, email)
    VALUES (51, 'Mail', 'Address', 'mail@example.com', '!', 1, 'mail@example.com'),
           (52, 'Somebody', 'Gone', 'gone', '!', 0, 'gone@example.com');
    INSERT INTO ab_user_role (user_id, role_id) VALUES (51, 3), (52, 1);";

/// How many dashboards the token's user sees: admin and Alpha 3, viewer 2.
async fn dashboards(node: &OneNode, changes: Value) -> u64 {
    let caller = node.anyone().bearer(token_of(&claims(changes)));
    let answer = caller.call("list_dashboards", json!({})).await;
    let list: Value = serde_json::from_str(result_text(&answer)).unwrap();
    list["total_count"].as_u64().unwrap()
}

#[tokio::test]
async fn the_first_claim_that_is_not_empty_names_the_user() {
    let node = OneNode::builder().workspace("demo", OTHERS).start().await;
    for (changes, expected) in [
        (
            json!({ "sub": "viewer", "client_id": "admin", "email": "admin", "username": "admin" }),
            2,
        ),
        (
            json!({ "sub": "", "client_id": "viewer", "email": "admin" }),
            2,
        ),
        (
            json!({ "sub": null, "client_id": "viewer", "username": "admin" }),
            2,
        ),
        (
            json!({ "sub": null, "client_id": "", "email": "viewer", "username": "admin" }),
            2,
        ),
        (json!({ "sub": null, "username": "viewer" }), 2),
        (json!({ "sub": null, "email": "mail@example.com" }), 3),
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
    let mut answers = Vec::new();
    for changes in [
        json!({ "sub": "gone" }),
        json!({ "sub": "nobody" }),
        // The first claim decides, even when a later one would name somebody.
        json!({ "sub": "nobody", "username": "admin" }),
        // A mail address is not looked up among addresses, and a name is not patched into shape.
        json!({ "sub": null, "email": "admin@example.com" }),
        json!({ "sub": "Admin" }),
        json!({ "sub": " admin" }),
        json!({ "sub": "admin\u{0}" }),
        json!({ "sub": "admin' OR '1'='1" }),
        json!({ "sub": "%" }),
    ] {
        let reply = ping(&node, &token_of(&claims(changes.clone()))).await;
        assert_eq!(403, reply.status().as_u16(), "{changes}");
        answers.push(reply.text().await);
    }
    answers.dedup();
    assert_eq!(1, answers.len(), "{answers:?}");
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
