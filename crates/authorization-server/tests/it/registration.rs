//! Clients that register themselves.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_authorization_server::AuthorizeRefusal;
use tidegate_control_plane::client::{FindClient, ListClients};
use tidegate_oauth_types::ErrorCode;

use crate::bench::{Bench, LOOPBACK, error, peer, peer_at, public_metadata, refresh_token, text};

fn assert_no_null(value: &Value) {
    match value {
        Value::Object(members) => members.values().for_each(assert_no_null),
        Value::Array(items) => items.iter().for_each(assert_no_null),
        Value::String(text) => assert!(!text.is_empty()),
        other => assert!(!other.is_null()),
    }
}

#[tokio::test]
async fn a_public_client_is_told_what_it_needs_and_no_null() {
    let bench = Bench::start().await;
    let reply = bench.register(public_metadata(LOOPBACK)).await;
    assert_no_null(&reply);
    let id = text(&reply, "client_id");
    assert_eq!(
        format!("https://tidegate.example/oauth/register/{id}"),
        text(&reply, "registration_client_uri")
    );
    assert!(text(&reply, "registration_access_token").starts_with("tg_rat_"));
    assert_eq!(json!([LOOPBACK]), reply["redirect_uris"]);
    assert_eq!("none", reply["token_endpoint_auth_method"]);
    assert_eq!("Claude Code (tidegate)", reply["client_name"]);
    assert!(reply.get("client_secret").is_none());
    assert!(reply.get("client_secret_expires_at").is_none());
}

#[tokio::test]
async fn a_confidential_client_gets_a_secret_of_its_own_each_time() {
    let bench = Bench::start().await;
    let mut metadata = public_metadata("https://app.example/callback");
    metadata["token_endpoint_auth_method"] = json!("client_secret_basic");
    let one = bench.register(metadata.clone()).await;
    let two = bench.register(metadata).await;
    assert_ne!(one["client_id"], two["client_id"]);
    assert_ne!(one["client_secret"], two["client_secret"]);
    assert!(text(&one, "client_secret").starts_with("tg_cs_"));
    assert_eq!(json!(0), one["client_secret_expires_at"]);
}

#[tokio::test]
async fn the_same_public_client_is_the_same_client() {
    let bench = Bench::start().await;
    let one = bench.register(public_metadata(LOOPBACK)).await;
    let elsewhere = peer_at("203.0.113.9");
    let two = bench
        .server
        .register(public_metadata(LOOPBACK), &elsewhere)
        .await
        .unwrap();
    assert_eq!(one["client_id"], two["client_id"]);
    assert_ne!(
        one["registration_access_token"],
        two["registration_access_token"]
    );
    let other = bench
        .register(public_metadata("http://127.0.0.1:33418/other"))
        .await;
    assert_ne!(one["client_id"], other["client_id"]);
}

#[tokio::test]
async fn a_client_that_registers_again_on_another_port_is_told_of_that_port() {
    let bench = Bench::start().await;
    let one = bench
        .register(public_metadata("http://127.0.0.1:33418/callback"))
        .await;
    let two = bench
        .register(public_metadata("http://127.0.0.1:40000/callback"))
        .await;
    assert_eq!(one["client_id"], two["client_id"]);
    assert_eq!(
        json!(["http://127.0.0.1:40000/callback"]),
        two["redirect_uris"]
    );
}

#[tokio::test]
async fn the_same_public_client_is_the_same_after_somebody_let_it_in() {
    let bench = Bench::start().await;
    let (client, _) = bench.connected().await;
    assert_eq!(client, bench.public_client().await);
    assert_eq!(
        1,
        bench
            .call(ListClients {
                filter: tidegate_control_plane::client::ClientFilter::default()
            })
            .await
            .len()
    );
}

