//! Tokens that somebody made to get in. Unless it says otherwise they are honestly signed by our key, so that the
//! signature is not what saves us.
#![expect(
    clippy::needless_pass_by_value,
    reason = "changes are written at the call"
)]

use aws_lc_rs::hmac;
use proptest::prelude::*;

use super::*;

fn with_header(changes: Value) -> String {
    let mut header = header();
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
    }
    forge(&header, &claims_json())
}

fn with_claims(changes: Value) -> Result<AccessTokenClaims, TokenProblem> {
    let mut claims = claims_json();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    verify(&forge(&header(), &claims))
}

#[test]
fn none_and_its_spellings_are_no_algorithm() {
    for alg in ["none", "None", "NONE", "nOnE", "", "null"] {
        let token = with_header(json!({ "alg": alg }));
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        for token in [token, unsigned] {
            assert_eq!(Err(TokenProblem::Algorithm), verify(&token), "{alg}");
        }
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    // The classic: HS256 with the published key as secret, in each form in which a server may hold it.
    let jwk = ES256.new.public_jwk.to_string();
    let point: Vec<u8> = [&[4][..], &number("x"), &number("y")].concat();
    for secret in [jwk.into_bytes(), point, ES256.new.kid.clone().into_bytes()] {
        for alg in ["HS256", "HS384", "HS512"] {
            let mut header = header();
            header["alg"] = json!(alg);
            let signed = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header.to_string()),
                URL_SAFE_NO_PAD.encode(claims_json().to_string())
            );
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let tag = hmac::sign(&key, signed.as_bytes());
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
            assert_eq!(Err(TokenProblem::Algorithm), verify(&token));
        }
    }
}

fn number(name: &str) -> Vec<u8> {
    let text = ES256.new.public_jwk[name].as_str().unwrap();
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn a_key_is_used_with_its_own_algorithm_only() {
    // Each names the other's key.
    let token = with_header(json!({ "kid": RS256.new.kid }));
    assert_eq!(Err(TokenProblem::Algorithm), verify(&token));
    let token = with_header(json!({ "alg": "RS256" }));
    assert_eq!(Err(TokenProblem::Algorithm), verify(&token));
    // Algorithms that exist, and are for assertions only.
    for alg in [
        "ES384", "PS256", "EdDSA", "RS384", "RS512", "ES512", "ES256K",
    ] {
        let token = with_header(json!({ "alg": alg }));
        assert_eq!(Err(TokenProblem::Algorithm), verify(&token), "{alg}");
    }
}

#[test]
fn a_key_in_the_token_is_not_used() {
    let stranger = ours(Algorithm::Es256);
    let header = json!({
        "alg": "ES256", "typ": "at+jwt", "jwk": stranger.new.public_jwk,
        "jku": "https://evil.tld/jwks", "x5u": "https://evil.tld/cert", "x5c": ["MII"],
    });
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims_json().to_string())
    );
    let signature = stranger.signer.signature_of(signed.as_bytes()).unwrap();
    let token = format!("{signed}.{signature}");
    assert_eq!(Err(TokenProblem::UnknownKey), verify(&token));
}

#[test]
fn a_stranger_with_our_key_id_is_found_out() {
    let stranger = ours(Algorithm::Es256);
    let posing = Signer::from_pkcs8(&ES256.new.kid, Algorithm::Es256, &stranger.new.pkcs8).unwrap();
    let token = posing.sign(&claims()).unwrap();
    assert_eq!(Err(TokenProblem::Signature), verify(token.expose_secret()));
}

#[test]
fn a_key_id_is_compared_and_never_followed() {
    for kid in [
        json!("../../../../dev/null"),
        json!("' UNION SELECT 'x"),
        json!("https://evil.tld/key"),
        json!(""),
        json!(ES256.new.kid.to_lowercase()),
        json!(format!("{} ", ES256.new.kid)),
    ] {
        let token = with_header(json!({ "kid": kid }));
        assert_eq!(Err(TokenProblem::UnknownKey), verify(&token), "{kid}");
    }
    for kid in [
        json!(null),
        json!(1),
        json!([ES256.new.kid]),
        json!("\u{0}"),
        json!(format!("{}\n", ES256.new.kid)),
    ] {
        let token = with_header(json!({ "kid": kid }));
        assert_eq!(Err(TokenProblem::Malformed), verify(&token), "{kid}");
    }
    let without = forge(&json!({ "alg": "ES256", "typ": "at+jwt" }), &claims_json());
    assert_eq!(Err(TokenProblem::UnknownKey), verify(&without));
}

