//! Redis stopped, killed, restarted empty, with values that are not ours.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share may panic as they do"
)]

mod operations;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tidegate_store::contract::{eventually, next_event};
use tidegate_store::{
    Budget, Change, Circuit, Degraded, Epoch, EventId, LimitScope, LimitsWithFallback, Plane,
    RelayEvent, Retention, SessionKey, SessionLimits, SharedState, Signal, StoreErrorKind,
    StoredEvent, TicketKind, Topic, Verdict,
};
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_store_redis::{RedisSettings, redis_state};
use tidegate_testkit::redis::RedisServer;
use tidegate_types::{SystemClock, UserId};

use operations::{
    COMMAND_TIMEOUT, LONG, SLACK, acme, answer_key, budgets, failures, no_value, operations,
    record, session, stream, token, topic,
};

fn server() -> RedisServer {
    RedisServer::start().expect("this test starts its own redis-server")
}

async fn node(server: &RedisServer) -> SharedState {
    let settings = RedisSettings {
        pool_size: 8,
        command_timeout: COMMAND_TIMEOUT,
        connect_timeout: COMMAND_TIMEOUT,
        ..RedisSettings::at(&server.url())
    };
    redis_state(settings).await.expect("the settings are right")
}

async fn works(state: &SharedState) -> bool {
    state.health.ping().await.is_ok()
}

async fn subscribes(state: &SharedState) -> bool {
    state.relay.subscribe(&topic()).await.is_ok()
}

#[tokio::test]
async fn every_operation_works_and_costs_one_round_trip() {
    const ROUNDS: usize = 20;
    let server = server();
    let state = node(&server).await;
    assert_eq!(
        HashMap::new(),
        failures(&state).await,
        "all scripts are loaded by this"
    );
    let count = operations(&state).len() * ROUNDS;
    let before = reads(&server);
    for _ in 0..ROUNDS {
        assert_eq!(HashMap::new(), failures(&state).await);
    }
    let reads = reads(&server) - before;
    // The relay asks for a sign of life now and then, and a slow machine has idle connections pinged.
    assert!(
        (count..count + 20).contains(&reads),
        "{count} operations took {reads} reads"
    );
}

/// How often Redis has read from any socket, but for asking this.
fn reads(server: &RedisServer) -> usize {
    let stats = server.command("INFO stats").unwrap();
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix("total_reads_processed:"));
    line.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_stopped_redis_is_a_time_out_in_time_and_works_when_it_goes_on() {
    let server = server();
    let state = node(&server).await;
    eventually("the relay connects", async || subscribes(&state).await).await;
    let mut stream = state.relay.stream().unwrap();
    assert!(works(&state).await);

    server.pause().unwrap();
    let began = Instant::now();
    let err = state.cache.get(&answer_key()).await.unwrap_err();
    assert_eq!(
        StoreErrorKind::Timeout,
        err.kind,
        "it was sent on a connection that stood"
    );
    assert!(began.elapsed() >= COMMAND_TIMEOUT);
    let failures = failures(&state).await;
    assert_eq!(
        operations(&state).len(),
        failures.len(),
        "nothing answers: {failures:?}"
    );
    let began = Instant::now();
    assert!(!subscribes(&state).await);
    assert!(began.elapsed() < COMMAND_TIMEOUT + SLACK);
    eventually("the relay knows that it is cut off", async || {
        !state.relay.is_connected()
    })
    .await;

    server.resume().unwrap();
    eventually("commands work again", async || works(&state).await).await;
    eventually("the relay works again", async || subscribes(&state).await).await;
    assert!(state.relay.is_connected());
    state
        .relay
        .publish(&topic(), &Signal::SessionEnded)
        .await
        .unwrap();
    let expected = RelayEvent::Signal(topic(), Signal::SessionEnded);
    // Gaps, and what was published before and while Redis stood still, may come first.
    while next_event(&mut stream).await != expected {}
}

