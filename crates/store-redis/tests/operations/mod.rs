//! Every operation of the shared state, for tests that ask what all of them do.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tidegate_store::{
    Budget, CacheKey, Change, Epoch, EventId, Generation, LimitScope, Plane, Retention,
    SessionChange, SessionKey, SessionLimits, SessionRecord, SharedState, Signal, StoreError,
    StoreErrorKind, StoredEvent, StreamKey, TicketKind, Topic, Validation,
};
use tidegate_types::{TokenId, UserId, WorkspaceSlug};

pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_millis(300);

/// What an operation may take above its time-out on a busy machine.
pub(crate) const SLACK: Duration = Duration::from_millis(700);

pub(crate) const LONG: Duration = Duration::from_mins(10);

const KEPT: Retention = Retention {
    max_events: 100,
    ttl: LONG,
};

pub(crate) fn acme() -> WorkspaceSlug {
    "acme".parse().unwrap()
}

pub(crate) fn topic() -> Topic {
    Topic::Workspace(acme())
}

pub(crate) fn session() -> SessionKey {
    SessionKey {
        workspace: acme(),
        user: UserId(1),
        session: "0123456789abcdef".parse().unwrap(),
    }
}

pub(crate) fn stream() -> StreamKey {
    StreamKey {
        session: session(),
        stream: "get".parse().unwrap(),
    }
}

pub(crate) fn token() -> TokenId {
    "token".parse().unwrap()
}

pub(crate) fn answer_key() -> CacheKey {
    CacheKey {
        workspace: acme(),
        digest: [7; 32],
    }
}

pub(crate) fn record() -> SessionRecord {
    SessionRecord {
        protocol_version: "2025-11-25".to_owned(),
        client_capabilities: "{}".to_owned(),
        client_info: "{}".to_owned(),
        created_unix_secs: 1,
        log_level: None,
        subscriptions: std::collections::BTreeSet::new(),
    }
}

pub(crate) fn budgets() -> Vec<Budget> {
    [
        LimitScope::Tenant,
        LimitScope::User(UserId(1)),
        LimitScope::Tool(UserId(1), "t".to_owned()),
    ]
    .map(|scope| Budget {
        scope,
        per_minute: 1_000,
        burst: 1_000,
    })
    .to_vec()
}

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// Every operation of every port that goes through the pool, by name.
pub(crate) fn operations(state: &SharedState) -> Vec<(&'static str, Outcome<'_>)> {
    let mut all = operations_of_sessions(state);
    all.extend(operations_of_the_rest(state));
    all.extend(operations_of_sign_in(state));
    all
}

fn operations_of_sign_in(s: &SharedState) -> Vec<(&'static str, Outcome<'_>)> {
    const KIND: TicketKind = TicketKind::Code;
    let old = Bytes::from_static(b"old");
    vec![
        (
            "issue a ticket",
            Box::pin(async { no_value(s.tickets.issue(KIND, "k", Bytes::new(), LONG)).await }),
        ),
        (
            "get a ticket",
            Box::pin(async { no_value(s.tickets.get(KIND, "k")).await }),
        ),
        (
            "take a ticket",
            Box::pin(async { no_value(s.tickets.take(KIND, "k")).await }),
        ),
        (
            "replace a ticket",
            Box::pin(async move {
                let replaced = s.tickets.replace(KIND, "k", &old, Bytes::new(), LONG);
                no_value(replaced).await
            }),
        ),
        (
            "keep a ticket",
            Box::pin(async { no_value(s.tickets.keep(KIND, "k", LONG)).await }),
        ),
        (
            "remove a ticket",
            Box::pin(async { s.tickets.remove(KIND, "k").await }),
        ),
        (
            "add to a counter",
            Box::pin(async { no_value(s.counters.add("k", LONG)).await }),
        ),
        (
            "read a counter",
            Box::pin(async { no_value(s.counters.read("k")).await }),
        ),
        (
            "clear a counter",
            Box::pin(async { s.counters.clear("k").await }),
        ),
    ]
}

pub(crate) async fn no_value<T>(
    outcome: impl Future<Output = Result<T, StoreError>> + Send,
) -> Result<(), StoreError> {
    outcome.await.map(drop)
}

