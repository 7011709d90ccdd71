//! What changed in a workspace.

use tidegate_types::{EntityKind, EntityRef};

use super::{Harness, next_event, workspace};
use crate::{Change, ChangePage, Epoch, RelayEvent, Signal, Topic};

fn resource(n: u64) -> Change {
    Change::Resource {
        uri: format!("instance://{n}?ä"),
    }
}

/// What one node appends, another reads.
pub async fn changes_are_read_in_order_on_every_node(h: &impl Harness) {
    let (a, b) = (h.node().changes, h.other_node().await.changes);
    let acme = workspace("acme");
    assert_eq!(Epoch(0), a.head(&acme).await.unwrap());
    let all = [
        Change::Tools,
        resource(1),
        Change::Rights,
        Change::Revoked {
            token: "t:1".parse().unwrap(),
        },
        Change::UserLost {
            user: tidegate_types::UserId(7),
        },
        Change::Content {
            things: vec![EntityRef {
                kind: EntityKind::Chart,
                id: 7,
            }],
        },
        Change::Flags,
    ];
    for (n, change) in (1..).zip(&all) {
        assert_eq!(Epoch(n), a.append(&acme, change.clone()).await.unwrap());
    }
    assert_eq!(Epoch(7), b.head(&acme).await.unwrap());
    let page = b.read(&acme, Epoch(0)).await.unwrap();
    let changes = (1..).map(Epoch).zip(all.iter().cloned()).collect();
    assert_eq!(
        ChangePage {
            changes,
            head: Epoch(7),
            has_gap: false
        },
        page
    );
    let page = b.read(&acme, Epoch(6)).await.unwrap();
    assert_eq!(vec![(Epoch(7), Change::Flags)], page.changes);
    let page = b.read(&acme, Epoch(7)).await.unwrap();
    assert_eq!(
        ChangePage {
            changes: vec![],
            head: Epoch(7),
            has_gap: false
        },
        page
    );
}

/// A node that subscribes to the workspace hears of a change without asking.
pub async fn a_change_is_signalled_to_every_node(h: &impl Harness) {
    let (node, other) = (h.node(), h.other_node().await);
    let topic = Topic::Workspace(workspace("acme"));
    let mut stream = other.relay.stream().unwrap();
    other.relay.subscribe(&topic).await.unwrap();
    let epoch = node
        .changes
        .append(&workspace("acme"), Change::Tools)
        .await
        .unwrap();
    assert_eq!(
        RelayEvent::Signal(topic, Signal::Changed),
        next_event(&mut stream).await
    );
    let page = other
        .changes
        .read(&workspace("acme"), Epoch(0))
        .await
        .unwrap();
    assert_eq!(
        vec![(epoch, Change::Tools)],
        page.changes,
        "it is there when the signal comes"
    );
}

/// A thousand changes are kept.
pub async fn old_changes_are_dropped_and_the_gap_is_told(h: &impl Harness) {
    let (changes, acme) = (h.node().changes, workspace("acme"));
    for n in 1..=1_005 {
        changes.append(&acme, resource(n)).await.unwrap();
    }
    for (after, has_gap, first, count) in [
        (0, true, 6, 1_000),
        (4, true, 6, 1_000),
        (5, false, 6, 1_000),
        (1_004, false, 1_005, 1),
    ] {
        let page = changes.read(&acme, Epoch(after)).await.unwrap();
        assert_eq!(
            (has_gap, Epoch(1_005), count),
            (page.has_gap, page.head, page.changes.len()),
            "after {after}"
        );
        assert_eq!(
            (Epoch(first), resource(first)),
            page.changes[0],
            "after {after}"
        );
    }
}

/// A node that knows more than the log learns that the log began again.
pub async fn a_place_beyond_the_head_is_a_gap(h: &impl Harness) {
    let (changes, acme) = (h.node().changes, workspace("acme"));
    let lost = ChangePage {
        changes: vec![],
        head: Epoch(0),
        has_gap: true,
    };
    assert_eq!(
        lost,
        changes.read(&acme, Epoch(3)).await.unwrap(),
        "nothing is left"
    );
    changes.append(&acme, Change::Tools).await.unwrap();
    let lost = ChangePage {
        head: Epoch(1),
        ..lost
    };
    assert_eq!(
        lost,
        changes.read(&acme, Epoch(3)).await.unwrap(),
        "it began again"
    );
}

/// Every workspace counts for itself.
pub async fn the_logs_of_workspaces_are_apart(h: &impl Harness) {
    let changes = h.node().changes;
    changes
        .append(&workspace("acme"), Change::Rights)
        .await
        .unwrap();
    let nothing = ChangePage {
        changes: vec![],
        head: Epoch(0),
        has_gap: false,
    };
    assert_eq!(
        nothing,
        changes.read(&workspace("rival"), Epoch(0)).await.unwrap()
    );
    assert_eq!(
        Epoch(1),
        changes
            .append(&workspace("rival"), Change::Tools)
            .await
            .unwrap()
    );
}
