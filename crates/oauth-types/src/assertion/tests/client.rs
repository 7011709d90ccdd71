use tidegate_types::ClientId;

use super::*;

const TOKEN_ENDPOINT: &str = "https://bi.example.com/oauth/token";

fn client() -> ClientId {
    "machine-7".parse().unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "machine-7", "sub": "machine-7", "aud": ISSUER, "jti": "once-1",
        "iat": NOW - 2, "exp": NOW + 60,
    })
}

fn verify(jwt: &str) -> Result<Assertion, AssertionProblem> {
    ClientAssertion::verify(jwt, &keys(), &[ISSUER, TOKEN_ENDPOINT], &client(), NOW)
}

fn with_claims(changes: &Value) -> Result<Assertion, AssertionProblem> {
    let header = json!({ "alg": "ES256", "kid": "es256" });
    verify(&jwt(&header, &merged(claims(), changes)))
}

fn with_header(header: &Value) -> Result<Assertion, AssertionProblem> {
    verify(&jwt(header, &claims()))
}

#[test]
fn an_assertion_of_each_algorithm_is_taken() {
    let expected = Assertion {
        jti: "once-1".parse().unwrap(),
        exp: NOW + 60,
    };
    for (alg, kid) in [
        ("ES256", "es256"),
        ("ES384", "es384"),
        ("RS256", "rsa"),
        ("PS256", "rsa"),
        ("EdDSA", "ed25519"),
    ] {
        assert_eq!(
            Ok(expected.clone()),
            with_header(&json!({ "alg": alg, "kid": kid }))
        );
        let typed = json!({ "alg": alg, "kid": kid, "typ": "client-authentication+jwt" });
        assert_eq!(Ok(expected.clone()), with_header(&typed));
        // Without an id there is one key for it.
        assert_eq!(
            Ok(expected.clone()),
            with_header(&json!({ "alg": alg, "typ": "JWT" }))
        );
    }
}

#[test]
fn issuer_and_token_endpoint_are_both_its_audience() {
    for aud in [
        json!(ISSUER),
        json!(TOKEN_ENDPOINT),
        json!([ISSUER]),
        json!([TOKEN_ENDPOINT, ISSUER]),
    ] {
        assert!(with_claims(&json!({ "aud": aud })).is_ok(), "{aud}");
    }
}

#[test]
fn another_audience_is_refused() {
    for aud in [
        json!("https://evil.tld"),
        json!("https://bi.example.com/"),
        json!("https://bi.example.com/oauth/token/"),
        json!("https://bi.example.com/mcp"),
        json!(""),
        json!([]),
        // What another server may be given as well, it may bring here.
        json!([ISSUER, "https://evil.tld"]),
    ] {
        assert_eq!(
            Err(AssertionProblem::Audience),
            with_claims(&json!({ "aud": aud })),
            "{aud}"
        );
    }
    assert_eq!(
        Err(AssertionProblem::Claim("aud")),
        with_claims(&json!({ "aud": null }))
    );
    let malformed = with_claims(&json!({ "aud": { "a": 1 } }));
    assert_eq!(Err(AssertionProblem::Malformed), malformed);
}

#[test]
fn it_must_be_by_and_about_the_client() {
    let other = with_claims(&json!({ "iss": "machine-8" }));
    assert_eq!(Err(AssertionProblem::Issuer), other);
    let other = with_claims(&json!({ "sub": "machine-8" }));
    assert_eq!(Err(AssertionProblem::Client), other);
    for name in ["iss", "sub", "jti"] {
        for value in [json!(null), json!("")] {
            assert!(matches!(
                with_claims(&json!({ name: value })),
                Err(AssertionProblem::Claim(claim)) if claim == name
            ));
        }
    }
    for jti in [json!("j".repeat(129)), json!("a b"), json!("a\n")] {
        assert_eq!(
            Err(AssertionProblem::Claim("jti")),
            with_claims(&json!({ "jti": jti }))
        );
    }
}

#[test]
fn its_times_are_near() {
    for (changes, problem) in wrong_times(300) {
        assert_eq!(Err(problem), with_claims(&changes), "{changes}");
    }
    for changes in [
        json!({ "exp": NOW + 330 }),
        json!({ "exp": NOW - 29 }),
        json!({ "exp": 1_800_000_060.5 }),
        json!({ "iat": null }),
        json!({ "iat": NOW + 30, "nbf": NOW + 30 }),
    ] {
        assert!(with_claims(&changes).is_ok(), "{changes}");
    }
}

