use super::issuer::{FIRST, sign_text_with_secret, sign_with_secret};
use super::*;
use tidegate_types::{Credential, Scope, ScopeSet};

fn signed(claims: &Value) -> String {
    sign_with_secret(SECRET.as_bytes(), claims)
}

async fn with(changes: Value) -> Result<Arc<VerifiedToken>, TokenRefusal> {
    by_secret().verify(&signed(&claims_with(changes))).await
}

fn id_of(token: &VerifiedToken) -> &str {
    match &token.credential {
        Credential::Token(id) => id.as_str(),
        Credential::Development => panic!("no token was used"),
    }
}

#[tokio::test]
async fn a_good_token_tells_who_and_until_when() {
    for (authenticator, token) in [
        (by_public_key(&FIRST), FIRST.sign(&claims())),
        (by_secret(), signed(&claims())),
    ] {
        let token = authenticator.authenticate(Some(&token)).await.unwrap();
        assert_eq!("alice", token.subject.as_str());
        assert_eq!("unnamed", &*token.client.0);
        assert_eq!(Some(NOW + 600), token.expires_at_unix_secs);
        assert_eq!(64, id_of(&token).len(), "without jti the digest names it");
    }
}

#[tokio::test]
async fn expired_means_expired_but_for_the_leeway() {
    with(json!({ "exp": NOW - 9 })).await.unwrap();
    for exp in [NOW - 10, NOW - 1_000_000, 0] {
        assert_eq!(
            TokenRefusal::Expired { exp },
            with(json!({ "exp": exp })).await.unwrap_err()
        );
    }
}