#[test]
fn tokens_of_another_kind_are_refused() {
    for typ in [
        "JWT",
        "jwt",
        "id+jwt",
        "oauth-id-jag+jwt",
        "client-authentication+jwt",
        "at+jwt ",
        "at jwt",
        "",
    ] {
        let token = with_header(json!({ "typ": typ }));
        assert_eq!(Err(TokenProblem::Type), verify(&token), "{typ}");
    }
    let without = forge(
        &json!({ "alg": "ES256", "kid": ES256.new.kid }),
        &claims_json(),
    );
    assert_eq!(Err(TokenProblem::Type), verify(&without));
}

#[test]
fn critical_headers_are_not_passed_over() {
    for changes in [
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "crit": null }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "b64": false }),
    ] {
        let token = with_header(changes.clone());
        assert_eq!(
            Err(TokenProblem::CriticalHeader),
            verify(&token),
            "{changes}"
        );
    }
}

#[test]
fn a_member_twice_is_refused_wherever_it_is() {
    let header = header().to_string();
    let claims = claims_json().to_string();
    let doubled_header = header.replacen('{', r#"{"alg":"none","#, 1);
    let doubled_claim = claims.replacen('{', r#"{"sub":"administrator","#, 1);
    let nested = claims.replacen('{', r#"{"other":{"a":1,"a":2},"#, 1);
    // The same name in another spelling.
    let escaped = claims.replacen('{', "{\"\\u0073ub\":\"administrator\",", 1);
    for (header, claims) in [
        (&doubled_header, &claims),
        (&header, &doubled_claim),
        (&header, &nested),
        (&header, &escaped),
    ] {
        assert_eq!(
            Err(TokenProblem::Malformed),
            verify(&forge_text(header, claims))
        );
    }
}

#[test]
fn what_is_no_jws_is_malformed() {
    let token = sign(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts")
    };
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        format!("{header}.{payload}"),
        format!("{token}.{signature}"),
        format!(".{payload}.{signature}"),
        format!(" {token}"),
        format!("{token}="),
        format!("{token}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+")) + "+",
        // JSON serializations of a JWS (RFC 7515 §7.2).
        json!({ "protected": header, "payload": payload, "signature": signature }).to_string(),
        // Five parts: encrypted.
        format!("{header}.{payload}.{payload}.{payload}.{signature}"),
        format!("Bearer {token}"),
    ] {
        assert_eq!(Err(TokenProblem::Malformed), verify(&bad), "{bad}");
    }
    for (header, claims) in [("[]", "{}"), ("null", "{}"), ("{", "{}"), ("{} {}", "{}")] {
        assert_eq!(
            Err(TokenProblem::Malformed),
            verify(&forge_text(header, claims))
        );
    }
}

#[test]
fn an_oversized_token_is_refused_unread() {
    let token = with_header(json!({ "pad": "x".repeat(9000) }));
    assert_eq!(Err(TokenProblem::TooLong), verify(&token));
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let header = header()
        .to_string()
        .replacen('{', &format!(r#"{{"pad":{deep},"#), 1);
    assert_eq!(
        Err(TokenProblem::Malformed),
        verify(&forge_text(&header, "{}"))
    );
}

#[test]
fn signatures_of_another_shape_do_not_match() {
    let token = sign(&claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (first, second) = bytes.split_at(32);
    // An ASN.1 sequence is what other protocols use for ECDSA.
    let der = [&[0x30, 68, 2, 32][..], first, &[2, 32], second].concat();
    for other in [
        vec![],
        vec![0; 64],
        vec![0xff; 64],
        bytes[..63].to_vec(),
        [&bytes[..], &[0]].concat(),
        [second, first].concat(),
        der,
    ] {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(other));
        assert_eq!(Err(TokenProblem::Signature), verify(&token));
    }
}

#[test]
fn a_payload_of_another_token_is_found_out() {
    let one = sign(&claims());
    let other = sign(&AccessTokenClaims {
        workspace: Some("rival".parse().unwrap()),
        ..claims()
    });
    let (one, other): (Vec<_>, Vec<_>) = (one.split('.').collect(), other.split('.').collect());
    let mixed = format!("{}.{}.{}", one[0], other[1], one[2]);
    assert_eq!(Err(TokenProblem::Signature), verify(&mixed));
}

#[test]
fn other_issuers_are_refused_even_with_our_key() {
    for iss in [
        json!("https://bi.example.com/"),
        json!("https://BI.example.com"),
        json!("https://bi.example.com.evil.tld"),
        json!("https://evil.tld"),
        json!(""),
    ] {
        assert_eq!(
            Err(TokenProblem::Issuer),
            with_claims(json!({ "iss": iss })),
            "{iss}"
        );
    }
}

#[test]
fn claims_of_another_shape_are_refused() {
    for name in [
        "iss",
        "sub",
        "aud",
        "client_id",
        "scope",
        "jti",
        "iat",
        "exp",
        "gid",
    ] {
        let mut claims = claims_json();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(
            Err(TokenProblem::Claims),
            verify(&forge(&header(), &claims)),
            "{name}"
        );
        for value in [json!(null), json!([]), json!({}), json!(true), json!("")] {
            let refused = with_claims(json!({ name: value.clone() }));
            let is_empty_scope = name == "scope" && value == "";
            let is_empty_issuer = name == "iss" && value == "";
            assert!(
                is_empty_scope || is_empty_issuer || refused == Err(TokenProblem::Claims),
                "{name} {value}"
            );
        }
    }
    for changes in [
        json!({ "aud": ["https://bi.example.com/mcp", "https://evil.tld/mcp"] }),
        json!({ "aud": ["https://bi.example.com/mcp"] }),
        json!({ "scope": "mcp:everything" }),
        json!({ "scope": ["mcp:read"] }),
        json!({ "exp": "1800003540" }),
        json!({ "exp": 1.8e300 }),
        json!({ "exp": u64::MAX }),
        json!({ "sub": "../admin" }),
        json!({ "gid": "UPPER-CASE" }),
        json!({ "workspace": "../rival" }),
        json!({ "workspace": ["acme"] }),
    ] {
        assert_eq!(
            Err(TokenProblem::Claims),
            with_claims(changes.clone()),
            "{changes}"
        );
    }
    for claims in [json!([]), json!("x"), json!(null)] {
        assert_eq!(
            Err(TokenProblem::Claims),
            verify(&forge(&header(), &claims))
        );
    }
}

#[test]
fn keys_that_could_not_have_signed_are_left_out() {
    let good = &ES256.new.public_jwk;
    let changed = |changes: Value| {
        let mut jwk = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let mut unnamed = good.clone();
    unnamed.as_object_mut().unwrap().remove("kid");
    let x = good["x"].as_str().unwrap();
    let bad = [
        json!({}),
        json!(null),
        json!("x"),
        unnamed,
        changed(json!({ "kid": 7 })),
        changed(json!({ "use": "enc" })),
        changed(json!({ "key_ops": ["sign"] })),
        changed(json!({ "alg": "RS256" })),
        changed(json!({ "alg": "HS256" })),
        changed(json!({ "alg": "none" })),
        changed(json!({ "crv": "P-384" })),
        changed(json!({ "crv": "secp256k1" })),
        changed(json!({ "kty": "oct", "k": x })),
        // Not on the curve; short; with the padding that says nothing.
        changed(json!({ "y": x })),
        changed(json!({ "x": "AA" })),
        changed(json!({ "x": format!("{x}=") })),
        changed(json!({ "x": URL_SAFE_NO_PAD.encode([&[0][..], &number("x")].concat()) })),
        // A private key that was published is anybody's.
        changed(json!({ "d": x })),
        rsa(json!({ "n": "AQAB" })),
        rsa(json!({ "n": URL_SAFE_NO_PAD.encode([0xff; 128]) })),
        rsa(json!({ "n": URL_SAFE_NO_PAD.encode([0xff; 2048]) })),
        rsa(json!({ "e": "AQ" })),
        rsa(json!({ "e": "AA" })),
        rsa(json!({ "e": "" })),
        rsa(json!({ "e": "Ag" })),
        rsa(json!({ "e": URL_SAFE_NO_PAD.encode([0xff; 9]) })),
        rsa(json!({ "alg": "ES256" })),
    ];
    for jwk in bad {
        let keys = VerificationKeys::from_jwks(std::slice::from_ref(&jwk));
        let kid = jwk["kid"].as_str().unwrap_or_default();
        assert!(!keys.contains(kid), "{jwk}");
    }
    assert!(VerificationKeys::from_jwks(std::slice::from_ref(good)).contains(&ES256.new.kid));
}

fn rsa(changes: Value) -> Value {
    let mut jwk = RS256.new.public_jwk.clone();
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

proptest! {
    /// No change of a token makes another token.
    #[test]
    fn a_changed_token_is_refused(at in 0_usize..2000, to in "[A-Za-z0-9_.-]") {
        static TOKEN: LazyLock<String> = LazyLock::new(|| sign(&claims()));
        let at = at % TOKEN.len();
        let mut changed = TOKEN.clone();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(changed == *TOKEN, verify(&changed).is_ok());
    }

    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}") {
        prop_assert!(verify(&text).is_err());
        let thrice = [&*text; 3].join(".");
        prop_assert!(verify(&thrice).is_err());
    }
}