#[test]
fn the_key_must_be_the_clients_and_of_the_algorithm() {
    for (header, problem) in [
        (
            json!({ "alg": "none", "kid": "es256" }),
            AssertionProblem::Algorithm,
        ),
        (
            json!({ "alg": "HS256", "kid": "es256" }),
            AssertionProblem::Algorithm,
        ),
        (
            json!({ "alg": "RS512", "kid": "rsa" }),
            AssertionProblem::Algorithm,
        ),
        (json!({ "kid": "es256" }), AssertionProblem::Algorithm),
        (
            json!({ "alg": "ES256", "kid": "rsa" }),
            AssertionProblem::UnknownKey,
        ),
        (
            json!({ "alg": "RS256", "kid": "es256" }),
            AssertionProblem::UnknownKey,
        ),
        (
            json!({ "alg": "ES256", "kid": "other" }),
            AssertionProblem::UnknownKey,
        ),
        (
            json!({ "alg": "ES256", "kid": "" }),
            AssertionProblem::UnknownKey,
        ),
        (
            json!({ "alg": "ES256", "crit": ["exp"] }),
            AssertionProblem::CriticalHeader,
        ),
        // The same key signs other things as well.
        (
            json!({ "alg": "ES256", "typ": "at+jwt" }),
            AssertionProblem::Type,
        ),
        (
            json!({ "alg": "ES256", "typ": "oauth-id-jag+jwt" }),
            AssertionProblem::Type,
        ),
        (
            json!({ "alg": "ES256", "typ": "dpop+jwt" }),
            AssertionProblem::Type,
        ),
        (
            json!({ "alg": "ES256", "typ": "logout+jwt" }),
            AssertionProblem::Type,
        ),
    ] {
        assert_eq!(Err(problem), with_header(&header), "{header}");
    }
    let none = ClientAssertion::verify(
        &jwt(&json!({ "alg": "ES256" }), &claims()),
        &JwkSet::default(),
        &[ISSUER],
        &client(),
        NOW,
    );
    assert_eq!(Err(AssertionProblem::UnknownKey), none);
}

#[test]
fn without_an_id_two_keys_for_it_are_none() {
    let mut list = STRANGER.keys();
    list.push(Signer::generate(Algorithm::Es256).unwrap().public_jwk);
    let two = JwkSet::from_value(&json!({ "keys": list })).unwrap();
    let unnamed = jwt(&json!({ "alg": "ES256" }), &claims());
    let refused = ClientAssertion::verify(&unnamed, &two, &[ISSUER], &client(), NOW);
    assert_eq!(Err(AssertionProblem::UnknownKey), refused);
}

#[test]
fn a_changed_assertion_does_not_verify() {
    let good = jwt(&json!({ "alg": "ES256", "kid": "es256" }), &claims());
    let other = jwt(
        &json!({ "alg": "ES256", "kid": "es256" }),
        &merged(claims(), &json!({ "jti": "once-2" })),
    );
    let mixed = format!(
        "{}.{}",
        good.rsplit_once('.').unwrap().0,
        other.rsplit_once('.').unwrap().1
    );
    assert_eq!(Err(AssertionProblem::Signature), verify(&mixed));
    assert_eq!(Err(AssertionProblem::TooLong), verify(&"a".repeat(9000)));
    for bad in ["", "..", "a.b", "a.b.c"] {
        assert_eq!(Err(AssertionProblem::Malformed), verify(bad));
    }
}

#[test]
fn a_claim_twice_is_malformed() {
    let text = claims()
        .to_string()
        .replacen('{', r#"{"sub":"machine-8","#, 1);
    let signed = format!("{}.{}", number(r#"{"alg":"ES256"}"#), number(text));
    let signature = STRANGER.signature("ES256", signed.as_bytes());
    let jwt = format!("{signed}.{}", number(signature));
    assert_eq!(Err(AssertionProblem::Malformed), verify(&jwt));
    // Nor does it tell whose it would be.
    assert_eq!(None, ClientAssertion::claimed_client(&jwt));
}

#[test]
fn a_control_character_anywhere_is_malformed() {
    let good = json!({ "alg": "ES256" });
    for (header, changes) in [
        (json!({ "alg": "ES256", "kid": "a\u{0}" }), json!({})),
        (json!({ "alg": "ES256", "kid": "a\nb" }), json!({})),
        (good.clone(), json!({ "jti": "a\u{1b}" })),
        (good.clone(), json!({ "aud": ["a\u{85}"] })),
        (good, json!({ "else": { "a\u{0}": 1 } })),
    ] {
        let mut claims = claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let jwt = jwt(&header, &claims);
        assert_eq!(Err(AssertionProblem::Malformed), verify(&jwt), "{claims}");
    }
}

#[test]
fn whose_it_claims_to_be_is_read_without_a_key() {
    let jwt = jwt(&json!({ "alg": "ES256" }), &claims());
    assert_eq!(Some(client()), ClientAssertion::claimed_client(&jwt));
    for bad in ["", "a.b.c", "x"] {
        assert_eq!(None, ClientAssertion::claimed_client(bad));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_refused(text in "\\PC{0,120}", parts in proptest::collection::vec("\\PC{0,40}", 3)) {
        let dressed = parts.iter().map(number).collect::<Vec<_>>().join(".");
        for text in [text, dressed] {
            proptest::prop_assert!(verify(&text).is_err());
            proptest::prop_assert!(ClientAssertion::claimed_client(&text).is_none());
        }
    }
}
