//! A stream that begins on one node is resumed on any other by `Last-Event-ID`.

use serde_json::{Value, json};

use crate::harness::{Event, PATIENCE, TestCluster, result_text};

/// The values of all progress, in order, and the final response.
fn read(events: &[Event]) -> (Vec<f64>, Vec<Value>) {
    let messages: Vec<Value> = events
        .iter()
        .filter(|event| !event.data.is_empty())
        .map(Event::message)
        .collect();
    let progress = messages
        .iter()
        .filter(|message| message["method"] == "notifications/progress")
        .map(|message| message["params"]["progress"].as_f64().unwrap())
        .collect();
    let last = messages
        .into_iter()
        .filter(|message| message.get("result").is_some());
    (progress, last.collect())
}

#[tokio::test]
async fn a_finished_stream_is_replayed_on_another_node_from_any_place() {
    let cluster = TestCluster::start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let on_b = on_a.on(cluster.node(1));
    let begun = on_a
        .begin_call(1, "test_tool_with_progress", json!({}))
        .await;
    let events = begun.events().rest().await;
    let (progress, last) = read(&events);
    assert_eq!(vec![0.0, 50.0, 100.0], progress);
    assert_eq!(1, last.len());
    assert!(
        events[0].data.is_empty() && events[0].retry_ms.is_some(),
        "a priming event first"
    );

    for (place, event) in events.iter().enumerate() {
        let rest = on_b.get(event.id.as_deref()).await.events().rest().await;
        assert_eq!(events[place + 1..], rest, "after {:?}", event.id);
    }
}

#[tokio::test]
async fn a_running_stream_goes_on_on_another_node_with_nothing_lost_or_twice() {
    let cluster = TestCluster::start(3).await;
    let session = cluster.node(0).as_user("admin").open_session().await;
    let arguments = json!({ "count": 40, "ms": 25 });
    let mut events = session
        .begin_call(1, "trouble_steps", arguments)
        .await
        .events();
    let mut seen = Vec::new();
    for hop in 1.. {
        // A few events through each node, then on to the next with the call still running.
        let ended = loop {
            match events.next().await {
                Some(event) => seen.push(event),
                None => break true,
            }
            if seen.len() % 8 == 0 {
                break false;
            }
        };
        if ended {
            break;
        }
        drop(events);
        let last = seen.last().unwrap().id.clone();
        events = session
            .on(cluster.node(hop % 3))
            .get(last.as_deref())
            .await
            .events();
    }
    let (progress, last) = read(&seen);
    let whole: Vec<f64> = (1..=40).map(f64::from).collect();
    assert_eq!(whole, progress);
    assert_eq!(
        "All steps are done.",
        last[0]["result"]["content"][0]["text"]
    );
    assert_eq!(1, last.len());
}

#[tokio::test]
async fn a_long_call_becomes_a_stream_and_two_streams_do_not_mix() {
    let builder = TestCluster::builder()
        .await
        .set("SERVER__SSE_AFTER_MS", "100");
    let cluster = builder.start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let on_b = on_a.on(cluster.node(1));
    // Without progress token nothing is said until the end.
    let quiet =
        |count| json!({ "name": "trouble_steps", "arguments": { "count": count, "ms": 100 } });
    let (first, second) = tokio::join!(
        on_a.send_as(1, "tools/call", quiet(5)),
        on_b.send_as(2, "tools/call", quiet(6)),
    );
    let (mut first, mut second) = (first.events(), second.events());
    let (first_id, second_id) = (
        first.next().await.unwrap().id,
        second.next().await.unwrap().id,
    );
    drop((first, second));
    let (first, second) = tokio::join!(
        on_b.get(first_id.as_deref()),
        on_a.get(second_id.as_deref()),
    );
    assert_eq!(1, first.answer().await["id"]);
    assert_eq!(2, second.answer().await["id"]);
}

#[tokio::test]
async fn a_connection_that_the_server_closes_is_resumed_elsewhere() {
    let cluster = TestCluster::start(2).await;
    let on_a = cluster.node(0).as_user("admin").open_session().await;
    let begun = on_a.begin_call(1, "test_reconnection", json!({})).await;
    let events = begun.events().rest().await;
    assert!(
        events.iter().all(|event| event.data.is_empty()),
        "{events:?}"
    );
    let last = events.last().unwrap().id.as_deref();
    let answer = on_a.on(cluster.node(1)).get(last).await.answer().await;
    assert_eq!(1, answer["id"]);
}

#[tokio::test]
async fn a_stream_whose_node_died_ends_and_one_that_is_quiet_does_not() {
    let mut cluster = TestCluster::start(3).await;
    let session = cluster.node(0).as_user("admin").open_session().await;
    let on_b = session.on(cluster.node(1));
    let on_c = session.on(cluster.node(2));
    let arguments = json!({ "count": 1000, "ms": 50 });
    let begun = session.begin_call(1, "trouble_steps", arguments).await;
    let mut lost = begun.events();
    let place = lost.next().await.unwrap().id;
    // Says nothing between its first step and its end, 20 s later.
    let arguments = json!({ "count": 1, "ms": 20_000 });
    let begun = on_b.begin_call(2, "trouble_steps", arguments).await;
    let quiet = begun.events().next().await.unwrap().id;

    let mut lost = on_c.get(place.as_deref()).await.events();
    let mut quiet = on_c.get(quiet.as_deref()).await.events();
    lost.until("notifications/progress").await;
    quiet.until("notifications/progress").await;
    cluster.node_mut(0).kill();
    while let Some(event) = lost.next().await {
        assert_eq!("notifications/progress", event.message()["method"]);
    }
    let last = quiet.next_within(2 * PATIENCE).await.unwrap().unwrap();
    assert_eq!("All steps are done.", result_text(&last.message()));
}
