//! Devices without a browser.

use std::time::Duration;

use serde_json::json;
use tidegate_authorization_server::{
    AnswerView, ConsentDecision, ConsentWarning, DeviceReply, TokenReply,
};
use tidegate_control_plane::workspace::RemoveMembership;
use tidegate_oauth_types::{ErrorCode, OAuthError};
use tidegate_types::ExposeSecret;

use crate::bench::{
    Bench, LOOPBACK, allow, error, parameters, peer, peer_at, public_metadata, scopes, slug, text,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn client(bench: &Bench) -> String {
    let mut metadata = public_metadata(LOOPBACK);
    metadata["grant_types"] = json!([GRANT, "refresh_token"]);
    metadata["redirect_uris"] = json!([]);
    text(&bench.register(metadata).await, "client_id")
}

async fn begin(
    bench: &Bench,
    client: &str,
    changes: &[(&str, &str)],
) -> Result<DeviceReply, OAuthError> {
    let mut pairs = vec![("client_id", client)];
    pairs.extend(changes);
    bench
        .server
        .authorize_device(None, &parameters(&pairs), &peer_at("203.0.113.5"))
        .await
}

async fn poll(bench: &Bench, client: &str, reply: &DeviceReply) -> Result<TokenReply, OAuthError> {
    let code = reply.device_code.expose_secret();
    bench
        .token(client, &[("grant_type", GRANT), ("device_code", code)])
        .await
}

async fn decide(bench: &Bench, reply: &DeviceReply, decision: ConsentDecision) {
    let session = bench.ana();
    bench
        .server
        .decide_device(&reply.user_code, &session, decision, &peer())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_device_waits_until_its_person_agrees() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[("scope", "mcp:read")])
        .await
        .unwrap();
    assert_eq!("https://tidegate.example/device", reply.verification_uri);
    assert_eq!(
        format!(
            "https://tidegate.example/device?user_code={}",
            reply.user_code
        ),
        reply.verification_uri_complete
    );
    assert_eq!((600, 5), (reply.expires_in, reply.interval));
    assert_eq!(
        ErrorCode::AuthorizationPending,
        error(poll(&bench, &client, &reply).await)
    );
    let typed = reply.user_code.to_lowercase().replace('-', " ");
    let view = bench
        .server
        .device(&typed, &bench.ana(), &peer())
        .await
        .unwrap();
    let AnswerView::Device {
        user_code, address, ..
    } = view.answer
    else {
        panic!("{:?}", view.answer);
    };
    assert_eq!(
        (reply.user_code.as_str(), "203.0.113.5"),
        (user_code.as_str(), address.as_str())
    );
    assert_eq!(
        vec![ConsentWarning::Unverified, ConsentWarning::Device],
        view.warnings
    );
    decide(&bench, &reply, allow("acme", "mcp:admin")).await;
    let tokens = poll(&bench, &client, &reply).await.unwrap();
    assert_eq!(scopes("mcp:read"), tokens.scope);
    let claims = bench.claims(&tokens).await;
    assert_eq!(
        (bench.ana.id.clone(), Some(slug("acme"))),
        (claims.sub, claims.workspace)
    );
    let refresh = crate::bench::refresh_token(&tokens);
    bench.refresh(&client, &refresh, &[]).await.unwrap();
}

#[tokio::test]
async fn a_device_code_gives_tokens_once() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    decide(&bench, &reply, allow("acme", "mcp:read")).await;
    poll(&bench, &client, &reply).await.unwrap();
    assert_eq!(
        ErrorCode::ExpiredToken,
        error(poll(&bench, &client, &reply).await)
    );
}

#[tokio::test]
async fn two_nodes_give_a_device_one_grant() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    decide(&bench, &reply, allow("acme", "mcp:read")).await;
    let (a, b) = tokio::join!(poll(&bench, &client, &reply), poll(&bench, &client, &reply));
    assert!(a.is_ok() ^ b.is_ok(), "{a:?} {b:?}");
}

