//! The same on Redis, whose time is its own: what depends on time is told by structure, not waited for.

use std::sync::Arc;
use std::time::Duration;

use tidegate_store::{SharedState, TicketKind};
use tidegate_store_redis::{RedisSettings, redis_state};
use tidegate_testkit::redis::RedisServer;
use tidegate_types::{Clock as _, ExposeSecret, ManualClock, SystemClock};

use crate::back_off::strangers_try;
use crate::stage::{GOOD, OTHER, Stage};

async fn state(server: &RedisServer) -> SharedState {
    let settings = RedisSettings {
        pool_size: 8,
        command_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        ..RedisSettings::at(&server.url())
    };
    redis_state(settings).await.expect("the settings are right")
}

async fn stage(server: &RedisServer) -> Stage {
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    Stage::on(state(server).await, clock, |_| ()).await
}

fn server() -> RedisServer {
    RedisServer::start().expect("this test starts its own redis-server")
}

#[tokio::test]
async fn a_session_that_began_on_one_node_is_known_and_ended_on_another() {
    let server = server();
    let stage = stage(&server).await;
    let other = stage.node(|_| ());
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let cookie = session.cookie.expose_secret();
    let seen = other.session(cookie).await.unwrap().unwrap();
    assert_eq!(session.session.csrf, seen.csrf);
    other.sign_out(cookie).await.unwrap();
    assert!(!stage.is_open(&session).await);
}

/// Neither the cookie nor anything that could be used in its place is in Redis, and everything there ends by itself.
#[tokio::test]
async fn redis_knows_hashes_and_forgets_them() {
    let server = server();
    let stage = stage(&server).await;
    stage.person("alice").await;
    stage.refusal("alice", OTHER).await;
    stage.refusal("somebody@private.test", OTHER).await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let keys = server.command("KEYS *").unwrap();
    let keys: Vec<&str> = keys
        .lines()
        .filter(|line| line.starts_with("tg:"))
        .collect();
    assert!(keys.len() >= 3, "{keys:?}");
    for key in &keys {
        let ttl = server.command(&format!("PTTL {key}")).unwrap();
        let ttl: i64 = ttl.trim().trim_start_matches(':').parse().unwrap();
        assert!(ttl > 0, "{key} has no end");
        let kept = server.command(&format!("GET {key}")).unwrap();
        for secret in [
            session.cookie.expose_secret(),
            session.session.csrf.as_str(),
            "private",
            "alice",
        ] {
            assert!(
                !key.contains(secret) && !kept.contains(secret),
                "{key}: {kept}"
            );
        }
    }
    let key = session.session.key.to_string();
    let kept = stage
        .state
        .tickets
        .get(TicketKind::BrowserSession, &key)
        .await
        .unwrap();
    assert!(kept.is_some());
}

#[tokio::test]
async fn the_back_off_counts_the_failures_of_all_nodes() {
    let server = server();
    let stage = stage(&server).await;
    stage.person("alice").await;
    let other = stage.node(|_| ());
    let from = crate::stage::peer("192.0.2.1");
    let mut codes = Vec::new();
    for number in 0..8 {
        let node = if number % 2 == 0 {
            &stage.sign_in
        } else {
            &other
        };
        let refused = node
            .with_password("alice", &OTHER.into(), None, &from)
            .await;
        codes.push(refused.unwrap_err().code());
    }
    assert_eq!(vec!["wrong_credentials"; 5], codes[..5]);
    // How many of the rest are locked depends on how fast this runs: after a second one is taken.
    assert!(codes[5..].contains(&"locked"), "{codes:?}");
}

#[tokio::test]
async fn strangers_at_one_node_keep_nobody_out_at_another() {
    let server = server();
    let stage = stage(&server).await;
    stage.at_the_hour();
    stage.person("alice").await;
    let session = stage.enter_from("198.51.100.1", "alice", GOOD).await;
    let known = session.unwrap().known_browser.unwrap();
    strangers_try(&stage, "alice").await;
    let node = stage.node(|_| ());
    let enter = async |address: &str, cookie: Option<&str>| {
        let from = crate::stage::peer(address);
        let entered = node
            .with_password("alice", &GOOD.into(), cookie, &from)
            .await;
        entered.map(drop).map_err(|err| err.code())
    };
    assert_eq!(Err("locked"), enter("192.0.2.50", None).await);
    assert_eq!(Ok(()), enter("198.51.100.1", None).await);
    let cookie = known.cookie.expose_secret();
    assert_eq!(Ok(()), enter("192.0.2.50", Some(cookie)).await);
}

#[tokio::test]
async fn without_redis_nobody_is_signed_in_and_nobody_is_told_that_they_are_wrong() {
    let mut server = server();
    let stage = stage(&server).await;
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    server.kill();
    for password in [GOOD, OTHER] {
        assert_eq!("unavailable", stage.refusal("alice", password).await);
    }
    let asked = stage.sign_in.session(session.cookie.expose_secret()).await;
    assert_eq!("unavailable", asked.unwrap_err().code());
}
