//! Finished answers.

use bytes::Bytes;

use super::{Harness, LONG, SHORT, eventually, workspace};
use crate::{CacheKey, MAX_ANSWER_BYTES};

fn key(workspace_name: &str, digest: u8) -> CacheKey {
    CacheKey {
        workspace: workspace(workspace_name),
        digest: [digest; 32],
    }
}

/// Each answer has a time to live of its own, and the newest holds.
pub async fn an_answer_is_kept_until_it_expires(h: &impl Harness) {
    let (a, b) = (h.node().cache, h.other_node().await.cache);
    let (short, long) = (key("acme", 1), key("acme", 2));
    a.put(&short, Bytes::from_static(b"short"), LONG)
        .await
        .unwrap();
    a.put(&short, Bytes::from_static(b"newer"), SHORT)
        .await
        .unwrap();
    a.put(&long, Bytes::from_static(b"\x00\xff"), SHORT)
        .await
        .unwrap();
    a.put(&long, Bytes::from_static(b"\x00\xfe"), LONG)
        .await
        .unwrap();
    assert_eq!(
        Some(Bytes::from_static(b"newer")),
        b.get(&short).await.unwrap()
    );
    h.elapse(SHORT).await;
    eventually("the answer expires", async || {
        b.get(&short).await.unwrap().is_none()
    })
    .await;
    assert_eq!(
        Some(Bytes::from_static(b"\x00\xfe")),
        b.get(&long).await.unwrap()
    );
    assert_eq!(None, b.get(&key("acme", 3)).await.unwrap());
}

/// The same digest in another workspace is another answer.
pub async fn an_answer_is_only_its_workspaces(h: &impl Harness) {
    let cache = h.node().cache;
    cache
        .put(&key("acme", 1), Bytes::from_static(b"secret"), LONG)
        .await
        .unwrap();
    assert_eq!(None, cache.get(&key("rival", 1)).await.unwrap());
    cache
        .put(&key("rival", 1), Bytes::from_static(b"theirs"), LONG)
        .await
        .unwrap();
    assert_eq!(
        Some(Bytes::from_static(b"secret")),
        cache.get(&key("acme", 1)).await.unwrap()
    );
}

/// One answer cannot fill the store.
pub async fn a_too_large_answer_is_not_kept(h: &impl Harness) {
    let cache = h.node().cache;
    let largest = Bytes::from(vec![b'x'; MAX_ANSWER_BYTES]);
    cache
        .put(&key("acme", 1), largest.clone(), LONG)
        .await
        .unwrap();
    assert_eq!(Some(largest), cache.get(&key("acme", 1)).await.unwrap());
    cache
        .put(
            &key("acme", 2),
            Bytes::from(vec![b'x'; MAX_ANSWER_BYTES + 1]),
            LONG,
        )
        .await
        .unwrap();
    assert_eq!(None, cache.get(&key("acme", 2)).await.unwrap());
}