#[tokio::test]
async fn no_is_told_to_the_device() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    decide(&bench, &reply, ConsentDecision::Deny).await;
    assert_eq!(
        ErrorCode::AccessDenied,
        error(poll(&bench, &client, &reply).await)
    );
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_slowed_down() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    let after = async |secs: u64| {
        bench.clock.advance(Duration::from_secs(secs));
        error(poll(&bench, &client, &reply).await)
    };
    assert_eq!(ErrorCode::AuthorizationPending, after(0).await);
    assert_eq!(ErrorCode::AuthorizationPending, after(5).await);
    assert_eq!(ErrorCode::SlowDown, after(4).await);
    // Ten seconds from now on.
    assert_eq!(ErrorCode::SlowDown, after(5).await);
    assert_eq!(ErrorCode::AuthorizationPending, after(15).await);
    assert!(bench.outcomes("token.refused").await.is_empty());
}

#[tokio::test]
async fn ten_minutes_are_enough_and_no_more() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(
        ErrorCode::ExpiredToken,
        error(poll(&bench, &client, &reply).await)
    );
    let late = bench
        .server
        .device(&reply.user_code, &bench.ana(), &peer())
        .await;
    assert_eq!("unknown_request", late.unwrap_err().code());
}

#[tokio::test]
async fn a_code_that_was_decided_on_is_used_up() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    decide(&bench, &reply, allow("acme", "mcp:read")).await;
    let session = bench.ana();
    let again = bench
        .server
        .decide_device(&reply.user_code, &session, ConsentDecision::Deny, &peer())
        .await;
    assert_eq!("unknown_request", again.unwrap_err().code());
    poll(&bench, &client, &reply).await.unwrap();
}

#[tokio::test]
async fn whoever_guesses_codes_is_stopped() {
    let bench = Bench::with(|rules| rules.limits.user_code.burst = 3).await;
    let session = bench.ana();
    let mut codes = Vec::new();
    for guess in ["BCDF-GHJK", "BCDF-GHJL", "x", "BCDF-GHJM"] {
        let refused = bench
            .server
            .device(guess, &session, &peer())
            .await
            .unwrap_err();
        codes.push(refused.code());
    }
    assert_eq!(
        vec![
            "unknown_request",
            "unknown_request",
            "unknown_request",
            "too_many_requests"
        ],
        codes
    );
}

#[tokio::test]
async fn another_clients_device_code_is_nothing() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    let mut metadata = public_metadata("http://localhost/x");
    metadata["grant_types"] = json!([GRANT, "authorization_code"]);
    let other = text(&bench.register(metadata).await, "client_id");
    decide(&bench, &reply, allow("acme", "mcp:read")).await;
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(poll(&bench, &other, &reply).await)
    );
    poll(&bench, &client, &reply).await.unwrap();
}

#[tokio::test]
async fn a_device_whose_person_left_meanwhile_is_not_connected() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    decide(&bench, &reply, allow("acme", "mcp:read")).await;
    let workspace = slug("acme");
    let account = bench.ana.id.clone();
    assert!(bench.call(RemoveMembership { workspace, account }).await);
    let refused = poll(&bench, &client, &reply).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    assert_eq!(0, bench.grants(&client).await);
}

#[tokio::test]
async fn what_is_wrong_is_told_to_the_device() {
    let bench = Bench::start().await;
    let device = client(&bench).await;
    let browser = bench.public_client().await;
    assert_eq!(
        ErrorCode::UnauthorizedClient,
        error(begin(&bench, &browser, &[]).await)
    );
    assert_eq!(
        ErrorCode::InvalidClient,
        error(begin(&bench, "nobody", &[]).await)
    );
    let resource = ("resource", "https://other.example/mcp");
    assert_eq!(
        ErrorCode::InvalidTarget,
        error(begin(&bench, &device, &[resource]).await)
    );
    for (code, expected) in [
        ("tg_dc_x", ErrorCode::InvalidGrant),
        ("", ErrorCode::InvalidRequest),
    ] {
        let refused = bench
            .token(&device, &[("grant_type", GRANT), ("device_code", code)])
            .await;
        assert_eq!(expected, error(refused));
    }
}

#[tokio::test]
async fn the_reply_has_the_members_of_the_rfc() {
    let bench = Bench::start().await;
    let client = client(&bench).await;
    let reply = begin(&bench, &client, &[]).await.unwrap();
    let json = serde_json::to_value(&reply).unwrap();
    let names: Vec<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        vec![
            "device_code",
            "expires_in",
            "interval",
            "user_code",
            "verification_uri",
            "verification_uri_complete"
        ],
        names
    );
}