#[tokio::test]
async fn many_calls_at_once_do_not_queue_behind_a_stopped_redis() {
    let server = server();
    let state = node(&server).await;
    assert!(works(&state).await);
    server.pause().unwrap();
    let began = Instant::now();
    let key = answer_key();
    let calls = (0..500).map(|_| state.cache.get(&key));
    let outcomes = futures_util::future::join_all(calls).await;
    assert!(outcomes.iter().all(Result::is_err));
    let took = began.elapsed();
    assert!(took < COMMAND_TIMEOUT + SLACK, "500 calls took {took:?}");
}

#[tokio::test]
async fn a_state_can_be_built_while_redis_is_down_and_works_when_it_comes() {
    let mut server = server();
    server.kill();
    let state = node(&server).await;
    let failures = failures(&state).await;
    assert_eq!(operations(&state).len(), failures.len());
    assert!(
        failures
            .values()
            .all(|kind| *kind == StoreErrorKind::Unavailable),
        "{failures:?}"
    );
    assert!(!subscribes(&state).await);
    state.relay.unsubscribe(&topic()).await.unwrap();

    server.restart_empty().unwrap();
    eventually("commands work", async || works(&state).await).await;
    eventually("the relay works", async || subscribes(&state).await).await;
}

#[tokio::test]
async fn calls_that_may_be_repeated_do_not_notice_a_restart() {
    let mut server = server();
    let state = node(&server).await;
    for _ in 0..3 {
        let warm = (0..8).map(|_| state.health.ping());
        futures_util::future::join_all(warm).await;
        server.restart_empty().unwrap();
        assert_eq!(None, state.sessions.touch(&session(), LONG).await.unwrap());
        assert_eq!(None, state.cache.get(&answer_key()).await.unwrap());
    }
}

#[tokio::test]
async fn a_relay_subscribes_again_after_a_restart_and_tells_the_gap() {
    let mut server = server();
    let state = node(&server).await;
    let topics: Vec<Topic> = (0..1_200)
        .map(|n| {
            let session = format!("session-{n:012}").parse().unwrap();
            Topic::Session(SessionKey {
                workspace: acme(),
                user: UserId(n),
                session,
            })
        })
        .collect();
    for topic in &topics {
        eventually("subscribed", async || {
            state.relay.subscribe(topic).await.is_ok()
        })
        .await;
    }
    let mut stream = state.relay.stream().unwrap();
    server.restart_empty().unwrap();
    assert_eq!(RelayEvent::Gap, next_event(&mut stream).await);
    for topic in [&topics[0], &topics[600], &topics[1_199]] {
        state.relay.publish(topic, &Signal::Changed).await.unwrap();
        assert_eq!(
            RelayEvent::Signal(topic.clone(), Signal::Changed),
            next_event(&mut stream).await
        );
    }
}

#[tokio::test]
async fn a_redis_restarted_empty_has_lost_all_and_says_so() {
    let mut server = server();
    let state = node(&server).await;
    let limits = SessionLimits {
        idle: LONG,
        per_user: 20,
    };
    state
        .sessions
        .create(&session(), &record(), limits)
        .await
        .unwrap();
    for _ in 0..3 {
        state.changes.append(&acme(), Change::Tools).await.unwrap();
    }
    server.restart_empty().unwrap();
    assert_eq!(None, state.sessions.touch(&session(), LONG).await.unwrap());
    let page = state.changes.read(&acme(), Epoch(3)).await.unwrap();
    assert!(page.has_gap);
    assert_eq!(Epoch(0), page.head);
    assert_eq!(
        Epoch(1),
        state.changes.append(&acme(), Change::Tools).await.unwrap()
    );
    let page = state.changes.read(&acme(), Epoch(3)).await.unwrap();
    assert!(page.has_gap, "the log began again below the reader");
}

