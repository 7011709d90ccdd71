//! The audit, the change log, and what is removed from both.

use std::time::Duration;

use tidegate_control_plane::audit::{
    AuditEvent, AuditFilter, ListEvents, RecordEvents, RemoveOldEvents,
};
use tidegate_control_plane::change::{LoggedChange, ReadChanges};
use tidegate_control_plane::flag::{FlagRule, SetFlag};
use tidegate_control_plane::tidy::{Tidied, Tidy};
use tidegate_types::AccountId;

use crate::fixture::{Fixture, scenarios};
use crate::given::{refused, slug};

scenarios! {
    records_are_listed_the_newest_first_and_filtered,
    a_record_that_is_too_long_is_cut_and_a_code_must_be_one,
    old_records_are_removed,
    changes_are_read_from_a_place_on,
    a_place_that_the_log_never_reached_is_a_gap,
    a_place_whose_followers_are_gone_is_a_gap,
    tidying_twice_does_no_harm,
}

fn event(at: i64, action: &str) -> AuditEvent {
    AuditEvent {
        at,
        action: action.to_owned(),
        account: None,
        client: None,
        workspace: None,
        address: Some("192.0.2.7".to_owned()),
        outcome: "ok".to_owned(),
        detail: None,
    }
}

fn list(filter: AuditFilter) -> ListEvents {
    ListEvents {
        filter,
        limit: 10_000,
        offset: 0,
    }
}

async fn actions(at: &Fixture, filter: AuditFilter) -> Vec<String> {
    let events = at.call(list(filter)).await.unwrap();
    events.into_iter().map(|event| event.action).collect()
}

