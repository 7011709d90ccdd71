//! The messages of SSE streams.

use bytes::Bytes;

use super::{Harness, LONG, SHORT, eventually, session, stream};
use crate::{EventId, EventPage, Retention, StoredEvent};

const KEPT: Retention = Retention {
    max_events: 100,
    ttl: LONG,
};

fn event(text: &str) -> StoredEvent {
    StoredEvent {
        data: Bytes::copy_from_slice(text.as_bytes()),
        is_last: false,
    }
}

fn texts(page: &EventPage) -> Vec<(u64, &[u8])> {
    page.events
        .iter()
        .map(|(id, event)| (id.0, &event.data[..]))
        .collect()
}

/// What one node appends, another reads, page by page.
pub async fn events_are_read_in_order_from_any_place(h: &impl Harness) {
    let (a, b) = (h.node().events, h.other_node().await.events);
    let key = stream(session("acme", 1, 1), "get");
    let priming = StoredEvent {
        data: Bytes::new(),
        is_last: false,
    };
    assert_eq!(EventId(1), a.append(&key, priming, KEPT).await.unwrap());
    let binary = StoredEvent {
        data: Bytes::from_static(b"\x00\xff\r\n"),
        is_last: false,
    };
    assert_eq!(EventId(2), a.append(&key, binary, KEPT).await.unwrap());
    let last = StoredEvent {
        is_last: true,
        ..event("bye")
    };
    assert_eq!(
        EventId(3),
        a.append(&key, last.clone(), KEPT).await.unwrap()
    );

    let all = b.read(&key, EventId::START, 10).await.unwrap().unwrap();
    assert_eq!(
        vec![(1, &b""[..]), (2, b"\x00\xff\r\n"), (3, b"bye")],
        texts(&all)
    );
    assert_eq!(
        vec![false, false, true],
        all.events
            .iter()
            .map(|(_, e)| e.is_last)
            .collect::<Vec<_>>()
    );
    assert!(!all.has_gap);
    let page = b.read(&key, EventId(1), 1).await.unwrap().unwrap();
    assert_eq!(vec![(2, &b"\x00\xff\r\n"[..])], texts(&page));
    let page = b.read(&key, EventId(2), 10).await.unwrap().unwrap();
    assert_eq!(vec![(EventId(3), last)], page.events);
    let end = b.read(&key, EventId(3), 10).await.unwrap().unwrap();
    assert_eq!(
        EventPage {
            events: vec![],
            has_gap: false
        },
        end
    );
}

/// The newest events stay.
pub async fn old_events_are_dropped_above_the_cap_and_the_gap_is_told(h: &impl Harness) {
    let events = h.node().events;
    let key = stream(session("acme", 1, 1), "get");
    let kept = Retention {
        max_events: 3,
        ttl: LONG,
    };
    for n in 1..=5 {
        events
            .append(&key, event(&n.to_string()), kept)
            .await
            .unwrap();
    }
    for (after, has_gap, ids) in [
        (0, true, vec![3, 4, 5]),
        (1, true, vec![3, 4, 5]),
        (2, false, vec![3, 4, 5]),
        (4, false, vec![5]),
    ] {
        let page = events
            .read(&key, EventId(after), 10)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            ids,
            page.events.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            "after {after}"
        );
        assert_eq!(has_gap, page.has_gap, "after {after}");
    }
}

/// Nothing is known of a stream that is not there.
pub async fn an_unknown_or_expired_stream_is_none(h: &impl Harness) {
    let events = h.node().events;
    let key = stream(session("acme", 1, 1), "get");
    assert_eq!(None, events.read(&key, EventId::START, 10).await.unwrap());
    events
        .append(
            &key,
            event("a"),
            Retention {
                max_events: 9,
                ttl: SHORT,
            },
        )
        .await
        .unwrap();
    h.elapse(SHORT).await;
    eventually("the stream expires", async || {
        events
            .read(&key, EventId::START, 10)
            .await
            .unwrap()
            .is_none()
    })
    .await;
    let id = events.append(&key, event("b"), KEPT).await.unwrap();
    assert_eq!(EventId(1), id, "a new stream begins anew");
}