#[tokio::test]
async fn what_several_registered_nobody_removes_alone() {
    let bench = Bench::start().await;
    let one = bench.register(public_metadata(LOOPBACK)).await;
    let two = bench.register(public_metadata(LOOPBACK)).await;
    let client = text(&one, "client_id");
    for reply in [&two, &one] {
        let bearer = format!("Bearer {}", text(reply, "registration_access_token"));
        bench
            .server
            .registration(&client, Some(&bearer), &peer())
            .await
            .unwrap();
        bench
            .server
            .unregister(&client, Some(&bearer), &peer())
            .await
            .unwrap();
    }
    bench.begin(&client, &[]).await;
    // Nor once it lives in the manager.
    let code = bench.code(&client, &[]).await;
    let reply = bench.exchange(&client, &code).await.unwrap();
    let bearer = format!("Bearer {}", text(&one, "registration_access_token"));
    let _ = bench
        .server
        .unregister(&client, Some(&bearer), &peer())
        .await;
    bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_registrant_reads_and_removes_its_own_client_alone() {
    let bench = Bench::start().await;
    let registered = bench.register(public_metadata(LOOPBACK)).await;
    let other = bench.register(public_metadata("http://localhost/x")).await;
    let client = text(&registered, "client_id");
    let own = format!("Bearer {}", text(&registered, "registration_access_token"));
    let foreign = format!("Bearer {}", text(&other, "registration_access_token"));
    for bearer in [None, Some("Bearer x"), Some(foreign.as_str())] {
        let read = bench.server.registration(&client, bearer, &peer()).await;
        assert_eq!(ErrorCode::InvalidToken, error(read));
        let removed = bench.server.unregister(&client, bearer, &peer()).await;
        assert_eq!(ErrorCode::InvalidToken, error(removed));
    }
    let unknown = bench
        .server
        .registration("nobody", Some(&own), &peer())
        .await;
    assert_eq!(ErrorCode::InvalidToken, error(unknown));
    let read = bench
        .server
        .registration(&client, Some(&own), &peer())
        .await
        .unwrap();
    assert_eq!(registered["client_name"], read["client_name"]);
    assert!(read.get("registration_access_token").is_none());
    bench
        .server
        .unregister(&client, Some(&own), &peer())
        .await
        .unwrap();
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(&client, &[]).await
    );
    let gone = bench
        .server
        .registration(&client, Some(&own), &peer())
        .await;
    assert_eq!(ErrorCode::InvalidToken, error(gone));
}

#[tokio::test]
async fn removing_a_client_that_was_let_in_ends_its_grants() {
    let bench = Bench::start().await;
    let registered = bench.register(public_metadata(LOOPBACK)).await;
    let client = text(&registered, "client_id");
    let own = format!("Bearer {}", text(&registered, "registration_access_token"));
    let code = bench.code(&client, &[]).await;
    let reply = bench.exchange(&client, &code).await.unwrap();
    bench
        .server
        .unregister(&client, Some(&own), &peer())
        .await
        .unwrap();
    let refused = bench.refresh(&client, &refresh_token(&reply), &[]).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
}

#[tokio::test]
async fn nobody_uses_it_for_a_day_and_it_is_gone() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    bench.clock.advance(Duration::from_secs(86_399));
    bench.begin(&client, &[]).await;
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(&client, &[]).await
    );
    // And the same registers anew.
    let again = bench.public_client().await;
    assert_ne!(client, again);
    bench.begin(&again, &[]).await;
}

#[tokio::test]
async fn a_person_who_looks_at_it_keeps_it_for_a_month() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    bench.clock.advance(Duration::from_hours(696));
    bench.begin(&client, &[]).await;
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(&client, &[]).await
    );
}

#[tokio::test]
async fn a_client_that_registers_again_just_before_its_end_does_not_end_while_it_connects() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    bench.clock.advance(Duration::from_secs(86_399));
    assert_eq!(client, bench.public_client().await);
    bench.clock.advance(Duration::from_mins(1));
    bench.begin(&client, &[]).await;
}