/// Puts something, lets two nodes race for it and a third call try again, as a client's retry after a time-out
/// would; returns whether all five answered. What was taken was taken once.
async fn a_round(nodes: &[SharedState; 2], name: &str, of_tickets: bool) -> bool {
    const KIND: TicketKind = TicketKind::Code;
    let (key, value) = (session(), Bytes::from(name.to_owned()));
    let put = if of_tickets {
        no_value(nodes[0].tickets.issue(KIND, name, value, LONG)).await
    } else {
        nodes[0].replies.put(&key, name, value, LONG).await
    };
    let take = async |node: &SharedState| {
        if of_tickets {
            node.tickets.take(KIND, name).await
        } else {
            node.replies.take(&key, name).await
        }
    };
    let (a, b) = tokio::join!(take(&nodes[0]), take(&nodes[1]));
    let c = take(&nodes[1]).await;
    let got = [&a, &b, &c]
        .into_iter()
        .filter(|take| matches!(take, Ok(Some(_))))
        .count();
    assert!(got <= 1, "{name} was taken {got} times");
    let is_whole = put.is_ok() && a.is_ok() && b.is_ok() && c.is_ok();
    if is_whole {
        assert_eq!(1, got, "{name} was put and lost without an error");
    }
    is_whole
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_twice_while_redis_is_stopped_killed_and_restarted_in_traffic() {
    let mut server = server();
    let nodes = [node(&server).await, node(&server).await];
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let workers: Vec<_> = (0..4_u32)
        .map(|worker| {
            let (nodes, stop) = (nodes.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let (mut taken, mut failed) = (0_usize, 0_usize);
                let mut round = 0_u32;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    round += 1;
                    let name = format!("{worker}-{round}");
                    if a_round(&nodes, &name, worker % 2 == 0).await {
                        taken += 1;
                    } else {
                        failed += 1;
                    }
                }
                (taken, failed)
            })
        })
        .collect();

    server.pause().unwrap();
    eventually("calls fail", async || !works(&nodes[0]).await).await;
    server.resume().unwrap();
    eventually("calls work again", async || works(&nodes[0]).await).await;
    server.kill();
    eventually("calls fail", async || !works(&nodes[1]).await).await;
    server.restart_empty().unwrap();
    for node in &nodes {
        eventually("calls work again", async || works(node).await).await;
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let (mut taken, mut failed) = (0, 0);
    for worker in workers {
        let (some, others) = worker.await.unwrap();
        taken += some;
        failed += others;
    }
    assert!(
        taken > 0 && failed > 0,
        "{taken} rounds were whole and {failed} were hit"
    );
}

