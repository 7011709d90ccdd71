//! Signals between nodes.

use super::{Harness, next_event, session, workspace};
use crate::{EventId, RelayEvent, Signal, Topic};

fn signal(n: u64) -> Signal {
    let stream = "get".parse().expect("a stream id");
    Signal::EventsAppended {
        stream,
        upto: EventId(n),
    }
}

/// The publisher hears itself too, and nobody hears anything out of order.
pub async fn every_subscribed_node_receives_in_order(h: &impl Harness) {
    let (node, other) = (h.node(), h.other_node().await);
    let topic = Topic::Session(session("acme", 1, 1));
    let mut receivers = vec![node.clone()];
    if node.is_shared {
        receivers.push(other.clone());
    }
    let mut streams = Vec::new();
    for receiver in &receivers {
        receiver.relay.subscribe(&topic).await.unwrap();
        receiver.relay.subscribe(&topic).await.unwrap();
        streams.push(receiver.relay.stream().unwrap());
    }
    let signals = [
        Signal::Changed,
        signal(1),
        Signal::ReplyArrived {
            request: "\"ä\"".to_owned(),
        },
        Signal::CancelRequested {
            request: "1".to_owned(),
        },
        Signal::SessionEnded,
    ];
    for signal in signals.iter().cloned().chain((0..100).map(signal)) {
        other.relay.publish(&topic, &signal).await.unwrap();
    }
    for stream in &mut streams {
        for signal in signals.iter().cloned().chain((0..100).map(signal)) {
            let expected = RelayEvent::Signal(topic.clone(), signal);
            assert_eq!(expected, next_event(stream).await, "each once");
        }
    }
}

/// After unsubscribing nothing of the topic comes, and the others go on.
pub async fn an_unsubscribed_topic_is_silent(h: &impl Harness) {
    let (node, other) = (h.node(), h.other_node().await);
    let (left, kept) = (
        Topic::Session(session("acme", 1, 1)),
        Topic::Workspace(workspace("acme")),
    );
    let mut stream = node.relay.stream().unwrap();
    node.relay.unsubscribe(&left).await.unwrap();
    for topic in [&left, &kept] {
        node.relay.subscribe(topic).await.unwrap();
    }
    node.relay.unsubscribe(&left).await.unwrap();
    other.relay.publish(&left, &signal(1)).await.unwrap();
    other.relay.publish(&kept, &signal(2)).await.unwrap();
    assert_eq!(
        RelayEvent::Signal(kept.clone(), signal(2)),
        next_event(&mut stream).await
    );
    node.relay.subscribe(&left).await.unwrap();
    other.relay.publish(&left, &signal(3)).await.unwrap();
    assert_eq!(
        RelayEvent::Signal(left, signal(3)),
        next_event(&mut stream).await
    );
}

/// One reader a node.
pub async fn the_stream_is_given_out_once(h: &impl Harness) {
    let relay = h.node().relay;
    let mut stream = relay.stream().unwrap();
    assert!(relay.stream().is_none());
    let topic = Topic::Workspace(workspace("acme"));
    relay.subscribe(&topic).await.unwrap();
    relay.publish(&topic, &signal(1)).await.unwrap();
    assert_eq!(
        RelayEvent::Signal(topic, signal(1)),
        next_event(&mut stream).await
    );
}

/// A topic is its whole name.
pub async fn topics_of_other_principals_are_silent(h: &impl Harness) {
    let (node, other) = (h.node(), h.other_node().await);
    let mine = Topic::Session(session("acme", 1, 1));
    let mut stream = node.relay.stream().unwrap();
    node.relay.subscribe(&mine).await.unwrap();
    for theirs in [
        Topic::Session(session("acme", 2, 1)),
        Topic::Session(session("rival", 1, 1)),
        Topic::Session(session("acme", 1, 2)),
        Topic::Workspace(workspace("acme")),
        Topic::Workspace(workspace("rival")),
    ] {
        other.relay.publish(&theirs, &signal(1)).await.unwrap();
    }
    other.relay.publish(&mine, &signal(2)).await.unwrap();
    assert_eq!(
        RelayEvent::Signal(mine, signal(2)),
        next_event(&mut stream).await
    );
}

/// A node that does not read keeps a bounded number, and learns that it lost some.
pub async fn signals_that_nobody_reads_become_a_gap(h: &impl Harness) {
    const SENT: usize = 10_000;
    let (node, other) = (h.node(), h.other_node().await);
    let (flood, end) = (
        Topic::Session(session("acme", 1, 1)),
        Topic::Workspace(workspace("acme")),
    );
    node.relay.subscribe(&flood).await.unwrap();
    node.relay.subscribe(&end).await.unwrap();
    for _ in 0..SENT {
        other.relay.publish(&flood, &signal(1)).await.unwrap();
    }
    let mut stream = node.relay.stream().unwrap();
    other.relay.publish(&end, &Signal::Changed).await.unwrap();
    let mut gaps = 0;
    let mut received = 0;
    loop {
        match next_event(&mut stream).await {
            RelayEvent::Gap => gaps += 1,
            RelayEvent::Signal(topic, _) if topic == end => break,
            RelayEvent::Signal(..) => received += 1,
        }
    }
    assert!(gaps > 0, "{SENT} signals must not all wait");
    assert!(received < SENT, "received {received} and lost none");
}