#[tokio::test]
async fn a_flood_costs_the_manager_nothing_and_is_stopped() {
    let bench = Bench::with(|rules| rules.limits.registration.burst = 5).await;
    let mut limited = 0;
    for port in 1..=10 {
        let metadata = public_metadata(&format!("http://127.0.0.1/{port}"));
        match bench.server.register(metadata, &peer()).await {
            Ok(_) => {}
            Err(refused) => {
                assert_eq!(ErrorCode::TooManyRequests, refused.code);
                limited += 1;
            }
        }
    }
    assert_eq!(5, limited);
    bench
        .server
        .register(public_metadata(LOOPBACK), &peer_at("203.0.113.9"))
        .await
        .unwrap();
    assert!(
        bench
            .call(ListClients {
                filter: tidegate_control_plane::client::ClientFilter::default()
            })
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn an_address_registers_a_hundred_clients_a_day_and_the_same_one_as_often_as_it_likes() {
    let bench = Bench::with(|rules| {
        rules.max_registrations_a_day = 3;
        rules.limits.registration.burst = 100;
    })
    .await;
    for number in 0..3 {
        bench
            .register(public_metadata(&format!("http://localhost/{number}")))
            .await;
    }
    for _ in 0..5 {
        bench.register(public_metadata("http://localhost/0")).await;
    }
    let refused = bench
        .server
        .register(public_metadata("http://localhost/3"), &peer())
        .await;
    assert_eq!(ErrorCode::TooManyRequests, error(refused));
}

/// Whoever floods from everywhere fills neither the store for long nor the audit.
#[tokio::test]
async fn of_a_flood_from_everywhere_little_is_kept() {
    let bench = Bench::with(|rules| {
        rules.limits.registration_of_all.per_minute = 1_000_000;
        rules.limits.registration_of_all.burst = 1_000_000;
    })
    .await;
    let register = async |number: u32| {
        let metadata = public_metadata(&format!("https://app.example/{number}"));
        let from = peer_at(&format!("2001:db8:0:{number:x}::1"));
        bench.server.register(metadata, &from).await
    };
    let mut clients = Vec::new();
    let mut refused = 0;
    for number in 0..2_100 {
        match register(number).await {
            Ok(reply) => clients.push(text(&reply, "client_id")),
            Err(err) => {
                assert_eq!(ErrorCode::TooManyRequests, err.code);
                refused += 1;
            }
        }
    }
    assert_eq!((2_000, 100), (clients.len(), refused));
    assert!(bench.outcomes("client.registered").await.len() < 200);
    bench.clock.advance(Duration::from_secs(3_599));
    bench
        .begin(
            &clients[1_999],
            &[("redirect_uri", "https://app.example/1999")],
        )
        .await;
    bench.clock.advance(Duration::from_secs(1));
    // The first ones wait for a person for a day, the rest are gone, and the next hour takes others.
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(&clients[1_999], &[]).await
    );
    bench
        .begin(&clients[0], &[("redirect_uri", "https://app.example/0")])
        .await;
    register(9_999).await.unwrap();
}

#[tokio::test]
async fn registering_over_and_over_makes_a_client_live_no_longer() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for _ in 0..5 {
        assert_eq!(client, bench.public_client().await);
    }
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(&client, &[]).await
    );
}

