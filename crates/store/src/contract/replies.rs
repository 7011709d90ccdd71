//! Clients' answers to requests of the server.

use std::time::Duration;

use bytes::Bytes;

use super::{Harness, LONG, SHORT, eventually, session};
use crate::CacheKey;

/// However many ask at the same moment, one gets the reply.
pub async fn a_reply_is_taken_once_by_two_racers(h: &impl Harness) {
    let (a, b) = (h.node().replies, h.other_node().await.replies);
    let key = session("acme", 1, 1);
    for n in 0..50 {
        let request = format!("request-{n}");
        let reply = Bytes::from(format!("{{\"id\":{n}}}"));
        a.put(&key, &request, reply.clone(), LONG).await.unwrap();
        let racers = [a.clone(), b.clone()].map(|node| {
            let (key, request) = (key.clone(), request.clone());
            tokio::spawn(async move { node.take(&key, &request).await })
        });
        let mut taken = Vec::new();
        for racer in racers {
            taken.extend(racer.await.unwrap().unwrap());
        }
        assert_eq!(vec![reply], taken);
        assert_eq!(None, b.take(&key, &request).await.unwrap());
    }
}

/// Nobody waits for ever, and neither does a reply.
pub async fn a_reply_expires(h: &impl Harness) {
    let node = h.node();
    let key = session("acme", 1, 1);
    node.replies
        .put(&key, "1", Bytes::from_static(b"a"), SHORT)
        .await
        .unwrap();
    // Looking takes a reply, so something that expires later tells when to look.
    let witness = CacheKey {
        workspace: key.workspace.clone(),
        digest: [0; 32],
    };
    let later = SHORT + Duration::from_millis(50);
    node.cache.put(&witness, Bytes::new(), later).await.unwrap();
    h.elapse(later).await;
    eventually("the time to live is over", async || {
        node.cache.get(&witness).await.unwrap().is_none()
    })
    .await;
    assert_eq!(None, node.replies.take(&key, "1").await.unwrap());
}

/// The whole key names a reply.
pub async fn a_reply_is_only_its_sessions(h: &impl Harness) {
    let replies = h.node().replies;
    let mine = session("acme", 1, 1);
    replies
        .put(&mine, "1", Bytes::from_static(b"mine"), LONG)
        .await
        .unwrap();
    for theirs in [
        session("acme", 2, 1),
        session("rival", 1, 1),
        session("acme", 1, 2),
    ] {
        assert_eq!(None, replies.take(&theirs, "1").await.unwrap());
    }
    assert_eq!(
        Some(Bytes::from_static(b"mine")),
        replies.take(&mine, "1").await.unwrap()
    );
}

/// No request id can name another's reply.
pub async fn request_ids_of_any_text_are_apart(h: &impl Harness) {
    let replies = h.node().replies;
    let key = session("acme", 1, 1);
    let long = "x".repeat(5_000);
    let ids = [
        "1",
        "1:1",
        "",
        "{a}",
        "~",
        "\"1\"",
        "ä\n",
        &long,
        &long[1..],
    ];
    for (n, id) in ids.iter().enumerate() {
        replies
            .put(&key, id, Bytes::from(n.to_string()), LONG)
            .await
            .unwrap();
    }
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(
            Some(Bytes::from(n.to_string())),
            replies.take(&key, id).await.unwrap()
        );
    }
}
