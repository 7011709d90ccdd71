//! Legacy sessions.

use std::collections::BTreeSet;

use super::{Harness, LIMITS, LONG, SHORT, eventually, record, session};
use crate::{SessionChange, SessionLimits, SessionRecord};

/// What one node writes, another reads whole.
pub async fn an_opened_session_is_read_on_every_node(h: &impl Harness) {
    let key = session("acme", 1, 1);
    let opened = SessionRecord {
        log_level: Some("debug".to_owned()),
        subscriptions: BTreeSet::from(["a://ä {x}".to_owned(), "b://".to_owned()]),
        ..record("first")
    };
    assert!(
        h.node()
            .sessions
            .create(&key, &opened, LIMITS)
            .await
            .unwrap()
            .is_empty()
    );
    for node in [h.node(), h.other_node().await] {
        assert_eq!(
            Some(&opened),
            node.sessions.touch(&key, LONG).await.unwrap().as_ref()
        );
    }
}

/// Touching sets the time to live anew.
pub async fn a_session_that_is_touched_lives_on_and_another_expires(h: &impl Harness) {
    let sessions = h.node().sessions;
    let (kept, left) = (session("acme", 1, 1), session("acme", 1, 2));
    let limits = SessionLimits {
        idle: SHORT,
        per_user: 20,
    };
    sessions
        .create(&kept, &record("kept"), limits)
        .await
        .unwrap();
    assert!(sessions.touch(&kept, LONG).await.unwrap().is_some());
    sessions
        .create(&left, &record("left"), limits)
        .await
        .unwrap();

    h.elapse(SHORT).await;
    eventually("the untouched session expires", async || {
        sessions.of_user(&left.workspace, left.user).await.unwrap() == [kept.session.clone()]
    })
    .await;
    assert_eq!(None, sessions.touch(&left, LONG).await.unwrap());
    let level = SessionChange::SetLogLevel("debug".to_owned());
    assert!(
        !sessions.change(&left, level).await.unwrap(),
        "a change must not bring it back"
    );
    assert!(!sessions.end(&left).await.unwrap());
    assert!(sessions.touch(&kept, LONG).await.unwrap().is_some());
}

/// The limit holds over nodes, by last use and not by age.
pub async fn the_coldest_session_ends_above_the_limit(h: &impl Harness) {
    let (a, b) = (h.node().sessions, h.other_node().await.sessions);
    let keys: Vec<_> = (0..20).map(|n| session("acme", 1, n)).collect();
    for (n, key) in keys.iter().enumerate() {
        let node = if n % 2 == 0 { &a } else { &b };
        assert!(
            node.create(key, &record("mine"), LIMITS)
                .await
                .unwrap()
                .is_empty()
        );
    }
    let neighbour = session("acme", 2, 0);
    a.create(&neighbour, &record("neighbour"), LIMITS)
        .await
        .unwrap();
    b.touch(&keys[0], LONG).await.unwrap();

    let ended = a
        .create(&session("acme", 1, 20), &record("mine"), LIMITS)
        .await
        .unwrap();
    assert_eq!(
        vec![keys[1].session.clone()],
        ended,
        "the one used longest ago"
    );
    assert_eq!(None, b.touch(&keys[1], LONG).await.unwrap());
    let live = b.of_user(&keys[0].workspace, keys[0].user).await.unwrap();
    assert_eq!(20, live.len());
    assert_eq!(keys[2].session, live[0]);
    assert_eq!(keys[0].session, live[18]);
    assert!(
        a.touch(&neighbour, LONG).await.unwrap().is_some(),
        "another user's does not count"
    );

    let strict = SessionLimits {
        per_user: 2,
        ..LIMITS
    };
    let ended = a
        .create(&session("acme", 1, 21), &record("mine"), strict)
        .await
        .unwrap();
    assert_eq!(
        live[..19],
        ended[..],
        "a lower limit ends as many as needed, coldest first"
    );
}

/// Only live sessions count and are reported.
pub async fn a_session_that_expired_does_not_count_against_the_limit(h: &impl Harness) {
    let sessions = h.node().sessions;
    let (old, live, new) = (
        session("acme", 1, 1),
        session("acme", 1, 2),
        session("acme", 1, 3),
    );
    let short = SessionLimits {
        idle: SHORT,
        per_user: 2,
    };
    sessions.create(&old, &record("old"), short).await.unwrap();
    sessions
        .create(
            &live,
            &record("live"),
            SessionLimits {
                idle: LONG,
                per_user: 2,
            },
        )
        .await
        .unwrap();
    h.elapse(SHORT).await;
    eventually("the old session expires", async || {
        sessions
            .of_user(&old.workspace, old.user)
            .await
            .unwrap()
            .len()
            == 1
    })
    .await;
    let ended = sessions
        .create(
            &new,
            &record("new"),
            SessionLimits {
                idle: LONG,
                per_user: 2,
            },
        )
        .await;
    assert!(ended.unwrap().is_empty());
    let all = sessions.of_user(&old.workspace, old.user).await.unwrap();
    assert_eq!(vec![live.session, new.session], all);
}

/// A session id alone is no authority.
pub async fn another_users_or_workspaces_key_finds_nothing(h: &impl Harness) {
    let sessions = h.node().sessions;
    let mine = session("acme", 1, 1);
    sessions
        .create(&mine, &record("mine"), LIMITS)
        .await
        .unwrap();
    for theirs in [session("acme", 2, 1), session("rival", 1, 1)] {
        assert_eq!(None, sessions.touch(&theirs, LONG).await.unwrap());
        let level = SessionChange::SetLogLevel("debug".to_owned());
        assert!(!sessions.change(&theirs, level).await.unwrap());
        assert!(!sessions.end(&theirs).await.unwrap());
        assert!(
            sessions
                .of_user(&theirs.workspace, theirs.user)
                .await
                .unwrap()
                .is_empty()
        );
    }
    assert_eq!(
        Some(record("mine")),
        sessions.touch(&mine, LONG).await.unwrap()
    );
}