#[tokio::test]
async fn a_registration_is_as_large_as_clients_need() {
    let bench = Bench::start().await;
    let long = |count: usize, length: usize| -> Vec<String> {
        let uri = |number| format!("https://app.example/{}{number}", "a".repeat(length));
        (0..count).map(uri).collect()
    };
    let mut metadata = public_metadata(LOOPBACK);
    metadata["redirect_uris"] = json!(long(10, 500));
    bench.register(metadata.clone()).await;
    for (name, value) in [
        ("redirect_uris", json!(long(32, 2_000))),
        ("contacts", json!(long(1, 9_000))),
    ] {
        metadata[name] = value;
        let refused = bench.server.register(metadata.clone(), &peer()).await;
        assert_eq!(ErrorCode::InvalidClientMetadata, error(refused), "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_registered_says_why() {
    let bench = Bench::start().await;
    for (name, value, expected) in [
        ("redirect_uris", json!([]), ErrorCode::InvalidRedirectUri),
        (
            "redirect_uris",
            json!(["javascript:alert(1)"]),
            ErrorCode::InvalidRedirectUri,
        ),
        (
            "redirect_uris",
            json!(["http://evil.example/"]),
            ErrorCode::InvalidRedirectUri,
        ),
        (
            "redirect_uris",
            json!(["microsoft-edge:https://evil.example"]),
            ErrorCode::InvalidRedirectUri,
        ),
        (
            "redirect_uris",
            json!(["unheard-of://cb"]),
            ErrorCode::InvalidRedirectUri,
        ),
        (
            "redirect_uris",
            json!("http://localhost/"),
            ErrorCode::InvalidClientMetadata,
        ),
        (
            "grant_types",
            json!(["client_credentials"]),
            ErrorCode::InvalidClientMetadata,
        ),
        (
            "token_endpoint_auth_method",
            json!("private_key_jwt"),
            ErrorCode::InvalidClientMetadata,
        ),
    ] {
        let mut metadata = public_metadata(LOOPBACK);
        metadata[name] = value.clone();
        let refused = bench.server.register(metadata, &peer()).await;
        assert_eq!(expected, error(refused), "{name} {value}");
    }
    for value in [json!(null), json!([]), json!("x")] {
        let refused = bench.server.register(value, &peer()).await;
        assert_eq!(ErrorCode::InvalidClientMetadata, error(refused));
    }
}

#[tokio::test]
async fn real_clients_can_register() {
    let bench = Bench::start().await;
    for metadata in [
        json!({"client_name": "Claude Code (oa2)", "redirect_uris": ["http://localhost:53952/callback"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "none", "application_type": "native", "scope": "mcp:read"}),
        json!({"client_name": "Cursor", "application_type": "web", "token_endpoint_auth_method": "none",
            "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"]}),
        json!({"redirect_uris": ["http://localhost:28929/oauth/callback"], "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
            "software_version": "0.1.31", "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
            "token_endpoint_auth_method": "none", "client_name": "MCP CLI Proxy", "logo_uri": null, "contacts": []}),
    ] {
        let registered = bench.register(metadata).await;
        assert_no_null(&registered);
        let client = text(&registered, "client_id");
        for redirect in registered["redirect_uris"].as_array().unwrap() {
            let redirect = redirect.as_str().unwrap();
            bench.begin(&client, &[("redirect_uri", redirect)]).await;
        }
    }
}

#[tokio::test]
async fn registration_can_be_switched_off() {
    let bench = Bench::with(|rules| rules.may_register = false).await;
    let refused = bench
        .server
        .register(public_metadata(LOOPBACK), &peer())
        .await;
    assert_eq!(ErrorCode::AccessDenied, error(refused));
    assert_eq!(None, bench.server.metadata().registration_endpoint);
}

#[tokio::test]
async fn a_confidential_client_stays_itself_when_it_moves_to_the_manager() {
    let bench = Bench::start().await;
    let mut metadata = public_metadata(LOOPBACK);
    metadata["token_endpoint_auth_method"] = json!("client_secret_basic");
    let registered = bench.register(metadata).await;
    let (client, secret) = (
        text(&registered, "client_id"),
        text(&registered, "client_secret"),
    );
    let transaction = bench.begin(&client, &[]).await;
    let code = crate::bench::code_of(&bench.allow(&transaction, "mcp:read").await);
    let id = client.parse().unwrap();
    assert!(bench.call(FindClient { id }).await.unwrap().has_secret);
    let mut request = crate::bench::code_request(&code);
    request.push(("client_secret", &secret));
    bench.token(&client, &request).await.unwrap();
    let own = format!("Bearer {}", text(&registered, "registration_access_token"));
    bench
        .server
        .registration(&client, Some(&own), &peer())
        .await
        .unwrap();
}
