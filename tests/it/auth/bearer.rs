//! Bearer tokens that are good and those that are not, over the wire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use tidegate_types::{Clock as _, SystemClock};

use super::issuer::Issuer;
use crate::harness::{JWT_SECRET, Node, OneNode, PATIENCE, Reply, token_of};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// The usual claims with others over them; `null` takes one away.
pub(super) fn claims(changes: impl Into<Value>) -> Value {
    let changes: Value = changes.into();
    let now = SystemClock.unix_secs();
    let mut claims = json!({
        "sub": "admin", "iss": "https://issuer.test", "aud": "tidegate-tests", "iat": now, "exp": now + 600,
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

pub(super) async fn ping(node: &Node, token: &str) -> Reply {
    let request = node
        .anyone()
        .bearer(token)
        .http(Method::POST)
        .header("Content-Type", "application/json")
        .body(PING);
    Reply(request.send().await.unwrap())
}

async fn strict_node() -> OneNode {
    OneNode::builder()
        .set("AUTH__JWT__ISSUER", "https://issuer.test")
        .set("AUTH__JWT__AUDIENCE", "tidegate-tests,another")
        .start()
        .await
}

/// `header.claims.` without a signature that means anything.
fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn assert_refused(node: &Node, row: &str, token: &str) {
    let reply = ping(node, token).await;
    assert_eq!(401, reply.status().as_u16(), "{row}");
    let challenge = reply.header("www-authenticate").unwrap().to_owned();
    assert!(challenge.starts_with("Bearer "), "{row}: {challenge}");
    assert!(
        challenge.contains(r#"error="invalid_token""#),
        "{row}: {challenge}"
    );
    // Which check failed is nobody's business outside.
    let body = reply.json().await;
    assert_eq!(
        "the bearer token is not valid", body["error"]["message"],
        "{row}"
    );
}

#[tokio::test]
async fn good_tokens_come_in() {
    let node = strict_node().await;
    let now = SystemClock.unix_secs();
    for (row, changes) in [
        ("plain", json!({})),
        (
            "one audience of several",
            json!({ "aud": ["else", "another"] }),
        ),
        ("expired within the leeway", json!({ "exp": now - 3 })),
        ("without iat", json!({ "iat": null })),
        (
            "with a fraction",
            json!({ "exp": 0.5 + f64::from(u32::try_from(now).unwrap() + 60) }),
        ),
    ] {
        let reply = ping(&node, &token_of(&claims(changes))).await;
        assert_eq!(
            200,
            reply.status().as_u16(),
            "{row}: {}",
            reply.text().await
        );
    }
}

#[tokio::test]
async fn tokens_with_bad_claims_are_refused_all_alike() {
    let node = strict_node().await;
    let now = SystemClock.unix_secs();
    for (row, changes) in [
        ("expired", json!({ "exp": now - 60 })),
        ("never expiring", json!({ "exp": null })),
        ("expiring in the year 300,000", json!({ "exp": 1e13 })),
        ("expiring at a text", json!({ "exp": "tomorrow" })),
        ("not yet valid", json!({ "nbf": now + 600 })),
        ("from the future", json!({ "iat": now + 600 })),
        (
            "of another issuer",
            json!({ "iss": "https://issuer.test.evil.example" }),
        ),
        ("of no issuer", json!({ "iss": null })),
        ("for another audience", json!({ "aud": "tidegate" })),
        ("for no audience", json!({ "aud": null })),
        ("for an empty list of audiences", json!({ "aud": [] })),
        (
            "for an audience that is an object",
            json!({ "aud": { "tidegate-tests": 1 } }),
        ),
        ("for nobody", json!({ "sub": null })),
    ] {
        assert_refused(&node, row, &token_of(&claims(changes))).await;
    }
}

#[tokio::test]
async fn tokens_that_are_not_signed_as_configured_are_refused() {
    let node = strict_node().await;
    let good = token_of(&claims(json!({})));
    let (body, _) = good.rsplit_once('.').unwrap();
    let none = json!({ "alg": "none", "typ": "JWT" });
    let hs = |algorithm, secret: &str| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm), &claims(json!({})), &key).unwrap()
    };
    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["exp".to_owned()]);
    let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    for (row, token) in [
        ("alg none", unsigned(&none, &claims(json!({})), "")),
        (
            "alg None",
            unsigned(&json!({ "alg": "None" }), &claims(json!({})), ""),
        ),
        (
            "no alg",
            unsigned(&json!({ "typ": "JWT" }), &claims(json!({})), "AAAA"),
        ),
        ("no signature", format!("{body}.")),
        (
            "another signature",
            format!("{body}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ),
        (
            "another secret",
            hs(
                Algorithm::HS256,
                "another secret, also of more than 32 bytes",
            ),
        ),
        (
            "another algorithm of the secret",
            hs(Algorithm::HS512, JWT_SECRET),
        ),
        (
            "an RSA key of their own",
            Issuer::new("mine").sign(&claims(json!({}))),
        ),
        (
            "critical fields",
            jsonwebtoken::encode(&critical, &claims(json!({})), &key).unwrap(),
        ),
        (
            "more than 8 KiB",
            token_of(&claims(json!({ "padding": "x".repeat(8_192) }))),
        ),
        ("no JWT", "opaque".into()),
        ("one part too many", format!("{good}.x")),
        ("a space inside", good.replacen('.', ". ", 1)),
    ] {
        assert_refused(&node, row, &token).await;
    }
}

#[tokio::test]
async fn a_public_key_is_not_taken_for_a_shared_secret() {
    let issuer = Issuer::new("static");
    let pem = issuer.public_pem();
    let node = OneNode::builder()
        .set("AUTH__JWT__ALGORITHM", "RS256")
        .unset("AUTH__JWT__SECRET")
        .set("AUTH__JWT__PUBLIC_KEY", &pem.replace('\n', "\\n"))
        .start()
        .await;
    assert_eq!(
        200,
        ping(&node, &issuer.sign(&claims(json!({}))))
            .await
            .status()
            .as_u16()
    );
    for secret in [pem.as_bytes(), pem.trim_end().as_bytes()] {
        let key = EncodingKey::from_secret(secret);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(json!({})), &key);
        assert_refused(&node, "HS256 with the public key", &token.unwrap()).await;
    }
    assert_refused(&node, "HS256", &token_of(&claims(json!({})))).await;
    assert_refused(
        &node,
        "another key",
        &Issuer::new("static").sign(&claims(json!({}))),
    )
    .await;
}

#[tokio::test]
async fn a_request_without_a_token_is_challenged_on_every_method_and_in_both_eras() {
    let node = OneNode::start().await;
    let anyone = node.anyone();
    let good = token_of(&claims(json!({})));
    for request in [
        anyone.request(&anyone.body(&json!(1), "server/discover", json!({}))),
        anyone
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .body(PING),
        anyone
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .body("no JSON"),
        anyone
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .body("[]"),
        anyone
            .http(Method::GET)
            .header("Accept", "text/event-stream"),
        anyone
            .http(Method::DELETE)
            .header("Mcp-Session-Id", "0123456789abcdef0123456789abcdef"),
        anyone
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .header("Authorization", "Basic YWRtaW46YWRtaW4=")
            .body(PING),
        anyone
            .http(Method::POST)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer ")
            .body(PING),
        // A token in the query or a cookie is none.
        reqwest::Client::builder()
            .timeout(PATIENCE)
            .build()
            .unwrap()
            .post(format!(
                "{}/mcp?access_token={good}&token={good}",
                node.url()
            ))
            .header("Content-Type", "application/json")
            .body(PING),
        anyone
            .http(Method::POST)
            .header("Cookie", format!("access_token={good}"))
            .header("Content-Type", "application/json")
            .body(PING),
    ] {
        let reply = Reply(request.send().await.unwrap());
        let status = reply.status().as_u16();
        let challenge = reply.header("www-authenticate").map(str::to_owned);
        assert_eq!(401, status, "{}", reply.text().await);
        let challenge = challenge.unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(challenge.contains(r#"scope="mcp:read""#), "{challenge}");
        // Nothing was sent that could be invalid (RFC 6750 §3.1).
        assert!(!challenge.contains("error="), "{challenge}");
    }
    let twice = anyone
        .http(Method::POST)
        .header("Authorization", format!("Bearer {good}"))
        .header("Authorization", format!("Bearer {good}"))
        .header("Content-Type", "application/json")
        .body(PING);
    assert_eq!(400, twice.send().await.unwrap().status().as_u16());
    let lower = anyone
        .http(Method::POST)
        .header("Authorization", format!("bearer {good}"))
        .header("Content-Type", "application/json")
        .body(PING);
    assert_eq!(200, lower.send().await.unwrap().status().as_u16());
}

#[tokio::test]
async fn why_a_token_was_refused_is_logged_when_asked_for_and_its_text_never() {
    let node = OneNode::builder()
        .set("AUTH__JWT__AUDIENCE", "tidegate-tests")
        .set("AUTH__JWT__DEBUG_ERRORS", "true")
        .start()
        .await;
    let token = token_of(&claims(json!({ "aud": "elsewhere" })));
    assert_refused(&node, "another audience", &token).await;
    let log = node.log();
    assert!(
        log.contains("its audience is not the configured one"),
        "{log}"
    );
    let signature = token.rsplit_once('.').unwrap().1;
    assert!(
        !log.contains(signature) && !log.contains(&token[..40]),
        "{log}"
    );
}
