use super::issuer::{FIRST, KeyServer, SECOND};
use super::*;
use std::future::Future;

use tidegate_config::JwksSettings;

const TTL: Duration = Duration::from_mins(10);
const MIN_REFETCH: Duration = Duration::from_secs(10);
const STALE: Duration = Duration::from_hours(1);

fn by_jwks(server: &KeyServer, clock: &Arc<ManualClock>) -> JwtAuthenticator {
    let key = JwtKey::Jwks(JwksSettings {
        uri: server.uri.parse().unwrap(),
        ttl: TTL,
        min_refetch: MIN_REFETCH,
        stale: STALE,
        timeout: Duration::from_secs(5),
    });
    let mut settings = settings(key);
    // Every call shall ask for its key.
    settings.token_cache_entries = 0;
    JwtAuthenticator::new(&settings, Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

fn long_lived() -> Value {
    claims_with(json!({ "exp": NOW + 1_000_000 }))
}

#[tokio::test]
async fn keys_are_fetched_once_and_used_for_their_life() {
    let (server, clock) = (KeyServer::start(&[FIRST.jwk()]).await, clock());
    let authenticator = by_jwks(&server, &clock);
    let token = FIRST.sign(&long_lived());
    for _ in 0..5 {
        authenticator.verify(&token).await.unwrap();
    }
    assert_eq!(1, server.requests());
    clock.advance(TTL);
    authenticator.verify(&token).await.unwrap();
    assert_eq!(2, server.requests());
}

#[tokio::test]
async fn a_rotated_key_is_found_by_its_new_id() {
    let (server, clock) = (KeyServer::start(&[FIRST.jwk()]).await, clock());
    let authenticator = by_jwks(&server, &clock);
    let (old, new) = (FIRST.sign(&long_lived()), SECOND.sign(&long_lived()));
    authenticator.verify(&old).await.unwrap();
    server.serve(&[SECOND.jwk()]);
    clock.advance(MIN_REFETCH);
    authenticator.verify(&new).await.unwrap();
    assert_eq!(2, server.requests());
    assert_eq!(
        TokenRefusal::UnknownKey,
        refusal(&authenticator, &old).await,
        "the old key is gone"
    );
}

#[tokio::test]
async fn unknown_key_ids_cannot_make_us_flood_the_issuer() {
    let (server, clock) = (KeyServer::start(&[FIRST.jwk()]).await, clock());
    let authenticator = by_jwks(&server, &clock);
    authenticator
        .verify(&FIRST.sign(&long_lived()))
        .await
        .unwrap();
    let unknown = SECOND.sign(&long_lived());
    for fetches in [1, 2] {
        for _ in 0..50 {
            assert_eq!(
                TokenRefusal::UnknownKey,
                authenticator.verify(&unknown).await.unwrap_err()
            );
        }
        assert_eq!(fetches, server.requests());
        clock.advance(MIN_REFETCH);
    }
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait() {
    let (server, clock) = (KeyServer::start_closed(&[FIRST.jwk()]).await, clock());
    let authenticator = by_jwks(&server, &clock);
    let token = FIRST.sign(&long_lived());
    let verify = || authenticator.verify(&token);
    let all = async { tokio::join!(verify(), verify(), verify(), verify(), verify()) };
    let open = async {
        // By now all five have been polled once, so that four wait for the first.
        tokio::task::yield_now().await;
        server.open_gate();
    };
    let (all, ()) = tokio::join!(all, open);
    for result in [all.0, all.1, all.2, all.3, all.4] {
        result.unwrap();
    }
    assert_eq!(1, server.requests());
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_undo_the_fetch() {
    let (server, clock) = (KeyServer::start_closed(&[FIRST.jwk()]).await, clock());
    let authenticator = by_jwks(&server, &clock);
    let token = FIRST.sign(&long_lived());
    let mut impatient = Box::pin(authenticator.verify(&token));
    while server.requests() == 0 {
        let poll = std::future::poll_fn(|context| {
            std::task::Poll::Ready(impatient.as_mut().poll(context).is_ready())
        });
        assert!(!poll.await, "the answer is held back");
        tokio::task::yield_now().await;
    }
    drop(impatient);
    server.open_gate();
    authenticator.verify(&token).await.unwrap();
    assert_eq!(1, server.requests());
}

#[tokio::test]
async fn old_keys_go_on_while_the_issuer_is_down_and_not_for_ever() {
    let (server, clock) = (KeyServer::start(&[FIRST.jwk()]).await, clock());
    let authenticator = by_jwks(&server, &clock);
    let token = FIRST.sign(&long_lived());
    authenticator.verify(&token).await.unwrap();
    server.answer(503, "down");
    clock.advance(TTL);
    authenticator.verify(&token).await.unwrap();
    clock.advance(STALE);
    let failure = authenticator.authenticate(Some(&token)).await.unwrap_err();
    assert_eq!(AuthFailure::Unavailable, failure);
    server.serve(&[FIRST.jwk()]);
    clock.advance(MIN_REFETCH);
    authenticator.verify(&token).await.unwrap();
}

#[tokio::test]
async fn an_issuer_without_usable_keys_is_a_failure_that_passes() {
    let (server, clock) = (KeyServer::start(&[]).await, clock());
    let token = FIRST.sign(&long_lived());
    let hmac = r#"{"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0"}]}"#;
    for body in ["", "not json", "{}", r#"{"keys": []}"#, hmac] {
        let authenticator = by_jwks(&server, &clock);
        server.answer(200, body);
        let before = server.requests();
        for _ in 0..3 {
            let refusal = authenticator.verify(&token).await.unwrap_err();
            assert_eq!(TokenRefusal::KeysUnavailable, refusal, "{body}");
        }
        assert_eq!(
            before + 1,
            server.requests(),
            "it is not asked again at once"
        );
    }
}

#[tokio::test]
async fn an_issuer_that_nobody_answers_for_is_a_failure_that_passes() {
    let (server, clock) = (KeyServer::start(&[FIRST.jwk()]).await, clock());
    server.raw(String::new());
    let authenticator = by_jwks(&server, &clock);
    let token = FIRST.sign(&long_lived());
    let failure = authenticator.authenticate(Some(&token)).await.unwrap_err();
    assert_eq!(AuthFailure::Unavailable, failure);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let good = KeyServer::start(&[FIRST.jwk()]).await;
    let bad = KeyServer::start(&[]).await;
    let location = &good.uri;
    bad.raw(format!(
        "HTTP/1.1 302 X\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    ));
    let authenticator = by_jwks(&bad, &clock());
    let refusal = authenticator
        .verify(&FIRST.sign(&long_lived()))
        .await
        .unwrap_err();
    assert_eq!(TokenRefusal::KeysUnavailable, refusal);
    assert_eq!(0, good.requests());
}

#[tokio::test]
async fn an_endless_key_set_is_refused() {
    let server = KeyServer::start(&[]).await;
    let padding = "x".repeat(400_000);
    server.answer(
        200,
        &json!({ "keys": [FIRST.jwk()], "padding": padding }).to_string(),
    );
    let authenticator = by_jwks(&server, &clock());
    let refusal = authenticator
        .verify(&FIRST.sign(&long_lived()))
        .await
        .unwrap_err();
    assert_eq!(TokenRefusal::KeysUnavailable, refusal);
}

#[tokio::test]
async fn keys_for_other_purposes_are_not_used() {
    for (name, value) in [
        ("use", "enc"),
        ("alg", "RS512"),
        ("alg", "HS256"),
        ("alg", "RSA-OAEP"),
    ] {
        let mut jwk = FIRST.jwk();
        jwk[name] = json!(value);
        let server = KeyServer::start(&[jwk, SECOND.jwk()]).await;
        let authenticator = by_jwks(&server, &clock());
        let refusal = authenticator
            .verify(&FIRST.sign(&long_lived()))
            .await
            .unwrap_err();
        assert_eq!(TokenRefusal::UnknownKey, refusal, "{name} {value}");
    }
}

/// Keys of kinds that are not known here, and ones that are none, beside a good one: as Keycloak and others publish them.
#[tokio::test]
async fn what_else_stands_in_a_key_set_is_passed_over() {
    let good = FIRST.jwk();
    let modulus = good["n"].clone();
    let mut without_purpose = good.clone();
    let members = without_purpose.as_object_mut().unwrap();
    members.remove("alg");
    members.remove("use");
    members.insert("key_ops".into(), Value::Null);
    let others = [
        json!({ "kty": "RSA", "kid": "enc", "use": "enc", "alg": "RSA-OAEP", "n": modulus, "e": "AQAB" }),
        json!({ "kty": "AKP", "kid": "ml-dsa", "alg": "ML-DSA-65", "pub": "AAAA" }),
        json!({ "kty": "EC", "kid": "k1", "crv": "secp256k1", "alg": "ES256K", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "OKP", "kid": "x448", "crv": "X448", "x": "AAAA" }),
        json!({ "kty": "oct", "kid": "secret", "k": "AAAA" }),
        json!({ "kty": "RSA", "kid": "broken", "n": "%%%", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "short", "n": "AAAA", "e": "AQAB" }),
        json!({ "kty": "EC", "kid": "off the curve", "crv": "P-256", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": 5, "kid": [] }),
        json!("a text"),
        json!(null),
    ];
    for jwk in [good, without_purpose] {
        let mut set = others.to_vec();
        set.insert(4, jwk);
        let server = KeyServer::start(&set).await;
        let authenticator = by_jwks(&server, &clock());
        let header = jsonwebtoken::Header::new(Algorithm::RS256);
        for token in [
            FIRST.sign(&long_lived()),
            FIRST.sign_as(&header, &long_lived()),
        ] {
            authenticator.verify(&token).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_a_set_of_one_key() {
    let token = FIRST.sign_as(&jsonwebtoken::Header::new(Algorithm::RS256), &long_lived());
    let one = KeyServer::start(&[FIRST.jwk()]).await;
    by_jwks(&one, &clock()).verify(&token).await.unwrap();
    let two = KeyServer::start(&[FIRST.jwk(), SECOND.jwk()]).await;
    let refusal = by_jwks(&two, &clock()).verify(&token).await.unwrap_err();
    assert_eq!(TokenRefusal::UnknownKey, refusal);
}

#[tokio::test]
async fn the_wrong_key_of_the_right_id_is_no_match() {
    let mut jwk = SECOND.jwk();
    jwk["kid"] = json!(FIRST.key_id);
    let server = KeyServer::start(&[jwk]).await;
    let authenticator = by_jwks(&server, &clock());
    let refusal = authenticator
        .verify(&FIRST.sign(&long_lived()))
        .await
        .unwrap_err();
    assert_eq!(TokenRefusal::Signature, refusal);
}