#[tokio::test]
async fn a_token_without_an_end_is_refused() {
    for exp in [
        json!(null),
        json!("1900000000"),
        json!(-1),
        json!(1e300),
        json!(true),
    ] {
        let refusal = with(json!({ "exp": exp })).await.unwrap_err();
        assert!(
            matches!(refusal, TokenRefusal::Claims(_)),
            "{exp}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_token_of_the_future_is_refused() {
    let late = NOW + 11;
    with(json!({ "nbf": NOW + 10, "iat": NOW + 10 }))
        .await
        .unwrap();
    assert_eq!(
        TokenRefusal::NotYetValid { nbf: late },
        with(json!({ "nbf": late })).await.unwrap_err()
    );
    assert_eq!(
        TokenRefusal::IssuedInFuture { iat: late },
        with(json!({ "iat": late })).await.unwrap_err()
    );
}

#[tokio::test]
async fn the_issuer_must_be_the_same_to_the_letter() {
    for iss in [
        json!(null),
        json!("https://issuer.example/"),
        json!("https://ISSUER.example"),
        json!(""),
    ] {
        let told = TokenRefusal::Issuer {
            came: iss.as_str().unwrap_or_default().to_owned(),
            wanted: vec!["https://issuer.example".to_owned()],
        };
        assert_eq!(told, with(json!({ "iss": iss })).await.unwrap_err());
    }
}

#[tokio::test]
async fn one_audience_of_several_must_be_ours() {
    with(json!({ "aud": ["other", "tidegate"] })).await.unwrap();
    for aud in [
        json!(null),
        json!("other"),
        json!([]),
        json!(["other"]),
        json!("tidegate2"),
    ] {
        assert_eq!(
            TokenRefusal::Audience,
            with(json!({ "aud": aud })).await.unwrap_err()
        );
    }
    for aud in [json!(7), json!({ "tidegate": true }), json!([["tidegate"]])] {
        let refusal = with(json!({ "aud": aud })).await.unwrap_err();
        assert!(
            matches!(refusal, TokenRefusal::Claims(_)),
            "{aud}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn without_a_configured_issuer_and_audience_any_will_do() {
    let mut settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    settings.issuers = Vec::new();
    settings.audience = Vec::new();
    let authenticator = JwtAuthenticator::new(&settings, clock()).unwrap();
    for claims in [json!({ "sub": "alice", "exp": NOW + 1 }), claims()] {
        authenticator.verify(&signed(&claims)).await.unwrap();
    }
}

#[tokio::test]
async fn a_member_twice_is_refused() {
    let authenticator = by_secret();
    let claims = claims().to_string();
    let doubled = format!(r#"{},"sub":"admin"}}"#, claims.trim_end_matches('}'));
    let token = sign_text_with_secret(SECRET.as_bytes(), &doubled);
    assert_eq!(
        TokenRefusal::Malformed,
        authenticator.verify(&token).await.unwrap_err()
    );
}

#[tokio::test]
async fn a_control_character_is_refused_in_every_claim_and_in_the_header() {
    for changes in [
        json!({ "jti": "a\u{0}" }),
        json!({ "jti": "a\n" }),
        json!({ "jti": "a\u{85}" }),
        json!({ "aud": "tidegate\u{0}" }),
        json!({ "aud": ["tidegate", "other\u{1b}"] }),
        json!({ "aud": ["tidegate", "other\t"] }),
        json!({ "scope": "mcp:read\u{0}" }),
        json!({ "groups": ["a\u{7f}"] }),
        json!({ "else": { "deep\n": 1 } }),
    ] {
        let refusal = with(changes.clone()).await.unwrap_err();
        let is_named = matches!(refusal, TokenRefusal::Malformed | TokenRefusal::Claims(_));
        assert!(is_named, "{changes}: {refusal:?}");
    }
    // Addresses have lines (OpenID Connect Core §5.1.1).
    let address = json!({ "address": { "formatted": "1 Quay Street\nTideham" } });
    with(address).await.unwrap();

    for kid in ["first\u{0}", "first\n", "\u{9f}"] {
        let mut header = jsonwebtoken::Header::new(Algorithm::RS256);
        header.kid = Some(kid.to_owned());
        let token = FIRST.sign_as(&header, &claims());
        assert_eq!(
            TokenRefusal::Malformed,
            by_public_key(&FIRST).verify(&token).await.unwrap_err(),
            "{kid:?}"
        );
    }
}

#[tokio::test]
async fn the_client_is_client_id_and_else_azp() {
    assert_eq!(
        "a",
        &*with(json!({ "client_id": "a", "azp": "b" }))
            .await
            .unwrap()
            .client
            .0
    );
    for name in ["azp", "cid", "appid"] {
        assert_eq!("b", &*with(json!({ name: "b" })).await.unwrap().client.0);
    }
}

#[tokio::test]
async fn jti_names_the_token_when_it_can() {
    for (jti, is_used) in [
        ("a-1", true),
        ("with space", false),
        ("", false),
        // Names of ours.
        ("grant:1", false),
        ("static:1", false),
        ("user:1", false),
    ] {
        let token = with(json!({ "jti": jti })).await.unwrap();
        assert_eq!(is_used, id_of(&token) == jti);
    }
}

#[tokio::test]
async fn scopes_are_read_in_every_form() {
    let read_and_write: ScopeSet = [Scope::Read, Scope::Write].into_iter().collect();
    for scopes in [
        json!({ "scope": "openid mcp:read mcp:write" }),
        json!({ "scp": ["mcp:read", "mcp:write"] }),
        json!({ "scp": "mcp:read mcp:write" }),
        json!({ "scopes": ["mcp:read"], "scope": "mcp:write" }),
    ] {
        assert_eq!(read_and_write, with(scopes).await.unwrap().scopes);
    }
}

#[tokio::test]
async fn a_token_without_scopes_of_ours_gets_all_unless_they_are_required() {
    let token = signed(&claims_with(json!({ "scope": "openid profile" })));
    for (require_mcp_scopes, expected) in [(false, ScopeSet::all()), (true, ScopeSet::NONE)] {
        let mut settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
        settings.require_mcp_scopes = require_mcp_scopes;
        let authenticator = JwtAuthenticator::new(&settings, clock()).unwrap();
        assert_eq!(expected, authenticator.verify(&token).await.unwrap().scopes);
    }
    // One that we do not know is one of ours all the same, and opens nothing.
    assert_eq!(
        ScopeSet::NONE,
        with(json!({ "scope": "mcp:everything" }))
            .await
            .unwrap()
            .scopes
    );
}

#[tokio::test]
async fn every_required_scope_must_be_there() {
    let mut settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    settings.required_scopes = vec!["mcp:read".to_owned(), "mcp:write".to_owned()];
    let required: Arc<[String]> = settings.required_scopes.clone().into();
    let authenticator = JwtAuthenticator::new(&settings, clock()).unwrap();
    let good = signed(&claims_with(json!({ "scope": "mcp:write x mcp:read" })));
    authenticator.authenticate(Some(&good)).await.unwrap();
    for scope in ["mcp:read", "mcp:read,mcp:write", ""] {
        let token = signed(&claims_with(json!({ "scope": scope })));
        let failure = authenticator.authenticate(Some(&token)).await.unwrap_err();
        let required = Arc::clone(&required);
        assert_eq!(
            AuthFailure::InsufficientScope { required },
            failure,
            "{scope}"
        );
    }
}

#[tokio::test]
async fn a_remembered_token_is_not_verified_again_and_ends_with_its_time() {
    let clock = clock();
    let settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    let authenticator = JwtAuthenticator::new(&settings, clock.clone()).unwrap();
    let token = signed(&claims_with(json!({ "exp": NOW + 60 })));
    let first = authenticator.verify(&token).await.unwrap();
    let second = authenticator.verify(&token).await.unwrap();
    assert!(
        Arc::ptr_eq(&first, &second),
        "the second came from the cache"
    );
    clock.advance(Duration::from_secs(65));
    let third = authenticator.verify(&token).await.unwrap();
    assert!(
        !Arc::ptr_eq(&first, &third),
        "past its end, the leeway is checked anew"
    );
    clock.advance(Duration::from_secs(5));
    let refusal = authenticator.verify(&token).await.unwrap_err();
    assert_eq!(TokenRefusal::Expired { exp: NOW + 60 }, refusal);
}

#[tokio::test]
async fn a_token_is_remembered_for_five_minutes_at_most() {
    let clock = clock();
    let settings = settings(JwtKey::Secret(SecretString::from(SECRET)));
    let authenticator = JwtAuthenticator::new(&settings, clock.clone()).unwrap();
    let token = signed(&claims_with(json!({ "exp": NOW + 86_400 })));
    let first = authenticator.verify(&token).await.unwrap();
    clock.advance(Duration::from_secs(299));
    assert!(Arc::ptr_eq(
        &first,
        &authenticator.verify(&token).await.unwrap()
    ));
    clock.advance(Duration::from_secs(1));
    assert!(!Arc::ptr_eq(
        &first,
        &authenticator.verify(&token).await.unwrap()
    ));
}
