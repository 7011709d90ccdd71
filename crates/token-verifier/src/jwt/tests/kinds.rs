//! Tokens that an issuer signs for other purposes than ours, and honestly.

use super::issuer::sign_with_secret;
use super::*;
use jsonwebtoken::{EncodingKey, Header};

fn signed(typ: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = typ.map(str::to_owned);
    jsonwebtoken::encode(
        &header,
        claims,
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap()
}

async fn of_type(types: &TokenTypes, typ: Option<&str>) -> Result<(), TokenRefusal> {
    let mut settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    settings.token_types = types.clone();
    let authenticator = JwtAuthenticator::new(&settings, clock()).unwrap();
    let verified = authenticator.verify(&signed(typ, &claims())).await;
    verified.map(drop)
}

async fn with(change: impl FnOnce(&mut JwtSettings), changes: Value) -> Result<(), TokenRefusal> {
    let mut settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    change(&mut settings);
    let authenticator = JwtAuthenticator::new(&settings, clock()).unwrap();
    let token = sign_with_secret(SECRET.as_bytes(), &claims_with(changes));
    authenticator.verify(&token).await.map(drop)
}

#[tokio::test]
async fn a_type_that_is_not_an_access_token_s_is_refused() {
    let types = settings(JwtKey::Secret(SecretString::from(SECRET))).token_types;
    for good in [
        None,
        Some("JWT"),
        Some("jwt"),
        Some("at+jwt"),
        Some("AT+JWT"),
        Some("application/at+jwt"),
        Some("Application/AT+jwt"),
    ] {
        assert_eq!(Ok(()), of_type(&types, good).await, "{good:?}");
    }
    for bad in [
        "logout+jwt",
        "application/logout+jwt",
        "id+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "oauth-id-jag+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "client-authentication+jwt",
        "kb+jwt",
        "dc+sd-jwt",
        "entity-statement+jwt",
        "JOSE",
        "JWE",
        "none",
        "",
        " JWT",
        "at+jwt ",
        "jwt, at+jwt",
        "application/",
        "application/application/at+jwt",
        "text/jwt",
    ] {
        let refusal = of_type(&types, Some(bad)).await.unwrap_err();
        assert!(
            matches!(refusal, TokenRefusal::Type { .. }),
            "{bad}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_setting_says_which_types_there_are() {
    let strict = TokenTypes {
        named: vec!["at+jwt".to_owned()],
        may_be_absent: false,
    };
    assert_eq!(Ok(()), of_type(&strict, Some("at+jwt")).await);
    for refused in [None, Some("JWT")] {
        let refusal = of_type(&strict, refused).await.unwrap_err();
        assert!(matches!(refusal, TokenRefusal::Type { .. }), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_its_sender_is_refused() {
    for cnf in [
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({ "jwk": { "kty": "EC" } }),
        json!({}),
        json!([]),
        json!("x"),
        json!(false),
    ] {
        assert_eq!(
            Err(TokenRefusal::SenderConstrained),
            with(|_| (), json!({ "cnf": cnf })).await,
            "{cnf}"
        );
    }
    assert_eq!(Ok(()), with(|_| (), json!({ "cnf": null })).await);
}

#[tokio::test]
async fn claims_that_tell_of_another_kind_are_refused_whatever_the_header_says() {
    let logout = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    for changes in [
        json!({ "events": logout }),
        json!({ "events": {} }),
        json!({ "typ": "ID" }),
        json!({ "typ": "Refresh" }),
        json!({ "typ": "Offline" }),
        json!({ "typ": "Logout" }),
        json!({ "typ": "DPoP" }),
        json!({ "token_use": "id" }),
        json!({ "token_use": "refresh" }),
        json!({ "token_use": 1 }),
    ] {
        let refusal = with(|_| (), changes.clone()).await.unwrap_err();
        assert!(
            matches!(refusal, TokenRefusal::OtherKind(_)),
            "{changes}: {refusal:?}"
        );
    }
    for changes in [
        json!({ "typ": "Bearer" }),
        json!({ "typ": "access_token" }),
        json!({ "token_use": "access" }),
    ] {
        assert_eq!(Ok(()), with(|_| (), changes.clone()).await, "{changes}");
    }
    let odd = with(|_| (), json!({ "typ": 1 })).await.unwrap_err();
    assert!(matches!(odd, TokenRefusal::Claims(_)), "{odd:?}");
}

#[tokio::test]
async fn an_id_token_is_refused_unless_its_audience_is_ours() {
    for changes in [
        json!({ "nonce": "n" }),
        json!({ "at_hash": "h" }),
        json!({ "c_hash": "h" }),
    ] {
        let any = |settings: &mut JwtSettings| settings.audience = Vec::new();
        let refusal = with(any, changes.clone()).await.unwrap_err();
        assert_eq!(
            TokenRefusal::OtherKind("it is an ID token"),
            refusal,
            "{changes}"
        );
        let strict = |settings: &mut JwtSettings| settings.shape.is_id_token_by_nonce = true;
        let refusal = with(strict, changes.clone()).await.unwrap_err();
        assert_eq!(
            TokenRefusal::OtherKind("it is an ID token"),
            refusal,
            "{changes}"
        );
        assert_eq!(Ok(()), with(|_| (), changes.clone()).await, "{changes}");
        let mut other = changes.clone();
        other["aud"] = json!("an application");
        assert_eq!(Err(TokenRefusal::Audience), with(|_| (), other).await);
    }
}

#[tokio::test]
async fn a_nonce_makes_no_id_token_of_what_says_that_it_is_an_access_token() {
    let any = |settings: &mut JwtSettings| settings.audience = Vec::new();
    let keycloak = json!({ "typ": "Bearer", "nonce": "n" });
    assert_eq!(Ok(()), with(any, keycloak).await);
    for changes in [
        json!({ "typ": "Bearer", "nonce": "n", "at_hash": "h" }),
        json!({ "typ": "access_token", "nonce": "n" }),
        json!({ "typ": "ID", "nonce": "n" }),
    ] {
        let refusal = with(any, changes.clone()).await.unwrap_err();
        assert!(
            matches!(refusal, TokenRefusal::OtherKind(_)),
            "{changes}: {refusal:?}"
        );
    }
}
