//! Browser sessions.

use std::time::Duration;

use tidegate_control_plane::account::UpdateAccount;
use tidegate_login::CsrfToken;
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_store::TicketKind;
use tidegate_types::ExposeSecret;

use crate::stage::{GOOD, Stage};

const HOUR: u64 = 3_600;

#[tokio::test]
async fn a_session_lives_while_it_is_used_and_a_week_at_most() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    assert_eq!(Duration::from_hours(7 * 24), session.lives);
    for _ in 0..15 {
        stage.later(11 * HOUR);
        assert!(stage.is_open(&session).await);
    }
    stage.later(3 * HOUR);
    assert!(!stage.is_open(&session).await, "168 hours");
    let idle = stage.enter("alice", GOOD).await.unwrap();
    stage.later(12 * HOUR);
    assert!(!stage.is_open(&idle).await);
}

#[tokio::test]
async fn what_is_no_cookie_of_ours_is_nobodys() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let cookie = session.cookie.expose_secret();
    let invented = IssuedSecret::draw(SecretKind::BrowserSession);
    let other_kind = IssuedSecret::draw(SecretKind::RefreshToken);
    let key = SecretHash::of(cookie).to_string();
    for no_cookie in [
        "",
        "x",
        &cookie[1..],
        &cookie[..cookie.len() - 1],
        &cookie.to_uppercase(),
        &format!("{cookie} "),
        // What the store knows it by is worth nothing.
        &key,
        invented.text.expose_secret(),
        other_kind.text.expose_secret(),
        &"tg_bs_".repeat(10_000),
    ] {
        assert!(stage.sign_in.session(no_cookie).await.unwrap().is_none());
        stage.sign_in.sign_out(no_cookie).await.unwrap();
    }
    assert!(stage.is_open(&session).await);
}

#[tokio::test]
async fn the_store_knows_neither_cookie_nor_csrf_token() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let key = session.session.key.to_string();
    let kept = stage
        .state
        .tickets
        .get(TicketKind::BrowserSession, &key)
        .await;
    let kept = String::from_utf8(kept.unwrap().unwrap().to_vec()).unwrap();
    assert!(!kept.contains(session.cookie.expose_secret()), "{kept}");
    assert!(!kept.contains(session.session.csrf.as_str()), "{kept}");
}

#[tokio::test]
async fn every_sign_in_gets_a_cookie_of_its_own() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let first = stage.enter("alice", GOOD).await.unwrap();
    let second = stage.enter("alice", GOOD).await.unwrap();
    assert_ne!(first.cookie.expose_secret(), second.cookie.expose_secret());
    assert_ne!(first.session.csrf, second.session.csrf);
    stage
        .sign_in
        .sign_out(first.cookie.expose_secret())
        .await
        .unwrap();
    assert!(!stage.is_open(&first).await);
    assert!(stage.is_open(&second).await);
    assert_eq!(1, stage.events("sign_out").await.len());
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_of_ones_own_and_no_others() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    stage.person("bob").await;
    let bob = stage.enter("bob", GOOD).await.unwrap();
    let mut alices = Vec::new();
    for _ in 0..3 {
        alices.push(stage.enter("alice", GOOD).await.unwrap());
    }
    stage.later(1);
    stage
        .sign_in
        .sign_out_everywhere(&alices[0].session)
        .await
        .unwrap();
    for session in &alices {
        assert!(!stage.is_open(session).await);
    }
    assert!(stage.is_open(&bob).await);
    let again = stage.enter("alice", GOOD).await.unwrap();
    assert!(stage.is_open(&again).await);
}

#[tokio::test]
async fn an_account_that_is_switched_off_is_signed_out_at_once() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    stage.later(1);
    for is_active in [false, true] {
        let update = UpdateAccount {
            id: alice.id.clone(),
            email: None,
            display_name: None,
            is_active: Some(is_active),
            is_administrator: None,
        };
        stage.manager.call(update).await.unwrap();
        assert!(
            !stage.is_open(&session).await,
            "switched on again: it stays ended"
        );
    }
}

#[tokio::test]
async fn changes_of_an_account_are_seen_at_the_next_request() {
    let stage = Stage::new().await;
    let alice = stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let update = UpdateAccount {
        id: alice.id,
        email: None,
        display_name: Some("Alice L.".to_owned()),
        is_active: None,
        is_administrator: Some(true),
    };
    stage.manager.call(update).await.unwrap();
    let cookie = session.cookie.expose_secret();
    let seen = stage.sign_in.session(cookie).await.unwrap().unwrap();
    assert!(seen.account.is_administrator);
    assert_eq!("Alice L.", seen.account.display_name);
    assert_eq!(
        session.session.csrf, seen.csrf,
        "a form that is open still works"
    );
    assert_eq!(session.session.signed_in_at, seen.signed_in_at);
}

#[tokio::test]
async fn a_damaged_record_is_nobodys_and_is_removed() {
    let stage = Stage::new().await;
    stage.person("alice").await;
    let session = stage.enter("alice", GOOD).await.unwrap();
    let key = session.session.key.to_string();
    for damaged in [
        "",
        "{}",
        "null",
        "\u{0}",
        r#"{"v":2,"account":"x","since":0,"standing":0}"#,
    ] {
        let tickets = &stage.state.tickets;
        tickets
            .remove(TicketKind::BrowserSession, &key)
            .await
            .unwrap();
        let value = bytes::Bytes::copy_from_slice(damaged.as_bytes());
        tickets
            .issue(
                TicketKind::BrowserSession,
                &key,
                value,
                Duration::from_mins(1),
            )
            .await
            .unwrap();
        assert!(!stage.is_open(&session).await, "{damaged}");
    }
}

#[test]
fn a_csrf_token_is_of_one_cookie_and_shows_nothing() {
    let token = CsrfToken::of_cookie("cookie");
    assert!(token.matches(token.as_str()));
    let same_length = "0".repeat(64);
    for other in [
        "",
        "x",
        &token.as_str()[1..],
        &same_length,
        &token.as_str().to_uppercase(),
    ] {
        assert!(!token.matches(other), "{other}");
    }
    assert!(!token.matches(CsrfToken::of_cookie("other").as_str()));
    assert_ne!(SecretHash::of("cookie").to_string(), token.as_str());
    assert_eq!("CsrfToken([redacted])", format!("{token:?}"));
}
