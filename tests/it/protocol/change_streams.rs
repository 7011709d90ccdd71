//! `subscriptions/listen`, and the GET stream of sessions.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{OneNode, Reply, eventually};

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

#[tokio::test]
async fn a_listener_hears_what_it_asked_for_under_its_own_id_and_nothing_else() {
    let node = OneNode::start().await;
    let caller = node.as_user("viewer");
    for id in [json!("my stream"), json!(77)] {
        let params = json!({ "notifications": {
            "toolsListChanged": true, "promptsListChanged": false,
            "resourceSubscriptions": ["test://watched-resource"], "taskIds": ["t"], "somethingNew": true,
        } });
        let body = caller.body(&id, "subscriptions/listen", params);
        let mut events = Reply(caller.request(&body).send().await.unwrap()).events();
        let first = events.message().await.unwrap();
        assert_eq!("notifications/subscriptions/acknowledged", first["method"]);
        assert_eq!(id, first["params"]["_meta"][SUBSCRIPTION]);
        assert_eq!(
            json!({ "toolsListChanged": true, "resourceSubscriptions": ["test://watched-resource"] }),
            first["params"]["notifications"]
        );
        let admin = node.as_user("admin");
        admin.call("test_trigger_prompt_change", json!({})).await;
        admin.call("test_trigger_tool_change", json!({})).await;
        let next = events.message().await.unwrap();
        assert_eq!("notifications/tools/list_changed", next["method"], "{next}");
        assert_eq!(id, next["params"]["_meta"][SUBSCRIPTION]);
    }
}

#[tokio::test]
async fn a_listener_that_does_not_say_what_it_wants_is_refused_before_a_stream() {
    let node = OneNode::start().await;
    for params in [
        json!({}),
        json!({ "notifications": null }),
        json!({ "notifications": [] }),
        json!({ "notifications": { "toolsListChanged": "yes" } }),
        json!({ "notifications": { "resourceSubscriptions": "x" } }),
        json!({ "notifications": { "resourceSubscriptions": vec!["x:"; 3].into_iter().enumerate()
            .map(|(number, uri)| format!("{uri}{number}{}", "y".repeat(3_000))).collect::<Vec<_>>() } }),
    ] {
        let reply = node
            .as_user("admin")
            .send("subscriptions/listen", params.clone())
            .await;
        assert_eq!(400, reply.status().as_u16(), "{params}");
        assert_eq!(-32602, reply.json().await["error"]["code"]);
    }
}

#[tokio::test]
async fn a_user_has_so_many_streams_in_both_eras_together_and_others_have_theirs() {
    let node = OneNode::builder()
        .set("SERVER__STREAMS_PER_USER", "2")
        .start()
        .await;
    let viewer = node.as_user("viewer");
    let listen = json!({ "notifications": { "toolsListChanged": true } });
    let modern = viewer.send("subscriptions/listen", listen.clone()).await;
    assert!(modern.is_stream());
    let session = viewer.open_session().await;
    let legacy = session.get(None).await;
    assert!(legacy.is_stream());
    let other = viewer.open_session().await;
    for refused in [
        viewer.send("subscriptions/listen", listen.clone()).await,
        other.get(None).await,
    ] {
        assert_eq!(429, refused.status().as_u16());
        assert!(refused.header("retry-after").is_some());
        let body = refused.json().await;
        let told = body["error"]["message"].as_str().unwrap();
        assert!(
            told.contains("as many open streams as a user may have"),
            "{told}"
        );
    }
    let admin = node.as_user("admin");
    let theirs = admin.send("subscriptions/listen", listen.clone()).await;
    assert!(theirs.is_stream());
    // A stream that is closed leaves its place.
    drop(modern);
    eventually("the place is free", async || {
        let stream = viewer.send("subscriptions/listen", listen.clone()).await;
        stream.is_stream().then_some(())
    })
    .await;
}

#[tokio::test]
async fn null_in_what_a_listener_wants_is_the_same_as_left_out() {
    let node = OneNode::start().await;
    let wanted = json!({ "notifications": { "toolsListChanged": null, "promptsListChanged": true, "resourceSubscriptions": null } });
    let mut events = node
        .as_user("viewer")
        .send("subscriptions/listen", wanted)
        .await
        .events();
    let first = events.message().await.unwrap();
    assert_eq!(
        json!({ "promptsListChanged": true }),
        first["params"]["notifications"]
    );
}

#[tokio::test]
async fn a_session_hears_changes_on_its_one_get_stream_and_of_resources_only_what_it_subscribed_to()
{
    let node = OneNode::start().await;
    let session = node.as_user("viewer").open_session().await;
    for uri in ["test://watched-resource", "test://static-text"] {
        let answer = session
            .ask("resources/subscribe", json!({ "uri": uri }))
            .await;
        assert_eq!(json!({}), answer["result"]);
    }
    let answer = session
        .ask(
            "resources/unsubscribe",
            json!({ "uri": "test://static-text" }),
        )
        .await;
    assert_eq!(json!({}), answer["result"]);
    let mut events = session.get(None).await.events();
    let priming = events.next().await.unwrap();
    assert!(
        priming.id.is_some() && priming.data.is_empty(),
        "{priming:?}"
    );
    node.as_user("admin")
        .call("test_trigger_prompt_change", json!({}))
        .await;
    let event = events.next().await.unwrap();
    assert_eq!(
        "notifications/prompts/list_changed",
        event.message()["method"]
    );
    drop(events);
    // What happened while nobody listened is told to who comes back.
    node.as_user("admin")
        .call("test_trigger_tool_change", json!({}))
        .await;
    let mut events = session.get(event.id.as_deref()).await.events();
    let missed = events.until("notifications/tools/list_changed").await;
    assert!(missed.get("id").is_none(), "{missed}");
}

#[tokio::test]
async fn the_end_of_a_session_ends_its_stream() {
    let node = OneNode::start().await;
    let session = node.as_user("viewer").open_session().await;
    let mut events = session.get(None).await.events();
    events.next().await.unwrap();
    assert_eq!(204, session.delete().await.as_u16());
    assert_eq!(None, events.next().await);
}

#[tokio::test]
async fn a_change_in_one_workspace_is_not_heard_in_another() {
    let node = OneNode::builder()
        .workspace("acme", "")
        .workspace("rival", "")
        .start()
        .await;
    let everything = json!({
        "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
    });
    let admin = node.as_user("admin");
    let mut theirs = admin
        .clone()
        .workspace("rival")
        .listen(everything.clone())
        .await;
    let mut ours = admin.clone().workspace("acme").listen(everything).await;
    admin
        .clone()
        .workspace("acme")
        .call("test_trigger_tool_change", json!({}))
        .await;
    ours.until("notifications/tools/list_changed").await;
    assert!(
        theirs
            .next_within(Duration::from_millis(300))
            .await
            .is_none()
    );
    // The stream of the other workspace lives.
    admin
        .workspace("rival")
        .call("test_trigger_prompt_change", json!({}))
        .await;
    let next: Value = theirs.message().await.unwrap();
    assert_eq!("notifications/prompts/list_changed", next["method"]);
}