/// The end is final, and said once.
pub async fn an_ended_session_is_gone_on_every_node(h: &impl Harness) {
    let (a, b) = (h.node().sessions, h.other_node().await.sessions);
    let key = session("acme", 1, 1);
    a.create(&key, &record("mine"), LIMITS).await.unwrap();
    assert!(b.end(&key).await.unwrap());
    for node in [a, b] {
        assert_eq!(None, node.touch(&key, LONG).await.unwrap());
        assert!(!node.end(&key).await.unwrap());
        assert!(
            node.of_user(&key.workspace, key.user)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

/// Each kind of change does what it says.
pub async fn changes_are_kept_and_change_nothing_else(h: &impl Harness) {
    let (a, b) = (h.node().sessions, h.other_node().await.sessions);
    let key = session("acme", 1, 1);
    a.create(&key, &record("mine"), LIMITS).await.unwrap();
    for change in [
        SessionChange::SetLogLevel("debug".to_owned()),
        SessionChange::SetLogLevel("error".to_owned()),
        SessionChange::Subscribe("a://1".to_owned()),
        SessionChange::Subscribe("a://1".to_owned()),
        SessionChange::Subscribe("a://2".to_owned()),
        SessionChange::Unsubscribe("a://1".to_owned()),
        SessionChange::Unsubscribe("a://never".to_owned()),
    ] {
        assert!(a.change(&key, change).await.unwrap());
    }
    let expected = SessionRecord {
        log_level: Some("error".to_owned()),
        subscriptions: BTreeSet::from(["a://2".to_owned()]),
        ..record("mine")
    };
    assert_eq!(Some(expected), b.touch(&key, LONG).await.unwrap());
}

/// No change is lost to another that happens at the same time.
pub async fn concurrent_changes_are_all_kept(h: &impl Harness) {
    let (a, b) = (h.node().sessions, h.other_node().await.sessions);
    let key = session("acme", 1, 1);
    a.create(&key, &record("mine"), LIMITS).await.unwrap();
    let changes = (0..50).map(|n| {
        let node = if n % 2 == 0 { a.clone() } else { b.clone() };
        let key = key.clone();
        tokio::spawn(async move {
            node.change(&key, SessionChange::Subscribe(format!("a://{n}")))
                .await
        })
    });
    for changed in futures_util::future::join_all(changes).await {
        assert!(changed.unwrap().unwrap());
    }
    assert_eq!(
        50,
        a.touch(&key, LONG)
            .await
            .unwrap()
            .unwrap()
            .subscriptions
            .len()
    );
}

/// A session cannot grow without end, even when many subscribe at once.
pub async fn subscriptions_are_bounded_in_number_and_length(h: &impl Harness) {
    let sessions = h.node().sessions;
    let key = session("acme", 1, 1);
    sessions
        .create(&key, &record("mine"), LIMITS)
        .await
        .unwrap();
    let long = format!("a://{}", "x".repeat(SessionRecord::MAX_URI_BYTES));
    assert!(
        !sessions
            .change(&key, SessionChange::Subscribe(long))
            .await
            .unwrap()
    );
    let changes = (0..SessionRecord::MAX_SUBSCRIPTIONS + 20).map(|n| {
        let (sessions, key) = (sessions.clone(), key.clone());
        tokio::spawn(async move {
            sessions
                .change(&key, SessionChange::Subscribe(format!("a://{n}")))
                .await
        })
    });
    let changed = futures_util::future::join_all(changes).await;
    let kept = changed
        .into_iter()
        .filter(|changed| matches!(changed, Ok(Ok(true))))
        .count();
    assert_eq!(SessionRecord::MAX_SUBSCRIPTIONS, kept);
    let subscriptions = sessions
        .touch(&key, LONG)
        .await
        .unwrap()
        .unwrap()
        .subscriptions;
    assert_eq!(SessionRecord::MAX_SUBSCRIPTIONS, subscriptions.len());
    let one = subscriptions.first().unwrap().clone();
    assert!(
        sessions
            .change(&key, SessionChange::Subscribe(one.clone()))
            .await
            .unwrap(),
        "it has it"
    );
    assert!(
        sessions
            .change(&key, SessionChange::Unsubscribe(one))
            .await
            .unwrap()
    );
    let another = SessionChange::Subscribe("a://another".to_owned());
    assert!(
        sessions.change(&key, another).await.unwrap(),
        "there is room again"
    );
}

/// Nothing of an earlier session with the same id remains.
pub async fn opening_again_replaces_the_session(h: &impl Harness) {
    let sessions = h.node().sessions;
    let key = session("acme", 1, 1);
    sessions
        .create(&key, &record("first"), LIMITS)
        .await
        .unwrap();
    sessions
        .change(&key, SessionChange::Subscribe("a://".to_owned()))
        .await
        .unwrap();
    assert!(
        sessions
            .create(&key, &record("second"), LIMITS)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        Some(record("second")),
        sessions.touch(&key, LONG).await.unwrap()
    );
    assert_eq!(
        1,
        sessions
            .of_user(&key.workspace, key.user)
            .await
            .unwrap()
            .len()
    );
}
