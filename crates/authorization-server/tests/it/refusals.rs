//! Whoever needs no account to be refused does not fill the audit.

use std::time::Duration;

use crate::bench::{Bench, parameters, peer_at};

/// Requests as anybody can send them, each with another client.
async fn unknown_client(bench: &Bench, number: u32, address: &str) {
    let client = format!("{number:032x}");
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "tg_rt_nothing"),
        ("client_id", client.as_str()),
    ];
    let refused = bench
        .server
        .token(None, &parameters(&pairs), &peer_at(address))
        .await;
    refused.unwrap_err();
}

#[tokio::test]
async fn of_requests_of_unknown_clients_few_are_in_the_audit() {
    let bench = Bench::start().await;
    for number in 0..150 {
        unknown_client(&bench, number, "198.51.100.7").await;
    }
    let events = bench.events("token.refused").await;
    assert!((1..=8).contains(&events.len()), "{}", events.len());
    // What is there says how many there were.
    let told: Vec<_> = events.iter().map(|event| event.detail.as_deref()).collect();
    assert!(
        told.iter()
            .flatten()
            .any(|detail| detail.contains("128 times in 10 minutes")),
        "{told:?}"
    );
    // Another network is told by itself, and so is the next window.
    unknown_client(&bench, 0, "203.0.113.5").await;
    assert_eq!(events.len() + 1, bench.events("token.refused").await.len());
    bench.clock.advance(Duration::from_mins(10));
    unknown_client(&bench, 0, "198.51.100.7").await;
    assert_eq!(events.len() + 2, bench.events("token.refused").await.len());
}

#[tokio::test]
async fn a_flood_from_everywhere_leaves_few_rows_whatever_it_asks_for() {
    let bench = Bench::start().await;
    for number in 0..600_u32 {
        let address = format!("2001:db8:{number:x}::1");
        unknown_client(&bench, number, &address).await;
        let client = format!("{number:032x}");
        let token = parameters(&[("token", "tg_rt_x"), ("client_id", &client)]);
        let _ = bench
            .server
            .introspect(None, &token, &peer_at(&address))
            .await;
        bench.refused(&client, &[]).await;
    }
    for action in [
        "token.refused",
        "token.introspection_refused",
        "authorize.refused",
    ] {
        let rows = bench.events(action).await.len();
        assert!(rows <= 120, "{action}: {rows}");
    }
}

/// A refusal that concerns somebody is not lost among those of strangers.
#[tokio::test]
async fn a_refusal_of_a_known_client_is_written_beside_a_flood() {
    let bench = Bench::start().await;
    for number in 0..600_u32 {
        unknown_client(&bench, number, &format!("2001:db8:{number:x}::1")).await;
    }
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    bench.exchange(&client, &code).await.unwrap();
    bench.exchange(&client, &code).await.unwrap_err();
    let reasons = bench.outcomes("token.refused").await;
    assert!(
        reasons.iter().any(|reason| reason.starts_with("code")),
        "{reasons:?}"
    );
}
