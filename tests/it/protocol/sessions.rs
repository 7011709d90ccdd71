//! The rules of sessions (revisions before 2026-07-28).

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{OneNode, Session};

#[tokio::test]
async fn a_session_ends_with_delete_and_is_404_ever_after() {
    let node = OneNode::start().await;
    let session = node.as_user("admin").open_session().await;
    assert_eq!(
        StatusCode::OK,
        session.send("ping", json!({})).await.status()
    );
    // 202 would make clients warn that the session may still live.
    assert_eq!(StatusCode::NO_CONTENT, session.delete().await);
    let ended = session.send("ping", json!({})).await;
    assert_eq!(StatusCode::NOT_FOUND, ended.status());
    assert_eq!(
        StatusCode::NOT_FOUND,
        session
            .notify("notifications/initialized", json!({}))
            .await
            .status()
    );
    assert_eq!(StatusCode::NOT_FOUND, session.get(None).await.status());
    assert_eq!(StatusCode::NOT_FOUND, session.delete().await);
}

#[tokio::test]
async fn a_session_of_somebody_else_looks_like_one_that_never_was() {
    let node = OneNode::start().await;
    let admins = node.as_user("admin").open_session().await;
    let stolen = admins.held_by(&node.as_user("viewer"));
    let invented = Session {
        id: "0123456789abcdef0123456789abcdef".into(),
        ..stolen.clone()
    };
    for method in ["ping", "tools/list", "logging/setLevel", "no/such"] {
        let (theirs, nobodys) = (
            stolen.send_as(1, method, json!({ "level": "debug" })).await,
            invented
                .send_as(1, method, json!({ "level": "debug" }))
                .await,
        );
        assert_eq!(StatusCode::NOT_FOUND, theirs.status(), "{method}");
        assert_eq!(StatusCode::NOT_FOUND, nobodys.status(), "{method}");
        assert_eq!(theirs.text().await, nobodys.text().await, "{method}");
    }
    assert_eq!(StatusCode::NOT_FOUND, stolen.get(None).await.status());
    assert_eq!(StatusCode::NOT_FOUND, stolen.delete().await);
    assert_eq!(
        StatusCode::OK,
        admins.send("ping", json!({})).await.status()
    );
}

#[tokio::test]
async fn ids_that_cannot_be_ours_are_404_and_do_not_reach_the_store() {
    let node = OneNode::start().await;
    let session = node.as_user("admin").open_session().await;
    for id in ["x", "*", "a:b", "../../etc", "{tag}", &"x".repeat(5_000)] {
        let odd = Session {
            id: id.to_owned(),
            ..session.clone()
        };
        assert_eq!(
            StatusCode::NOT_FOUND,
            odd.send("ping", json!({})).await.status(),
            "{id:.20}"
        );
        assert_eq!(StatusCode::NOT_FOUND, odd.delete().await, "{id:.20}");
    }
    let twice = session
        .http(Method::POST)
        .header("Mcp-Session-Id", &session.id);
    let twice = twice
        .header("Content-Type", "application/json")
        .body(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert_eq!(StatusCode::NOT_FOUND, twice.send().await.unwrap().status());
}

#[tokio::test]
async fn the_version_header_is_optional_in_a_session_and_must_be_served_when_it_is_there() {
    let node = OneNode::start().await;
    let session = node.as_user("admin").open_session_of("2025-06-18").await;
    let post = async |version: Option<&str>| {
        let request = session
            .caller
            .http(Method::POST)
            .header("Mcp-Session-Id", &session.id)
            .header("Content-Type", "application/json")
            .body(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
        let request = match version {
            Some(version) => request.header("MCP-Protocol-Version", version),
            None => request,
        };
        request.send().await.unwrap()
    };
    // As Gemini CLI does it: the negotiated revision holds, not the oldest.
    let silent = post(None).await;
    assert_eq!(StatusCode::OK, silent.status());
    let answer: serde_json::Value = serde_json::from_str(&silent.text().await.unwrap()).unwrap();
    assert!(
        answer["result"]["tools"][0].get("title").is_some(),
        "{answer}"
    );
    for version in ["2025-06-18", "2025-11-25", "2025-03-26"] {
        assert_eq!(
            StatusCode::OK,
            post(Some(version)).await.status(),
            "{version}"
        );
    }
    for version in ["2024-11-05", "nonsense", "2026-07-28", ""] {
        assert_eq!(
            StatusCode::BAD_REQUEST,
            post(Some(version)).await.status(),
            "{version}"
        );
    }
}

#[tokio::test]
async fn the_session_unused_for_the_longest_goes_when_a_user_has_too_many() {
    let node = OneNode::builder()
        .set("SESSIONS__PER_USER", "2")
        .start()
        .await;
    let admin = node.as_user("admin");
    let viewers = node.as_user("viewer").open_session().await;
    let first = admin.open_session().await;
    let second = admin.open_session().await;
    assert_eq!(StatusCode::OK, first.send("ping", json!({})).await.status());
    let third = admin.open_session().await;
    let status = async |session: &Session| session.send("ping", json!({})).await.status();
    assert_eq!(StatusCode::NOT_FOUND, status(&second).await);
    for alive in [&first, &third, &viewers] {
        assert_eq!(StatusCode::OK, status(alive).await);
    }
}

#[tokio::test]
async fn an_id_that_is_still_running_in_the_session_is_refused() {
    let node = OneNode::builder()
        .set("SERVER__SSE_AFTER_MS", "50")
        .start()
        .await;
    let session = node.as_user("admin").open_session().await;
    let slow = json!({ "database_id": 1, "sql": crate::harness::ENDLESS_SQL });
    let running = session.begin_call(41, "execute_sql", slow).await;
    assert!(running.is_stream());
    let again = session.begin_call(41, "health_check", json!({})).await;
    assert_eq!(StatusCode::BAD_REQUEST, again.status());
    let other = session.begin_call(42, "health_check", json!({})).await;
    assert_eq!(StatusCode::OK, other.status());
    let cancelled = session
        .notify("notifications/cancelled", json!({ "requestId": 41 }))
        .await;
    assert_eq!(StatusCode::ACCEPTED, cancelled.status());
}