fn operations_of_sessions(s: &SharedState) -> Vec<(&'static str, Outcome<'_>)> {
    vec![
        (
            "create",
            Box::pin(async {
                let limits = SessionLimits {
                    idle: LONG,
                    per_user: 20,
                };
                no_value(s.sessions.create(&session(), &record(), limits)).await
            }),
        ),
        (
            "touch",
            Box::pin(async { no_value(s.sessions.touch(&session(), LONG)).await }),
        ),
        (
            "change",
            Box::pin(async {
                let level = SessionChange::SetLogLevel("debug".to_owned());
                no_value(s.sessions.change(&session(), level)).await
            }),
        ),
        (
            "of_user",
            Box::pin(async { no_value(s.sessions.of_user(&acme(), UserId(1))).await }),
        ),
        (
            "end",
            Box::pin(async { no_value(s.sessions.end(&session())).await }),
        ),
        (
            "append event",
            Box::pin(async {
                let event = StoredEvent {
                    data: Bytes::from_static(b"{}"),
                    is_last: false,
                };
                no_value(s.events.append(&stream(), event, KEPT)).await
            }),
        ),
        (
            "read events",
            Box::pin(async { no_value(s.events.read(&stream(), EventId(0), 9)).await }),
        ),
        (
            "remove events",
            Box::pin(async { s.events.remove(&[stream()]).await }),
        ),
        (
            "put reply",
            Box::pin(async { s.replies.put(&session(), "1", Bytes::new(), LONG).await }),
        ),
        (
            "take reply",
            Box::pin(async { no_value(s.replies.take(&session(), "1")).await }),
        ),
    ]
}

fn operations_of_the_rest(s: &SharedState) -> Vec<(&'static str, Outcome<'_>)> {
    vec![
        ("ping", Box::pin(async { s.health.ping().await })),
        (
            "put answer",
            Box::pin(async { s.cache.put(&answer_key(), Bytes::new(), LONG).await }),
        ),
        (
            "get answer",
            Box::pin(async { no_value(s.cache.get(&answer_key())).await }),
        ),
        (
            "put validation",
            Box::pin(async {
                let valid = Validation::Valid {
                    user: UserId(1),
                    username: "u".to_owned(),
                    standing: None,
                };
                let generation = Generation(0);
                no_value(
                    s.validations
                        .put(&acme(), &token(), valid, generation, LONG),
                )
                .await
            }),
        ),
        (
            "forget validation",
            Box::pin(async { s.validations.forget(&acme(), &token()).await }),
        ),
        (
            "forget validations",
            Box::pin(async { s.validations.forget_all(&acme()).await }),
        ),
        (
            "get validation",
            Box::pin(async { no_value(s.validations.get(&acme(), &token())).await }),
        ),
        (
            "revoke",
            Box::pin(async { s.validations.revoke(&acme(), &token(), LONG).await }),
        ),
        (
            "check limits",
            Box::pin(async { no_value(s.limits.check(&Plane::from(&acme()), &budgets())).await }),
        ),
        (
            "append change",
            Box::pin(async { no_value(s.changes.append(&acme(), Change::Tools)).await }),
        ),
        (
            "read changes",
            Box::pin(async { no_value(s.changes.read(&acme(), Epoch(0))).await }),
        ),
        (
            "head",
            Box::pin(async { no_value(s.changes.head(&acme())).await }),
        ),
        (
            "publish",
            Box::pin(async { s.relay.publish(&topic(), &Signal::Changed).await }),
        ),
    ]
}

/// Runs every operation and returns the kinds of failure, with what took too long as a failed test.
pub(crate) async fn failures(state: &SharedState) -> HashMap<&'static str, StoreErrorKind> {
    let mut failures = HashMap::new();
    for (name, operation) in operations(state) {
        let began = Instant::now();
        if let Err(err) = operation.await {
            failures.insert(name, err.kind);
        }
        let took = began.elapsed();
        assert!(took < COMMAND_TIMEOUT + SLACK, "{name} took {took:?}");
    }
    failures
}
