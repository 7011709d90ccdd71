//! Clients that prove themselves with a private key.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_authorization_server::{FetchError, TokenReply};
use tidegate_oauth_types::{ErrorCode, JWT_BEARER_ASSERTION, OAuthError};
use tidegate_types::Clock;

use crate::bench::{Bench, ISSUER, code_of, code_request, error, parameters, peer, refresh_token};
use crate::signed::{Pair, merged};

const CLIENT: &str = "https://chatgpt.com/oauth/client.json";
const KEYS: &str = "https://chatgpt.com/oauth/jwks.json";
const CALLBACK: &str = "https://chatgpt.com/connector_platform_oauth_redirect";

fn document() -> Value {
    json!({
        "client_id": CLIENT,
        "client_name": "ChatGPT",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": KEYS,
    })
}

async fn bench(pair: &Pair) -> Bench {
    let bench = Bench::start().await;
    bench.web.serve(CLIENT, document());
    bench.web.serve(KEYS, pair.key_set());
    bench
}

async fn code(bench: &Bench) -> String {
    let transaction = bench.begin(CLIENT, &[("redirect_uri", CALLBACK)]).await;
    code_of(&bench.allow(&transaction, "mcp:read").await)
}

fn claims(bench: &Bench, jti: &str) -> Value {
    let now = bench.clock.unix_secs();
    json!({ "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60 })
}

async fn exchange(bench: &Bench, code: &str, assertion: &str) -> Result<TokenReply, OAuthError> {
    let mut request = code_request(code);
    request.retain(|(name, _)| *name != "redirect_uri");
    request.push(("redirect_uri", CALLBACK));
    request.push(("client_assertion_type", JWT_BEARER_ASSERTION));
    request.push(("client_assertion", assertion));
    bench
        .server
        .token(None, &parameters(&request), &peer())
        .await
}

#[tokio::test]
async fn a_signed_assertion_proves_the_client_for_either_audience() {
    let pair = Pair::draw();
    let bench = bench(&pair).await;
    let endpoint = format!("{ISSUER}/oauth/token");
    for (number, audience) in [json!(ISSUER), json!(endpoint), json!([ISSUER])]
        .into_iter()
        .enumerate()
    {
        let claims = merged(
            claims(&bench, &format!("jti-{number}")),
            &[("aud", audience)],
        );
        let reply = exchange(&bench, &code(&bench).await, &pair.sign("JWT", &claims)).await;
        reply.unwrap();
    }
    assert_eq!(1, bench.web.fetches_of(KEYS));
}

#[tokio::test]
async fn an_assertion_is_good_once() {
    let pair = Pair::draw();
    let bench = bench(&pair).await;
    let assertion = pair.sign("JWT", &claims(&bench, "once"));
    exchange(&bench, &code(&bench).await, &assertion)
        .await
        .unwrap();
    let again = exchange(&bench, &code(&bench).await, &assertion).await;
    assert_eq!(ErrorCode::InvalidClient, error(again));
    assert_eq!(
        vec!["assertion_replayed".to_owned()],
        bench.outcomes("token.refused").await
    );
}

#[tokio::test]
async fn whatever_is_wrong_with_an_assertion_is_told_alike() {
    let (pair, stranger) = (Pair::draw(), Pair::draw());
    let bench = bench(&pair).await;
    let now = bench.clock.unix_secs();
    let mut assertions: Vec<String> = [
        ("iss", json!("https://other.example/client.json")),
        ("aud", json!("https://other.example")),
        ("aud", json!(null)),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 86_400)),
        ("exp", json!(null)),
        ("nbf", json!(now + 120)),
        ("jti", json!(null)),
    ]
    .into_iter()
    .map(|change| pair.sign("JWT", &merged(claims(&bench, "wrong"), &[change])))
    .collect();
    assertions.push(stranger.sign("JWT", &claims(&bench, "stranger")));
    assertions.push(pair.sign("at+jwt", &claims(&bench, "type")));
    let code = code(&bench).await;
    let mut bodies = std::collections::BTreeSet::new();
    for assertion in &assertions {
        let refused = exchange(&bench, &code, assertion).await.unwrap_err();
        assert_eq!(ErrorCode::InvalidClient, refused.code);
        bodies.insert(serde_json::to_string(&refused).unwrap());
    }
    assert_eq!(1, bodies.len(), "{bodies:?}");
    // None of them burnt the code.
    let good = pair.sign("JWT", &claims(&bench, "good"));
    exchange(&bench, &code, &good).await.unwrap();
}

#[tokio::test]
async fn a_client_with_a_key_is_not_itself_without_it() {
    let pair = Pair::draw();
    let bench = bench(&pair).await;
    let mut request = code_request("tg_ac_x");
    let refused = bench.token(CLIENT, &request).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
    request.push((
        "client_secret",
        "tg_cs_0000000000000000000000000000000000000000000aaaaaa",
    ));
    let refused = bench.token(CLIENT, &request).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
    // Nor is a client without keys one with them.
    let public = bench.public_client().await;
    let assertion = pair.sign(
        "JWT",
        &merged(
            claims(&bench, "x"),
            &[("iss", json!(public)), ("sub", json!(public))],
        ),
    );
    let refused = exchange(&bench, "tg_ac_x", &assertion).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
}

#[tokio::test]
async fn a_client_may_change_its_keys() {
    let (old, new) = (Pair::draw(), Pair::draw());
    let bench = bench(&old).await;
    let first = old.sign("JWT", &claims(&bench, "1"));
    let reply = exchange(&bench, &code(&bench).await, &first).await.unwrap();
    bench.web.serve(KEYS, new.key_set());
    bench.clock.advance(Duration::from_secs(61));
    let assertion = new.sign("JWT", &claims(&bench, "2"));
    let refresh = refresh_token(&reply);
    let request = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
        ("client_assertion_type", JWT_BEARER_ASSERTION),
        ("client_assertion", &assertion),
    ];
    bench
        .server
        .token(None, &parameters(&request), &peer())
        .await
        .unwrap();
    // The old key counts no more.
    let stolen = old.sign("JWT", &claims(&bench, "3"));
    let refused = exchange(&bench, &code(&bench).await, &stolen).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_prove_nothing() {
    let pair = Pair::draw();
    let bench = bench(&pair).await;
    for (number, failure) in [
        FetchError::AddressNotAllowed,
        FetchError::Timeout,
        FetchError::TooLarge,
    ]
    .into_iter()
    .enumerate()
    {
        bench.web.answer(KEYS, Err(failure));
        bench.clock.advance(Duration::from_secs(61));
        let assertion = pair.sign("JWT", &claims(&bench, &format!("jti-{number}")));
        let refused = exchange(&bench, "tg_ac_x", &assertion).await;
        assert_eq!(ErrorCode::InvalidClient, error(refused));
    }
}

#[tokio::test]
async fn two_nodes_take_one_assertion_once() {
    let pair = Pair::draw();
    let bench = bench(&pair).await;
    let other = bench.other_node(&bench.state);
    let assertion = pair.sign("JWT", &claims(&bench, "race"));
    let request = parameters(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "tg_rt_x"),
        ("client_assertion_type", JWT_BEARER_ASSERTION),
        ("client_assertion", &assertion),
    ]);
    let peer = peer();
    let (a, b) = tokio::join!(
        bench.server.token(None, &request, &peer),
        other.token(None, &request, &peer)
    );
    let mut codes = [error(a), error(b)].map(tidegate_oauth_types::ErrorCode::as_str);
    codes.sort_unstable();
    // One got past the proof of the client, to a refresh token that is none.
    assert_eq!(["invalid_client", "invalid_grant"], codes);
}
