//! Short-lived values of sign-in and authorization.

use bytes::Bytes;

use super::{Harness, LONG, SHORT, eventually};
use crate::{MAX_TICKET_BYTES, StoreErrorKind, TicketKind};

fn value(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// Whoever names a ticket on any node gets what was put there first.
pub async fn a_ticket_is_issued_once_and_read_everywhere(h: &impl Harness) {
    let (a, b) = (h.node().tickets, h.other_node().await.tickets);
    let kind = TicketKind::Transaction;
    let binary = Bytes::from_static(&[0, 255, b'"', b'\n', 0xC3]);
    assert!(a.issue(kind, "k", binary.clone(), LONG).await.unwrap());
    assert!(!b.issue(kind, "k", value("other"), LONG).await.unwrap());
    for node in [&a, &b, &a] {
        assert_eq!(Some(binary.clone()), node.get(kind, "k").await.unwrap());
    }
    b.remove(kind, "k").await.unwrap();
    assert_eq!(None, a.get(kind, "k").await.unwrap());
    a.remove(kind, "k").await.unwrap();
    assert!(a.issue(kind, "k", value("again"), LONG).await.unwrap());
}

/// However many ask at the same moment, one gets the ticket: a code is redeemed once.
pub async fn a_ticket_is_taken_once_by_racers_on_two_nodes(h: &impl Harness) {
    let (a, b) = (h.node().tickets, h.other_node().await.tickets);
    let kind = TicketKind::Code;
    for n in 0..50 {
        let key = format!("code-{n}");
        a.issue(kind, &key, value(&key), LONG).await.unwrap();
        let racers = (0..4).map(|racer| {
            let node = if racer % 2 == 0 { a.clone() } else { b.clone() };
            let key = key.clone();
            tokio::spawn(async move { node.take(kind, &key).await })
        });
        let taken: Vec<Bytes> = futures_util::future::join_all(racers)
            .await
            .into_iter()
            .filter_map(|racer| racer.unwrap().unwrap())
            .collect();
        assert_eq!(vec![value(&key)], taken);
        assert_eq!(None, b.get(kind, &key).await.unwrap());
    }
}

/// Two nodes that see the same assertion at once: one of them is the first.
pub async fn a_ticket_is_issued_once_by_racers_on_two_nodes(h: &impl Harness) {
    let (a, b) = (h.node().tickets, h.other_node().await.tickets);
    let kind = TicketKind::Assertion;
    for n in 0..50 {
        let racers = (0..4).map(|racer: usize| {
            let node = if racer.is_multiple_of(2) {
                a.clone()
            } else {
                b.clone()
            };
            tokio::spawn(
                async move { node.issue(kind, &format!("jti-{n}"), value(""), LONG).await },
            )
        });
        let first = futures_util::future::join_all(racers)
            .await
            .into_iter()
            .filter(|racer| matches!(racer, Ok(Ok(true))))
            .count();
        assert_eq!(1, first);
    }
}

/// What two people decide about the same state is decided by one of them.
pub async fn a_ticket_is_replaced_only_from_what_was_read(h: &impl Harness) {
    let (a, b) = (h.node().tickets, h.other_node().await.tickets);
    let kind = TicketKind::DeviceCode;
    let (pending, allowed) = (value("pending"), value("allowed"));
    let replaced = a
        .replace(kind, "k", &pending, allowed.clone(), LONG)
        .await
        .unwrap();
    assert!(!replaced, "nothing is there");
    assert_eq!(None, b.get(kind, "k").await.unwrap());
    a.issue(kind, "k", pending.clone(), LONG).await.unwrap();
    let racers = [a.clone(), b.clone()].map(|node| {
        let (pending, allowed) = (pending.clone(), allowed.clone());
        tokio::spawn(async move { node.replace(kind, "k", &pending, allowed, LONG).await })
    });
    let mut winners = 0;
    for racer in racers {
        winners += usize::from(racer.await.unwrap().unwrap());
    }
    assert_eq!(1, winners);
    assert_eq!(Some(allowed.clone()), a.get(kind, "k").await.unwrap());
    let back = b.replace(kind, "k", &pending, pending.clone(), LONG).await;
    assert!(!back.unwrap());
    assert!(b.replace(kind, "k", &allowed, pending, LONG).await.unwrap());
}

/// Each kind has a namespace, whatever the keys are.
pub async fn tickets_of_kinds_and_keys_are_apart(h: &impl Harness) {
    let tickets = h.node().tickets;
    let long = "k".repeat(3_000);
    let keys = [
        "1",
        "11",
        "a:b",
        "a}b{c",
        "",
        "~",
        "é\u{0}",
        &long,
        &long[1..],
    ];
    for kind in TicketKind::ALL {
        for key in keys {
            let own = value(&format!("{kind:?} {key}"));
            assert!(tickets.issue(kind, key, own, LONG).await.unwrap());
        }
    }
    for kind in TicketKind::ALL {
        for key in keys {
            let own = value(&format!("{kind:?} {key}"));
            assert_eq!(Some(own), tickets.take(kind, key).await.unwrap());
        }
    }
}

/// What is not kept goes; what is kept stays.
pub async fn a_ticket_expires_unless_it_is_kept(h: &impl Harness) {
    let (a, b) = (h.node().tickets, h.other_node().await.tickets);
    let kind = TicketKind::BrowserSession;
    for key in ["kept", "replaced", "left", "shortened"] {
        let life = if key == "shortened" { LONG } else { SHORT };
        a.issue(kind, key, value(key), life).await.unwrap();
    }
    assert!(b.keep(kind, "kept", LONG).await.unwrap());
    assert!(b.keep(kind, "shortened", SHORT).await.unwrap());
    assert!(!b.keep(kind, "unknown", LONG).await.unwrap());
    let old = value("replaced");
    let replaced = b.replace(kind, "replaced", &old, value("new"), LONG);
    assert!(replaced.await.unwrap());
    h.elapse(SHORT).await;
    eventually("what was not kept is gone", async || {
        b.get(kind, "left").await.unwrap().is_none()
            && b.get(kind, "shortened").await.unwrap().is_none()
    })
    .await;
    assert!(!a.keep(kind, "left", LONG).await.unwrap());
    assert_eq!(None, a.take(kind, "left").await.unwrap());
    assert_eq!(Some(value("kept")), a.get(kind, "kept").await.unwrap());
    assert_eq!(Some(value("new")), a.get(kind, "replaced").await.unwrap());
    assert!(a.issue(kind, "left", value("again"), LONG).await.unwrap());
}

/// Nothing that belongs here is as large; what is, is refused and not cut.
pub async fn a_ticket_that_is_too_large_is_refused(h: &impl Harness) {
    let tickets = h.node().tickets;
    let kind = TicketKind::ClientDocument;
    let (most, more) = (
        Bytes::from(vec![b'x'; MAX_TICKET_BYTES]),
        Bytes::from(vec![b'x'; MAX_TICKET_BYTES + 1]),
    );
    let refused = tickets.issue(kind, "k", more.clone(), LONG).await;
    assert_eq!(StoreErrorKind::Unavailable, refused.unwrap_err().kind);
    assert!(tickets.issue(kind, "k", most.clone(), LONG).await.unwrap());
    let refused = tickets.replace(kind, "k", &most, more, LONG).await;
    assert_eq!(StoreErrorKind::Unavailable, refused.unwrap_err().kind);
    assert_eq!(Some(most), tickets.get(kind, "k").await.unwrap());
}

/// All nodes count together, and none of what they count at once is lost.
pub async fn concurrent_failures_are_all_counted(h: &impl Harness) {
    let (a, b) = (h.node().counters, h.other_node().await.counters);
    assert_eq!(None, a.read("sign-in:anna").await.unwrap());
    let additions = (0..40).map(|n: usize| {
        let node = if n.is_multiple_of(2) {
            a.clone()
        } else {
            b.clone()
        };
        tokio::spawn(async move { node.add("sign-in:anna", LONG).await })
    });
    let mut counts: Vec<u64> = futures_util::future::join_all(additions)
        .await
        .into_iter()
        .map(|count| count.unwrap().unwrap())
        .collect();
    counts.sort_unstable();
    assert_eq!((1..=40).collect::<Vec<u64>>(), counts);
    let counter = b.read("sign-in:anna").await.unwrap().unwrap();
    assert_eq!(40, counter.count);
    assert_eq!(None, b.read("sign-in:bert").await.unwrap());
    b.clear("sign-in:anna").await.unwrap();
    assert_eq!(None, a.read("sign-in:anna").await.unwrap());
    assert_eq!(1, a.add("sign-in:anna", LONG).await.unwrap());
}

/// The window begins anew with each failure, and the time since the last one is known.
pub async fn a_counter_starts_again_after_its_window(h: &impl Harness) {
    let (a, b) = (h.node().counters, h.other_node().await.counters);
    let before = h.clock().unix_millis();
    a.add("kept", SHORT).await.unwrap();
    a.add("left", SHORT).await.unwrap();
    assert_eq!(2, b.add("kept", LONG).await.unwrap());
    h.elapse(SHORT).await;
    eventually("the window is over", async || {
        b.read("left").await.unwrap().is_none()
    })
    .await;
    let kept = b.read("kept").await.unwrap().unwrap();
    assert_eq!(2, kept.count);
    // Two clocks tell this time, so a little is granted at either end.
    let most = h.clock().unix_millis() - before + 100;
    let since = i64::try_from(kept.since_last.as_millis()).unwrap();
    let least = SHORT.mul_f32(0.5);
    assert!(kept.since_last >= least, "only {since} ms");
    assert!(since <= most, "{since} ms of {most}");
    assert_eq!(1, b.add("left", SHORT).await.unwrap());
}