/// The time to live counts from the last event.
pub async fn appending_keeps_a_stream_alive(h: &impl Harness) {
    let events = h.node().events;
    let (kept, left) = (
        stream(session("acme", 1, 1), "kept"),
        stream(session("acme", 1, 1), "left"),
    );
    let short = Retention {
        max_events: 9,
        ttl: SHORT,
    };
    events.append(&kept, event("a"), short).await.unwrap();
    events.append(&kept, event("b"), KEPT).await.unwrap();
    events.append(&left, event("a"), short).await.unwrap();
    h.elapse(SHORT).await;
    eventually("the stream without new events expires", async || {
        events
            .read(&left, EventId::START, 10)
            .await
            .unwrap()
            .is_none()
    })
    .await;
    let page = events
        .read(&kept, EventId::START, 10)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(2, page.events.len());
}

/// A client that comes with an id of an earlier life of the stream is told.
pub async fn a_place_beyond_the_end_is_a_gap(h: &impl Harness) {
    let events = h.node().events;
    let key = stream(session("acme", 1, 1), "get");
    events.append(&key, event("a"), KEPT).await.unwrap();
    for after in [2, 1_000_000, u64::MAX] {
        let page = events
            .read(&key, EventId(after), 10)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            EventPage {
                events: vec![],
                has_gap: true
            },
            page,
            "after {after}"
        );
    }
}

/// Removing names streams, not sessions.
pub async fn removed_streams_are_gone_and_others_stay(h: &impl Harness) {
    let events = h.node().events;
    let keys = [
        stream(session("acme", 1, 1), "a"),
        stream(session("acme", 1, 1), "b"),
        stream(session("rival", 1, 1), "a"),
        stream(session("acme", 1, 2), "a"),
    ];
    for key in &keys {
        events.append(key, event("x"), KEPT).await.unwrap();
    }
    events.remove(&keys[..3]).await.unwrap();
    events.remove(&[]).await.unwrap();
    for (key, is_there) in keys.iter().zip([false, false, false, true]) {
        assert_eq!(
            is_there,
            events.read(key, EventId::START, 1).await.unwrap().is_some()
        );
    }
}

/// Two nodes may write one stream.
pub async fn concurrent_events_get_places_without_gaps(h: &impl Harness) {
    let (a, b) = (h.node().events, h.other_node().await.events);
    let key = stream(session("acme", 1, 1), "get");
    let appends = (0..60).map(|n| {
        let node = if n % 2 == 0 { a.clone() } else { b.clone() };
        let key = key.clone();
        tokio::spawn(async move { node.append(&key, event(&n.to_string()), KEPT).await })
    });
    let mut ids = Vec::new();
    for id in futures_util::future::join_all(appends).await {
        ids.push(id.unwrap().unwrap().0);
    }
    ids.sort_unstable();
    assert_eq!((1..=60).collect::<Vec<_>>(), ids);
    assert_eq!(
        60,
        a.read(&key, EventId::START, 100)
            .await
            .unwrap()
            .unwrap()
            .events
            .len()
    );
}

/// The whole key names a stream.
pub async fn streams_of_other_principals_are_apart(h: &impl Harness) {
    let events = h.node().events;
    let mine = stream(session("acme", 1, 1), "get");
    events.append(&mine, event("secret"), KEPT).await.unwrap();
    for theirs in [
        stream(session("acme", 2, 1), "get"),
        stream(session("rival", 1, 1), "get"),
        stream(session("acme", 1, 2), "get"),
        stream(session("acme", 1, 1), "get2"),
    ] {
        assert_eq!(
            None,
            events.read(&theirs, EventId::START, 10).await.unwrap()
        );
    }
}