async fn records_are_listed_the_newest_first_and_filtered(at: Fixture) {
    let ada = AccountId::new();
    let full = AuditEvent {
        account: Some(ada.clone()),
        client: Some("app".parse().unwrap()),
        workspace: Some(slug("acme")),
        detail: Some("more".to_owned()),
        ..event(30, "grant.begun")
    };
    let events = vec![
        event(10, "sign_in.failed"),
        full.clone(),
        event(20, "sign_in.ok"),
        event(20, "signXin.ok"),
    ];
    at.call(RecordEvents { events }).await.unwrap();
    at.call(RecordEvents { events: Vec::new() }).await.unwrap();
    let all = actions(&at, AuditFilter::default()).await;
    assert_eq!(
        ["grant.begun", "signXin.ok", "sign_in.ok", "sign_in.failed"],
        *all
    );
    let filters = [
        AuditFilter {
            account: Some(ada),
            ..AuditFilter::default()
        },
        AuditFilter {
            client: Some("app".parse().unwrap()),
            ..AuditFilter::default()
        },
        AuditFilter {
            workspace: Some(slug("acme")),
            ..AuditFilter::default()
        },
        AuditFilter {
            from: Some(30),
            until: Some(31),
            ..AuditFilter::default()
        },
    ];
    for filter in filters {
        assert_eq!(vec![full.clone()], at.call(list(filter)).await.unwrap());
    }
    let begun = AuditFilter {
        action: Some("sign_in.".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(["sign_in.ok", "sign_in.failed"], *actions(&at, begun).await);
    let until = AuditFilter {
        until: Some(20),
        ..AuditFilter::default()
    };
    assert_eq!(["sign_in.failed"], *actions(&at, until).await);
    let page = ListEvents {
        limit: 1,
        offset: 1,
        ..list(AuditFilter::default())
    };
    assert_eq!("signXin.ok", at.call(page).await.unwrap()[0].action);
    let too_many = ListEvents {
        limit: 10_001,
        ..list(AuditFilter::default())
    };
    assert_eq!(
        "limit 10001 is not valid: use 1 to 10000",
        refused(at.call(too_many).await)
    );
}

async fn a_record_that_is_too_long_is_cut_and_a_code_must_be_one(at: Fixture) {
    let long = AuditEvent {
        detail: Some("ä\0".repeat(3_000)),
        address: Some("a".repeat(100)),
        ..event(1, "x")
    };
    at.call(RecordEvents { events: vec![long] }).await.unwrap();
    let kept = at
        .call(list(AuditFilter::default()))
        .await
        .unwrap()
        .remove(0);
    assert_eq!("ä".repeat(2_000), kept.detail.unwrap());
    assert_eq!(64, kept.address.unwrap().len());
    for (field, event) in [
        ("action", event(1, "a b")),
        ("action", event(1, "")),
        (
            "outcome",
            AuditEvent {
                outcome: "Not a code!".to_owned(),
                ..event(1, "x")
            },
        ),
    ] {
        let said = refused(
            at.call(RecordEvents {
                events: vec![event],
            })
            .await,
        );
        assert!(said.starts_with(field), "{said}");
    }
    let events = vec![event(1, "x"); 1_001];
    assert!(refused(at.call(RecordEvents { events }).await).starts_with("events has 1001 records"));
    let events = vec![event(2, "y"); 1_000];
    at.call(RecordEvents { events }).await.unwrap();
    assert_eq!(1_001, actions(&at, AuditFilter::default()).await.len());
}

async fn old_records_are_removed(at: Fixture) {
    for _ in 0..6 {
        at.call(RecordEvents {
            events: vec![event(10, "old"); 1_000],
        })
        .await
        .unwrap();
    }
    at.call(RecordEvents {
        events: vec![event(20, "new")],
    })
    .await
    .unwrap();
    let remove = || RemoveOldEvents { before: 20 };
    assert_eq!(6_000, at.call(remove()).await.unwrap());
    assert_eq!(0, at.call(remove()).await.unwrap());
    assert_eq!(["new"], *actions(&at, AuditFilter::default()).await);
}

async fn flip(at: &Fixture, is_on: bool) {
    let rule = FlagRule::Everywhere(is_on);
    at.call(SetFlag {
        flag: "CHATBOT_ENABLED".to_owned(),
        rule,
    })
    .await
    .unwrap();
}

fn after(place: u64) -> ReadChanges {
    ReadChanges { after: Some(place) }
}

async fn changes_are_read_from_a_place_on(at: Fixture) {
    let page = at.call(ReadChanges { after: None }).await.unwrap();
    assert_eq!((0, 0, false), (page.head, page.changes.len(), page.has_gap));
    for number in 0..3 {
        flip(&at, number % 2 == 0).await;
    }
    at.has_workspace("acme").await;
    let page = at.call(after(0)).await.unwrap();
    assert_eq!((4, 4, false), (page.head, page.changes.len(), page.has_gap));
    assert_eq!(
        Some(&LoggedChange::Workspace {
            workspace: slug("acme")
        }),
        page.changes.last()
    );
    let page = at.call(after(3)).await.unwrap();
    assert_eq!((4, 1, false), (page.head, page.changes.len(), page.has_gap));
    let page = at.call(after(4)).await.unwrap();
    assert_eq!((4, 0, false), (page.head, page.changes.len(), page.has_gap));
    assert_eq!(4, at.call(ReadChanges { after: None }).await.unwrap().head);
}

async fn a_place_that_the_log_never_reached_is_a_gap(at: Fixture) {
    flip(&at, true).await;
    for place in [2, 1_000, u64::MAX] {
        let page = at.call(after(place)).await.unwrap();
        assert_eq!((1, true), (page.head, page.has_gap), "after {place}");
    }
}

async fn a_place_whose_followers_are_gone_is_a_gap(at: Fixture) {
    // A statement that tells of as many as are kept would take long one by one: workspaces are declared at once.
    let declare = |title: &str| tidegate_control_plane::workspace::DeclareWorkspaces {
        workspaces: (0..5_001)
            .map(|number| tidegate_control_plane::workspace::Workspace {
                slug: slug(&format!("w{number}")),
                title: title.to_owned(),
                region: String::new(),
                hosts: Vec::new(),
                public_url: None,
                is_declared: true,
                is_hibernated: false,
                created_at: 0,
            })
            .collect(),
    };
    at.call(declare("one")).await.unwrap();
    at.call(declare("two")).await.unwrap();
    assert_eq!(10_002, at.head().await);
    let tidied = at
        .call(Tidy {
            keep_events_days: 1,
        })
        .await
        .unwrap();
    assert_eq!(
        Tidied {
            changes: 2,
            ..Tidied::default()
        },
        tidied
    );
    let page = at.call(after(1)).await.unwrap();
    assert_eq!(
        (true, 1_000, 1_002),
        (page.has_gap, page.changes.len(), page.head)
    );
    let page = at.call(after(2)).await.unwrap();
    assert_eq!(
        (false, 1_000, 1_002),
        (page.has_gap, page.changes.len(), page.head)
    );
}

async fn tidying_twice_does_no_harm(at: Fixture) {
    let now = at.now();
    at.call(RecordEvents {
        events: vec![event(now - 86_401, "old"), event(now, "new")],
    })
    .await
    .unwrap();
    assert_eq!(
        1,
        at.call(Tidy {
            keep_events_days: 1
        })
        .await
        .unwrap()
        .events
    );
    assert_eq!(
        Tidied::default(),
        at.call(Tidy {
            keep_events_days: 1
        })
        .await
        .unwrap()
    );
    at.pass(Duration::from_secs(1));
    let said = refused(
        at.call(Tidy {
            keep_events_days: 0,
        })
        .await,
    );
    assert_eq!("keep_events_days 0 is not valid: use at least 1", said);
}
