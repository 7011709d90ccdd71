//! Event ids, the priming event, and coming back after a cut (2025-11-25).

use serde_json::json;

use crate::harness::{Event, OneNode};

async fn node() -> OneNode {
    OneNode::builder()
        .set("SERVER__SSE_RETRY_MS", "1234")
        .start()
        .await
}

#[tokio::test]
async fn a_stream_begins_with_an_id_and_how_long_to_wait_in_the_revision_that_knows_it() {
    let node = node().await;
    for (version, is_primed) in [
        ("2025-11-25", true),
        ("2025-06-18", false),
        ("2025-03-26", false),
    ] {
        let session = node.as_user("admin").open_session_of(version).await;
        let reply = session
            .begin_call(1, "test_tool_with_progress", json!({}))
            .await;
        let first = reply.events().next().await.unwrap();
        assert_eq!(is_primed, first.data.is_empty(), "{version}: {first:?}");
        assert_eq!(
            is_primed.then_some(1234),
            first.retry_ms,
            "{version}: {first:?}"
        );
    }
    // 2026-07-28 has no event ids.
    let params = json!({ "name": "test_tool_with_progress", "_meta": { "progressToken": 1 } });
    let reply = node.as_user("admin").send("tools/call", params).await;
    for event in reply.events().rest().await {
        assert_eq!(
            (None, None),
            (event.id.as_ref(), event.retry_ms),
            "{event:?}"
        );
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_the_event_that_was_seen_last_and_only_that_stream() {
    let node = node().await;
    let session = node.as_user("admin").open_session().await;
    let (one, other) = tokio::join!(
        session.begin_call(1, "test_tool_with_progress", json!({})),
        session.begin_call(2, "test_tool_with_progress", json!({})),
    );
    let (one, _) = tokio::join!(one.events().rest(), other.events().rest());
    let ids: Vec<&str> = one
        .iter()
        .map(|event| event.id.as_deref().unwrap())
        .collect();
    let distinct: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    for seen in 0..one.len() {
        let rest = session.get(Some(ids[seen])).await.events().rest().await;
        let expected: Vec<&Event> = one[seen + 1..].iter().collect();
        let data = |events: &[&Event]| -> Vec<(Option<String>, String)> {
            events
                .iter()
                .filter(|event| !event.data.is_empty())
                .map(|event| (event.id.clone(), event.data.clone()))
                .collect()
        };
        let rest: Vec<&Event> = rest.iter().collect();
        assert_eq!(data(&expected), data(&rest), "after {seen}");
    }
}

#[tokio::test]
async fn nobody_resumes_a_stream_of_another_session() {
    let node = node().await;
    let admin = node.as_user("admin");
    let session = admin.open_session().await;
    let events = session
        .begin_call(1, "test_tool_with_progress", json!({}))
        .await
        .events()
        .rest()
        .await;
    let first = events[0].id.as_deref();
    for other in [
        admin.open_session().await,
        node.as_user("viewer").open_session().await,
    ] {
        let reply = other.get(first).await;
        assert_eq!(200, reply.status().as_u16());
        // An empty stream that ends: an error would make browsers ask for ever.
        assert_eq!(Vec::<Event>::new(), reply.events().rest().await);
    }
}

#[tokio::test]
async fn an_event_id_that_cannot_be_ours_is_refused() {
    let node = node().await;
    let session = node.as_user("admin").open_session().await;
    for id in [
        "x",
        "a.b.c",
        "stream.-1",
        "stream.99999999999999999999999",
        ".",
        "*.1",
        "{x}.1",
    ] {
        let reply = session.get(Some(id)).await;
        let status = reply.status().as_u16();
        assert!(status == 400 || reply.is_stream(), "{id}: {status}");
        if status == 200 {
            assert_eq!(Vec::<Event>::new(), reply.events().rest().await, "{id}");
        }
    }
}

#[tokio::test]
async fn a_tool_may_close_its_stream_and_answer_when_the_client_is_back() {
    let node = node().await;
    let session = node.as_user("admin").open_session().await;
    let begun = session
        .begin_call(3, "test_reconnection", json!({}))
        .await
        .events()
        .rest()
        .await;
    let mut answers: Vec<serde_json::Value> = begun
        .iter()
        .filter(|event| !event.data.is_empty())
        .map(Event::message)
        .collect();
    if answers.is_empty() {
        let last = begun.last().unwrap().id.as_deref();
        let rest = session.get(last).await.events().rest().await;
        answers.extend(
            rest.iter()
                .filter(|event| !event.data.is_empty())
                .map(Event::message),
        );
    }
    assert_eq!(3, answers.last().unwrap()["id"], "{answers:?}");
}
