//! Refresh tokens.

use std::time::Duration;

use tidegate_authorization_server::SwitchedOff;
use tidegate_control_plane::client::{RemoveClient, UpdateClient};
use tidegate_control_plane::grant::{EndGrant, EndReason, FindGrant};
use tidegate_oauth_types::ErrorCode;
use tidegate_types::ExposeSecret;

use crate::bench::{Bench, error, public_metadata, refresh_token, scopes, slug, text};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_under_the_same_grant() {
    let bench = Bench::start().await;
    let (client, first) = bench.connected().await;
    let second = bench
        .refresh(&client, &refresh_token(&first), &[])
        .await
        .unwrap();
    assert_ne!(refresh_token(&first), refresh_token(&second));
    let (one, two) = (bench.claims(&first).await, bench.claims(&second).await);
    assert_eq!(one.gid, two.gid);
    assert_eq!(
        (one.aud, one.workspace, one.scope),
        (two.aud, two.workspace, two.scope)
    );
    assert_ne!(one.jti, two.jti);
}

#[tokio::test]
async fn a_lost_answer_is_repeated_with_a_fresh_access_token() {
    let bench = Bench::start().await;
    let (client, first) = bench.connected().await;
    let token = refresh_token(&first);
    let answer = bench.refresh(&client, &token, &[]).await.unwrap();
    bench.clock.advance(Duration::from_secs(100));
    let again = bench.refresh(&client, &token, &[]).await.unwrap();
    assert_eq!(refresh_token(&answer), refresh_token(&again));
    assert_ne!(
        answer.access_token.expose_secret(),
        again.access_token.expose_secret()
    );
    bench
        .refresh(&client, &refresh_token(&again), &[])
        .await
        .unwrap();
    assert_eq!(1, bench.outcomes("grant.refresh_repeated").await.len());
}