#[tokio::test]
async fn limits_fall_to_the_nodes_share_when_redis_dies_and_come_back() {
    let mut server = server();
    let clock = Arc::new(SystemClock);
    let degraded = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = Arc::clone(&degraded);
    let limits = LimitsWithFallback {
        shared: node(&server).await.limits,
        local: memory_state(clock.clone(), MemoryLimits::default()).limits,
        replicas: NonZeroU32::new(2).unwrap(),
        circuit: Arc::new(Circuit::new(clock, Duration::from_millis(100))),
        on_degraded: Arc::new(move |what, _| heard.lock().unwrap().push(what)),
    };
    let limits: &dyn tidegate_store::RateLimiter = &limits;
    let budgets = [Budget {
        scope: LimitScope::Tenant,
        per_minute: 1,
        burst: 6,
    }];
    let allowed = async |calls: usize| {
        let mut allowed = 0;
        for _ in 0..calls {
            let verdict = limits.check(&Plane::from(&acme()), &budgets).await.unwrap();
            allowed += usize::from(verdict == Verdict::Allowed);
        }
        allowed
    };
    assert_eq!(2, allowed(2).await);
    server.kill();
    assert_eq!(3, allowed(10).await, "half of six");
    assert_eq!(vec![Degraded::Limits; 10], *degraded.lock().unwrap());
    server.restart_empty().unwrap();
    eventually("redis is asked again", async || allowed(1).await == 1).await;
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_loaded_again() {
    let server = server();
    let state = node(&server).await;
    for _ in 0..2 {
        assert_eq!(HashMap::new(), failures(&state).await);
        assert!(server.command("SCRIPT FLUSH").unwrap().contains("OK"));
    }
}

#[tokio::test]
async fn values_that_are_not_ours_are_corrupt() {
    let server = server();
    let state = node(&server).await;
    let session_key = "tg:{acme}:session:1:0123456789abcdef";
    for command in [
        "SET tg:{acme}:validation:token junk",
        "SET tg:{acme}:validation:other 0",
        &format!("HSET {session_key} v 2 created 1"),
        "SET tg:{acme}:events:1:0123456789abcdef:get text",
        "XADD tg:{acme}:changes 5-1 c {}",
        "HSET tg:{acme}:limit:tenant a b",
    ] {
        assert!(
            !server.command(command).unwrap().starts_with('-'),
            "{command}"
        );
    }
    let kinds = [
        state.validations.get(&acme(), &token()).await.map(drop),
        state.sessions.touch(&session(), LONG).await.map(drop),
        state.events.read(&stream(), EventId(0), 9).await.map(drop),
        state.changes.read(&acme(), Epoch(0)).await.map(drop),
    ]
    .map(|outcome| outcome.unwrap_err().kind);
    assert_eq!([StoreErrorKind::Corrupt; 4], kinds);
    // A bucket that cannot be read is as a full one, so that it heals by itself.
    assert_eq!(
        Verdict::Allowed,
        state
            .limits
            .check(&Plane::from(&acme()), &budgets())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_change_that_only_a_newer_version_knows_is_a_gap() {
    let server = server();
    let state = node(&server).await;
    state.changes.append(&acme(), Change::Tools).await.unwrap();
    let newer = r#"XADD tg:{acme}:changes 0-2 c '{"newer":{"id":7}}'"#;
    assert!(!server.command(newer).unwrap().starts_with('-'));
    let page = state.changes.read(&acme(), Epoch(0)).await.unwrap();
    assert_eq!(vec![(Epoch(1), Change::Tools)], page.changes);
    assert_eq!((Epoch(2), true), (page.head, page.has_gap));
    let page = state.changes.read(&acme(), Epoch(2)).await.unwrap();
    assert_eq!((Epoch(2), false), (page.head, page.has_gap));
}

#[tokio::test]
async fn everything_but_the_change_log_expires() {
    let server = server();
    let state = node(&server).await;
    assert_eq!(HashMap::new(), failures(&state).await);
    let limits = SessionLimits {
        idle: LONG,
        per_user: 20,
    };
    state
        .sessions
        .create(&session(), &record(), limits)
        .await
        .unwrap();
    state.sessions.touch(&session(), LONG).await.unwrap();
    let event = StoredEvent {
        data: Bytes::new(),
        is_last: false,
    };
    state
        .events
        .append(
            &stream(),
            event,
            Retention {
                max_events: 9,
                ttl: LONG,
            },
        )
        .await
        .unwrap();
    state
        .replies
        .put(&session(), "1", Bytes::new(), LONG)
        .await
        .unwrap();
    let kind = TicketKind::Transaction;
    state
        .tickets
        .issue(kind, "k", Bytes::new(), LONG)
        .await
        .unwrap();
    state.counters.add("k", LONG).await.unwrap();

    let keys = server.command("KEYS *").unwrap();
    let keys: Vec<&str> = keys
        .lines()
        .filter(|line| line.starts_with("tg:"))
        .collect();
    assert_eq!(13, keys.len(), "{keys:?}");
    for key in keys {
        let ttl_secs: i64 = server
            .command(&format!("TTL {key}"))
            .unwrap()
            .trim_start_matches(':')
            .trim()
            .parse()
            .unwrap();
        assert_eq!(
            key.ends_with(":changes"),
            ttl_secs == -1,
            "{key} lives {ttl_secs} s"
        );
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    for (url, prefix) in [
        ("http://x", "tg"),
        ("redis://127.0.0.1", "t:g"),
        ("redis://127.0.0.1", ""),
    ] {
        let settings = RedisSettings {
            key_prefix: prefix.to_owned(),
            ..RedisSettings::at(url)
        };
        assert!(redis_state(settings).await.is_err(), "{url} {prefix}");
    }
}
