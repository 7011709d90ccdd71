//! A Redis that wants TLS, certificates, users with few rights.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share may panic as they do"
)]

mod operations;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_store::contract::eventually;
use tidegate_store::{SharedState, StoreErrorKind};
use tidegate_store_redis::{RedisIdentity, RedisSettings, RedisTls, redis_state};
use tidegate_testkit::certificates::Certificates;
use tidegate_testkit::redis::RedisServer;

use operations::{failures, operations, topic};

fn read(file: PathBuf) -> String {
    std::fs::read_to_string(file).unwrap()
}

async fn state(url: &str, tls: RedisTls) -> SharedState {
    let settings = RedisSettings {
        tls,
        command_timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        ..RedisSettings::at(url)
    };
    settings.check().unwrap();
    redis_state(settings).await.unwrap()
}

/// Every operation works, and so does the relay.
async fn serves(state: &SharedState) {
    assert_eq!(HashMap::new(), failures_in(state).await);
    eventually("the relay connects", async || {
        state.relay.subscribe(&topic()).await.is_ok()
    })
    .await;
    state.relay.unsubscribe(&topic()).await.unwrap();
}

async fn failures_in(state: &SharedState) -> HashMap<&'static str, StoreErrorKind> {
    let mut failed = HashMap::new();
    for (name, operation) in operations(state) {
        if let Err(err) = operation.await {
            failed.insert(name, err.kind);
        }
    }
    failed
}

/// Why the server cannot be used, with all causes.
async fn refusal(state: &SharedState) -> String {
    let err = state.health.ping().await.unwrap_err();
    assert_eq!(StoreErrorKind::Unavailable, err.kind, "nothing was sent");
    let mut told = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(&err);
    while let Some(err) = next {
        told = format!("{told}: {err}");
        next = err.source();
    }
    told
}

#[tokio::test]
async fn tls_with_an_authority_of_ones_own() {
    let certificates = Certificates::make("DNS:localhost,IP:127.0.0.1").unwrap();
    let (_server, port) = RedisServer::start_tls(&certificates, false).unwrap();
    let tls = RedisTls {
        ca: Some(read(certificates.ca())),
        identity: None,
    };
    for host in ["localhost", "127.0.0.1"] {
        serves(&state(&format!("rediss://{host}:{port}"), tls.clone()).await).await;
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_or_that_a_stranger_vouches_for_is_refused() {
    let other_name = Certificates::make("DNS:redis.example").unwrap();
    let (_server, port) = RedisServer::start_tls(&other_name, false).unwrap();
    let url = format!("rediss://localhost:{port}");
    let tls = RedisTls {
        ca: Some(read(other_name.ca())),
        identity: None,
    };
    let told = refusal(&state(&url, tls).await).await;
    assert!(told.contains("not valid for name \"localhost\""), "{told}");

    let stranger = Certificates::make("DNS:localhost").unwrap();
    for ca in [None, Some(read(stranger.ca()))] {
        let tls = RedisTls { ca, identity: None };
        let told = refusal(&state(&url, tls).await).await;
        assert!(told.contains("invalid peer certificate"), "{told}");
    }
}

#[tokio::test]
async fn a_server_may_ask_for_a_certificate_of_ours() {
    let certificates = Certificates::make("DNS:localhost").unwrap();
    let (_server, port) = RedisServer::start_tls(&certificates, true).unwrap();
    let url = format!("rediss://localhost:{port}");
    let ours = RedisTls {
        ca: Some(read(certificates.ca())),
        identity: Some(RedisIdentity {
            certificate: read(certificates.client()),
            key: read(certificates.client_key()).into(),
        }),
    };
    serves(&state(&url, ours.clone()).await).await;
    let without = RedisTls {
        identity: None,
        ..ours.clone()
    };
    assert!(state(&url, without).await.health.ping().await.is_err());

    let stranger = Certificates::make("DNS:localhost").unwrap();
    let mismatched = RedisTls {
        identity: Some(RedisIdentity {
            certificate: read(certificates.client()),
            key: read(stranger.client_key()).into(),
        }),
        ..ours
    };
    let settings = RedisSettings {
        tls: mismatched,
        ..RedisSettings::at(&url)
    };
    let err = settings.check().unwrap_err();
    let told = std::error::Error::source(&err).unwrap().to_string();
    assert!(told.contains("do not go together"), "{told}");
}

/// The line of docs/operations.md that makes the user.
fn documented_user() -> &'static str {
    let docs = include_str!("../../../docs/operations.md");
    docs.lines()
        .find(|line| line.starts_with("ACL SETUSER tidegate "))
        .expect("docs/operations.md has the line")
}

#[tokio::test]
async fn the_documented_user_may_do_what_is_needed_and_nothing_else() {
    let server = RedisServer::start().unwrap();
    let made = server.command(documented_user()).unwrap();
    assert!(made.contains("OK"), "{made}");
    let url = |user: &str| format!("redis://{user}@127.0.0.1:{}/0", server.port());
    let secret = "the-users-password";
    let state_of_user = state(&url(&format!("tidegate:{secret}")), RedisTls::default()).await;
    serves(&state_of_user).await;
    let log = server.command("ACL LOG").unwrap();
    assert!(log.starts_with("*0"), "something was refused: {log}");

    for (command, code) in [
        ("GET foreign:key", "NOPERM"),
        ("PUBLISH foreign:channel x", "NOPERM"),
        ("SUBSCRIBE foreign:channel", "NOPERM"),
        ("CONFIG GET *", "NOPERM"),
        ("FLUSHALL", "NOPERM"),
        ("KEYS *", "NOPERM"),
        ("ACL LIST", "NOPERM"),
    ] {
        let line = format!("AUTH tidegate {secret}\r\n{command}");
        let told = server.command(&line).unwrap();
        assert!(told.contains(code), "{command}: {told}");
    }
    let wrong = state(&url("tidegate:wrong"), RedisTls::default()).await;
    assert!(refusal(&wrong).await.contains("AuthenticationFailed"));
    assert!(!failures(&wrong).await.is_empty());
}