#[tokio::test]
async fn a_token_that_comes_back_too_late_ends_its_grant_and_no_other() {
    let bench = Bench::start().await;
    let (client, first) = bench.connected().await;
    let other = bench.code(&client, &[]).await;
    let other = bench.exchange(&client, &other).await.unwrap();
    let next = bench
        .refresh(&client, &refresh_token(&first), &[])
        .await
        .unwrap();
    bench.clock.advance(Duration::from_secs(121));
    let refused = bench.refresh(&client, &refresh_token(&first), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    let refused = bench.refresh(&client, &refresh_token(&next), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    let id = bench.claims(&first).await.gid;
    let ended = bench.call(FindGrant { id }).await.unwrap().ended;
    assert_eq!(
        Some(EndReason::RefreshReplay),
        ended.map(|(_, reason)| reason)
    );
    // Another machine of the same person with the same client (C3).
    bench
        .refresh(&client, &refresh_token(&other), &[])
        .await
        .unwrap();
    assert_eq!(
        vec!["grant_ended".to_owned()],
        bench.outcomes("grant.replay_detected").await
    );
}

#[tokio::test]
async fn what_a_person_ended_is_not_called_a_replay() {
    let bench = Bench::start().await;
    let (client, first) = bench.connected().await;
    let id = bench.claims(&first).await.gid;
    let reason = EndReason::ByUser;
    bench
        .call(EndGrant {
            id: id.clone(),
            reason,
        })
        .await;
    let refused = bench.refresh(&client, &refresh_token(&first), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    let ended = bench.call(FindGrant { id }).await.unwrap().ended;
    assert_eq!(Some(EndReason::ByUser), ended.map(|(_, reason)| reason));
    assert_eq!(
        vec!["grant_ended".to_owned()],
        bench.outcomes("token.refused").await
    );
    assert!(bench.outcomes("grant.replay_detected").await.is_empty());
}

#[tokio::test]
async fn a_client_may_ask_for_less_and_gets_all_again_when_it_asks_for_nothing() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[("scope", "mcp:write")]).await;
    let mut token = refresh_token(&bench.exchange(&client, &code).await.unwrap());
    for (asked, granted) in [
        ("mcp:read", "mcp:read"),
        ("mcp:read offline_access", "mcp:read"),
        ("mcp:admin", "mcp:read mcp:query mcp:write"),
        ("foreign", "mcp:read mcp:query mcp:write"),
        ("", "mcp:read mcp:query mcp:write"),
    ] {
        let reply = bench
            .refresh(&client, &token, &[("scope", asked)])
            .await
            .unwrap();
        assert_eq!(scopes(granted), reply.scope, "{asked}");
        assert_eq!(scopes(granted), bench.claims(&reply).await.scope);
        token = refresh_token(&reply);
    }
}

#[tokio::test]
async fn another_client_or_resource_gets_nothing_and_uses_nothing_up() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let token = refresh_token(&reply);
    let other = text(
        &bench.register(public_metadata("http://localhost/x")).await,
        "client_id",
    );
    let refused = bench.refresh(&other, &token, &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    let resource = ("resource", "https://rival.example/mcp");
    let refused = bench.refresh(&client, &token, &[resource]).await;
    assert_eq!(ErrorCode::InvalidTarget, error(refused));
    let resource = ("resource", "https://tidegate.example/mcp");
    bench.refresh(&client, &token, &[resource]).await.unwrap();
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_is_not_looked_up() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let token = refresh_token(&reply);
    let as_access = reply.access_token.expose_secret();
    for made_up in ["x", &token[1..], &token[..token.len() - 1], as_access] {
        let refused = bench.refresh(&client, made_up, &[]).await;
        assert_eq!(ErrorCode::InvalidGrant, error(refused));
    }
    let refused = bench.refresh(&client, "", &[]).await;
    assert_eq!(ErrorCode::InvalidRequest, error(refused));
}

#[tokio::test]
async fn thirty_days_without_use_end_it_and_so_do_ninety_with() {
    let bench = Bench::start().await;
    let (client, idle) = bench.connected().await;
    let code = bench.code(&client, &[]).await;
    let used = bench.exchange(&client, &code).await.unwrap();
    let mut token = refresh_token(&used);
    for _ in 0..4 {
        bench.clock.advance(DAY * 20);
        token = refresh_token(&bench.refresh(&client, &token, &[]).await.unwrap());
    }
    let refused = bench.refresh(&client, &refresh_token(&idle), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    // The last access token does not outlive the grant.
    bench
        .clock
        .advance((DAY * 10).checked_sub(Duration::from_mins(1)).unwrap());
    let last = bench.refresh(&client, &token, &[]).await.unwrap();
    assert_eq!(60, last.expires_in);
    bench.clock.advance(Duration::from_mins(1));
    let refused = bench.refresh(&client, &refresh_token(&last), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
}

#[tokio::test]
async fn a_flag_that_is_off_for_an_hour_logs_nobody_out() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let token = refresh_token(&reply);
    bench.switches.off_in.lock().unwrap().insert(slug("acme"));
    let refused = bench.refresh(&client, &token, &[]).await;
    assert_eq!(ErrorCode::AccessDenied, error(refused));
    bench.switches.off_in.lock().unwrap().clear();
    *bench.switches.off.lock().unwrap() = Some(SwitchedOff::OAuth);
    let refused = bench.refresh(&client, &token, &[]).await;
    assert_eq!(ErrorCode::AccessDenied, error(refused));
    *bench.switches.off.lock().unwrap() = None;
    bench.clock.advance(Duration::from_hours(1));
    bench.refresh(&client, &token, &[]).await.unwrap();
}

#[tokio::test]
async fn a_client_that_may_do_less_now_gets_less() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let narrow = UpdateClient {
        id: client.parse().unwrap(),
        metadata: None,
        scopes: Some(scopes("mcp:read")),
        is_verified: None,
    };
    bench.call(narrow).await;
    let reply = bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), reply.scope);
}

#[tokio::test]
async fn a_removed_client_is_told_that_it_is_no_client() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let id = client.parse().unwrap();
    assert!(bench.call(RemoveClient { id }).await);
    let refused = bench.refresh(&client, &refresh_token(&reply), &[]).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
}
