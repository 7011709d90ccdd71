use tidegate_types::ClientId;

use super::*;

const PROVIDER: &str = "https://idp.example";

fn claims() -> Value {
    json!({
        "iss": PROVIDER, "sub": "U019488227", "aud": ISSUER, "client_id": "agent",
        "jti": "9e43f81b64a33f20116179", "iat": NOW - 2, "exp": NOW + 300,
        "resource": "https://bi.example.com/mcp/", "scope": "mcp:read openid",
        "email": "ann@example.com",
    })
}

fn header() -> Value {
    json!({ "alg": "RS256", "kid": "rsa", "typ": "oauth-id-jag+jwt" })
}

fn verify(jwt: &str) -> Result<IdJag, AssertionProblem> {
    let client: ClientId = "agent".parse().unwrap();
    IdJag::verify(
        jwt,
        &keys(),
        &IdJagExpectation {
            issuer: PROVIDER,
            audience: ISSUER,
            client: &client,
            now_unix_secs: NOW,
        },
    )
}

fn with_claims(changes: &Value) -> Result<IdJag, AssertionProblem> {
    verify(&jwt(&header(), &merged(claims(), changes)))
}

#[test]
fn a_providers_word_is_taken() {
    let jag = with_claims(&json!({})).unwrap();
    assert_eq!((PROVIDER, "U019488227"), (&*jag.issuer, &*jag.subject));
    assert_eq!(Some("ann@example.com"), jag.email.as_deref());
    assert_eq!("https://bi.example.com/mcp", jag.resource.unwrap().as_str());
    assert_eq!("mcp:read", jag.scope.unwrap().scopes.to_string());
    assert_eq!(NOW + 300, jag.exp);
    let bare = with_claims(&json!({ "resource": null, "scope": null, "email": null })).unwrap();
    assert_eq!((None, None, None), (bare.resource, bare.scope, bare.email));
    let listed = with_claims(&json!({ "resource": ["https://h/mcp"], "aud": [ISSUER] })).unwrap();
    assert_eq!("https://h/mcp", listed.resource.unwrap().as_str());
}

#[test]
fn an_address_that_is_not_verified_is_nobodys() {
    for (verified, email) in [
        (json!(false), None),
        (json!(true), Some("ann@example.com")),
        (json!(null), Some("ann@example.com")),
    ] {
        let jag = with_claims(&json!({ "email_verified": verified })).unwrap();
        assert_eq!(email, jag.email.as_deref());
    }
}

#[test]
fn what_is_for_others_is_refused() {
    for (changes, problem) in [
        (
            json!({ "iss": "https://evil.tld" }),
            AssertionProblem::Issuer,
        ),
        (
            json!({ "iss": "https://idp.example/" }),
            AssertionProblem::Issuer,
        ),
        (json!({ "iss": null }), AssertionProblem::Claim("iss")),
        (
            json!({ "aud": "https://evil.tld" }),
            AssertionProblem::Audience,
        ),
        (
            json!({ "aud": "https://bi.example.com/oauth/token" }),
            AssertionProblem::Audience,
        ),
        (
            json!({ "aud": [ISSUER, "https://evil.tld"] }),
            AssertionProblem::Audience,
        ),
        (json!({ "aud": [] }), AssertionProblem::Claim("aud")),
        (json!({ "aud": null }), AssertionProblem::Claim("aud")),
        (json!({ "client_id": "other" }), AssertionProblem::Client),
        (
            json!({ "client_id": null }),
            AssertionProblem::Claim("client_id"),
        ),
        (json!({ "sub": null }), AssertionProblem::Claim("sub")),
        (json!({ "sub": "" }), AssertionProblem::Claim("sub")),
        (json!({ "jti": null }), AssertionProblem::Claim("jti")),
        (json!({ "iat": null }), AssertionProblem::Claim("iat")),
        (json!({ "resource": "urn:x" }), AssertionProblem::Resource),
        (json!({ "resource": [] }), AssertionProblem::Resource),
        (
            json!({ "resource": ["https://a/mcp", "https://b/mcp"] }),
            AssertionProblem::Resource,
        ),
        (json!({ "email": ["a"] }), AssertionProblem::Malformed),
        (
            json!({ "email_verified": "no" }),
            AssertionProblem::Malformed,
        ),
        (json!({ "scope": 7 }), AssertionProblem::Malformed),
    ] {
        assert_eq!(Err(problem), with_claims(&changes), "{changes}");
    }
}

#[test]
fn its_times_are_near() {
    for (changes, problem) in wrong_times(3600) {
        assert_eq!(Err(problem), with_claims(&changes), "{changes}");
    }
}

#[test]
fn other_tokens_of_the_provider_are_none() {
    for typ in [
        json!(null),
        json!("JWT"),
        json!("at+jwt"),
        json!("id_token"),
        json!("logout+jwt"),
        json!("secevent+jwt"),
    ] {
        let refused = verify(&jwt(&merged(header(), &json!({ "typ": typ })), &claims()));
        assert_eq!(Err(AssertionProblem::Type), refused, "{typ}");
    }
    for alg in ["none", "HS256"] {
        let refused = verify(&jwt(&merged(header(), &json!({ "alg": alg })), &claims()));
        assert_eq!(Err(AssertionProblem::Algorithm), refused);
    }
}

#[test]
fn whose_it_claims_to_be_is_read_without_a_key() {
    let jwt = jwt(&header(), &claims());
    assert_eq!(Some(PROVIDER), IdJag::claimed_issuer(&jwt).as_deref());
    assert_eq!(None, IdJag::claimed_issuer("a.b.c"));
}
