use super::issuer::{FIRST, SECOND, by_hand, sign_with_secret};
use super::*;
use jsonwebtoken::Header;

#[tokio::test]
async fn a_public_key_is_no_hmac_secret() {
    let authenticator = by_public_key(&FIRST);
    let pem = FIRST.public_pem();
    // The secret that a confused verifier would use: the PEM, with or without the end of its last line.
    for secret in [pem.as_bytes(), pem.trim_end().as_bytes()] {
        let token = sign_with_secret(secret, &claims());
        assert_eq!(
            TokenRefusal::Algorithm,
            refusal(&authenticator, &token).await
        );
    }
}

#[tokio::test]
async fn an_rsa_token_is_refused_where_a_secret_is_configured() {
    assert_eq!(
        TokenRefusal::Algorithm,
        refusal(&by_secret(), &FIRST.sign(&claims())).await
    );
}

#[tokio::test]
async fn other_algorithms_of_the_same_key_are_refused() {
    let authenticator = by_public_key(&FIRST);
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let token = FIRST.sign_as(&Header::new(algorithm), &claims());
        assert_eq!(
            TokenRefusal::Algorithm,
            refusal(&authenticator, &token).await,
            "{algorithm:?}"
        );
    }
}

#[tokio::test]
async fn an_unsigned_token_is_refused_however_none_is_written() {
    for authenticator in [by_public_key(&FIRST), by_secret()] {
        for algorithm in ["none", "None", "NONE", "nOnE", ""] {
            for signature in [&b""[..], b"x"] {
                let token = by_hand(
                    &json!({ "alg": algorithm, "typ": "JWT" }),
                    &claims(),
                    signature,
                );
                assert_eq!(
                    TokenRefusal::Algorithm,
                    refusal(&authenticator, &token).await,
                    "{algorithm:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    let mut header = Header::new(Algorithm::RS256);
    header.jwk = serde_json::from_value(SECOND.jwk()).unwrap();
    header.jku = Some("http://127.0.0.1:9/jwks.json".to_owned());
    let token = SECOND.sign_as(&header, &claims());
    assert_eq!(
        TokenRefusal::Signature,
        refusal(&by_public_key(&FIRST), &token).await
    );
}

#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let token = SECOND.sign(&claims());
    assert_eq!(
        TokenRefusal::Signature,
        refusal(&by_public_key(&FIRST), &token).await
    );
    let token = sign_with_secret(b"another secret of more than 32 bytes", &claims());
    assert_eq!(TokenRefusal::Signature, refusal(&by_secret(), &token).await);
}

#[tokio::test]
async fn changed_claims_break_the_signature() {
    let token = FIRST.sign(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let other = by_hand(&json!({}), &claims_with(json!({ "sub": "admin" })), b"");
    let payload = other.split('.').nth(1).unwrap();
    let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
    assert_eq!(
        TokenRefusal::Signature,
        refusal(&by_public_key(&FIRST), &forged).await
    );
}

#[tokio::test]
async fn a_cut_token_is_refused_at_every_length() {
    let authenticator = by_public_key(&FIRST);
    let token = FIRST.sign(&claims());
    for length in 1..token.len() {
        authenticator.verify(&token[..length]).await.unwrap_err();
    }
    authenticator.verify(&token).await.unwrap();
}

#[tokio::test]
async fn critical_headers_are_refused() {
    let mut header = Header::new(Algorithm::RS256);
    header.crit = Some(vec!["exp".to_owned()]);
    let token = FIRST.sign_as(&header, &claims());
    assert_eq!(
        TokenRefusal::CriticalHeader,
        refusal(&by_public_key(&FIRST), &token).await
    );
}

#[tokio::test]
async fn an_oversized_token_is_refused_though_it_is_signed_well() {
    let authenticator = by_public_key(&FIRST);
    let expected = TokenRefusal::TooLong;
    let token = FIRST.sign(&claims_with(json!({ "padding": "x".repeat(MOST_BYTES) })));
    assert_eq!(expected, refusal(&authenticator, &token).await);
    assert_eq!(
        expected,
        refusal(&authenticator, &"x".repeat(10_000_000)).await
    );
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let authenticator = by_public_key(&FIRST);
    for bearer in [None, Some("")] {
        let failure = authenticator.authenticate(bearer).await.unwrap_err();
        assert_eq!(AuthFailure::Missing, failure);
    }
    for garbage in [
        "x",
        "..",
        "a.b.c",
        "\u{1f511}.\u{1f511}.\u{1f511}",
        "null",
        "{}",
    ] {
        assert_eq!(
            TokenRefusal::Malformed,
            refusal(&authenticator, garbage).await,
            "{garbage:?}"
        );
    }
}
