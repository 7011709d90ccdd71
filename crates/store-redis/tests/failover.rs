//! Another Redis becomes the primary while connections to the old one stand.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share may panic as they do"
)]

mod operations;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tidegate_store::contract::{eventually, next_event};
use tidegate_store::{RelayEvent, SharedState, Signal};
use tidegate_store_redis::{RedisSettings, redis_state};
use tidegate_testkit::redis::RedisServer;
use tidegate_testkit::tcp_relay::TcpRelay;

use operations::{COMMAND_TIMEOUT, LONG, acme, answer_key, failures, session, topic};

/// A primary, its replica, and the address that leads to the primary.
struct Pair {
    old: RedisServer,
    new: RedisServer,
    address: TcpRelay,
}

impl Pair {
    async fn start() -> Self {
        let (old, new) = (RedisServer::start().unwrap(), RedisServer::start().unwrap());
        new.command(&format!("REPLICAOF 127.0.0.1 {}", old.port()))
            .unwrap();
        eventually("the replica follows", async || {
            let told = new.command("INFO replication").unwrap();
            told.contains("master_link_status:up")
        })
        .await;
        let address = TcpRelay::to(old.port()).unwrap();
        Self { old, new, address }
    }

    async fn node(&self) -> SharedState {
        self.node_with(LONG).await
    }

    async fn node_with(&self, max_connection_age: Duration) -> SharedState {
        let settings = RedisSettings {
            pool_size: 8,
            max_connection_age,
            command_timeout: COMMAND_TIMEOUT,
            connect_timeout: COMMAND_TIMEOUT,
            ..RedisSettings::at(&format!("redis://127.0.0.1:{}", self.address.port()))
        };
        redis_state(settings).await.unwrap()
    }

    /// The replica becomes the primary, and the address leads to it. The old one follows `port` of this machine.
    fn swap(&self, port: u16) {
        assert!(self.new.command("REPLICAOF NO ONE").unwrap().contains("OK"));
        let follow = format!("REPLICAOF 127.0.0.1 {port}");
        assert!(self.old.command(&follow).unwrap().contains("OK"));
        self.address.lead_to(self.new.port());
    }
}

/// Fills the pool.
async fn warm(state: &SharedState) {
    futures_util::future::join_all((0..8).map(|_| state.health.ping())).await;
    eventually("the relay connects", async || {
        state.relay.subscribe(&topic()).await.is_ok()
    })
    .await;
    assert_eq!(HashMap::new(), failures(state).await);
}

/// Everything works, on the new primary.
async fn recovers(pair: &Pair, state: &SharedState) {
    eventually("every operation works", async || {
        failures(state).await.is_empty()
    })
    .await;
    state
        .cache
        .put(&answer_key(), "new".into(), LONG)
        .await
        .unwrap();
    let keys = pair.new.command("KEYS tg:{acme}:cache:*").unwrap();
    assert!(keys.contains("tg:{acme}:cache:"), "{keys}");
}

#[tokio::test]
async fn connections_to_a_replica_that_was_the_primary_are_given_up() {
    let pair = Pair::start().await;
    let state = pair.node().await;
    warm(&state).await;
    pair.swap(pair.new.port());
    recovers(&pair, &state).await;
    for _ in 0..20 {
        assert_eq!(HashMap::new(), failures(&state).await);
    }
}

#[tokio::test]
async fn connections_to_a_replica_that_refuses_to_read_are_given_up() {
    let pair = Pair::start().await;
    let state = pair.node().await;
    warm(&state).await;
    pair.old
        .command("CONFIG SET replica-serve-stale-data no")
        .unwrap();
    // It follows nobody that answers, so that it says MASTERDOWN even to those who only read.
    pair.swap(1);
    recovers(&pair, &state).await;
}

#[tokio::test]
async fn no_call_fails_when_the_connections_stood_for_a_while() {
    let pair = Pair::start().await;
    let state = pair.node().await;
    warm(&state).await;
    // Connections made just now are kept: an address that leads to a replica still would only give the same again.
    let until = Instant::now() + Duration::from_millis(1_100);
    while Instant::now() < until {
        warm(&state).await;
    }
    pair.swap(pair.new.port());
    assert_eq!(HashMap::new(), failures(&state).await);
}

#[tokio::test]
async fn a_node_hears_the_others_after_the_primary_changed() {
    let pair = Pair::start().await;
    let (listening, other) = (pair.node().await, pair.node().await);
    warm(&listening).await;
    warm(&other).await;
    let mut stream = listening.relay.stream().unwrap();
    // The old one hears nothing of what is published at the new one.
    pair.swap(1);
    // This node only listens; it finds out all the same.
    while next_event(&mut stream).await != RelayEvent::Gap {}
    eventually("the other node publishes at the new primary", async || {
        failures(&other).await.is_empty()
    })
    .await;
    other
        .relay
        .publish(&topic(), &Signal::SessionEnded)
        .await
        .unwrap();
    let expected = RelayEvent::Signal(topic(), Signal::SessionEnded);
    while next_event(&mut stream).await != expected {}
    assert!(listening.relay.is_connected());
}

#[tokio::test]
async fn old_connections_follow_an_address_that_moved_though_they_work() {
    let pair = Pair::start().await;
    let state = pair.node_with(Duration::from_millis(500)).await;
    warm(&state).await;
    assert!(pair.new.command("REPLICAOF NO ONE").unwrap().contains("OK"));
    pair.address.lead_to(pair.new.port());
    eventually("the new server is written to", async || {
        assert_eq!(HashMap::new(), failures(&state).await);
        let keys = pair.new.command("KEYS tg:{acme}:reply:*").unwrap();
        let _ = state
            .replies
            .put(&session(), "moved", "x".into(), LONG)
            .await;
        keys.contains("moved")
    })
    .await;
    let listeners = async || {
        let command = format!("PUBSUB NUMSUB tg:{{{}}}:relay", acme());
        pair.new.command(&command).unwrap()
    };
    eventually("the relay subscribes at the new server", async || {
        listeners().await.contains(":1")
    })
    .await;
}

#[tokio::test]
async fn an_old_connection_that_works_is_kept_while_no_other_can_be_made() {
    let pair = Pair::start().await;
    let age = Duration::from_millis(200);
    let state = pair.node_with(age).await;
    warm(&state).await;
    let dead_ends: [fn(&TcpRelay); 2] = [TcpRelay::lead_to_nothing, TcpRelay::lead_to_silence];
    for lead in dead_ends {
        lead(&pair.address);
        let until = Instant::now() + 4 * age;
        while Instant::now() < until {
            assert_eq!(HashMap::new(), failures(&state).await);
        }
        assert!(state.relay.is_connected());
    }
}
