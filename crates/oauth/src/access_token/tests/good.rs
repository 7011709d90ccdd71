use super::*;

#[test]
fn what_was_signed_is_read() {
    for signer in [&ES256.signer, &RS256.signer] {
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(Ok(claims()), verify(token.expose_secret()));
        assert_eq!(
            Some(signer.kid()),
            VerificationKeys::named_key(token.expose_secret()).as_deref()
        );
    }
}

#[test]
fn the_token_has_the_claims_that_were_promised() {
    let token = sign(&claims());
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    insta::assert_json_snapshot!(payload, @r#"
    {
      "aud": "https://bi.example.com/mcp",
      "client_id": "https://claude.ai/oauth/claude-code-client-metadata",
      "exp": 1800003540,
      "gid": "0193a1b2c3d5",
      "iat": 1799999940,
      "iss": "https://bi.example.com",
      "jti": "0f1e2d3c",
      "scope": "mcp:read mcp:query",
      "sub": "0193a1b2c3d4",
      "workspace": "acme"
    }
    "#);
    let without = AccessTokenClaims {
        workspace: None,
        ..claims()
    };
    assert!(
        !serde_json::to_string(&without)
            .unwrap()
            .contains("workspace")
    );
    assert_eq!(Ok(without.clone()), verify(&sign(&without)));
}

#[test]
fn another_implementation_reads_our_tokens_by_our_jwks() {
    for ours in [&*ES256, &*RS256] {
        let token = ours.signer.sign(&claims()).unwrap();
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(ours.new.public_jwk.clone()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let algorithm = ours.new.algorithm.as_str().parse().unwrap();
        let mut validation = jsonwebtoken::Validation::new(algorithm);
        validation.validate_exp = false;
        validation.set_audience(&["https://bi.example.com/mcp"]);
        let read =
            jsonwebtoken::decode::<AccessTokenClaims>(token.expose_secret(), &key, &validation)
                .unwrap();
        assert_eq!(claims(), read.claims);
        assert_eq!(Some("at+jwt"), read.header.typ.as_deref());
        assert_eq!(Some(&*ours.new.kid), read.header.kid.as_deref());
    }
}

#[test]
fn we_read_tokens_of_another_implementation() {
    let key = jsonwebtoken::EncodingKey::from_ec_der(&ES256.new.pkcs8);
    let header = jsonwebtoken::Header {
        typ: Some("at+jwt".into()),
        kid: Some(ES256.new.kid.clone()),
        ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256)
    };
    let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    assert_eq!(Ok(claims()), verify(&token));
}

#[test]
fn the_type_may_be_written_as_a_media_type() {
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        let mut header = header();
        header["typ"] = json!(typ);
        assert_eq!(
            Ok(claims()),
            verify(&forge(&header, &claims_json())),
            "{typ}"
        );
    }
}

#[test]
fn leeway_holds_at_both_ends_and_no_further() {
    let at = |iat: i64, exp: i64| {
        verify(&sign(&AccessTokenClaims {
            iat,
            exp,
            ..claims()
        }))
    };
    assert!(at(NOW + 5, NOW + 60).is_ok());
    assert_eq!(Err(TokenProblem::IssuedInFuture), at(NOW + 6, NOW + 60));
    assert!(at(NOW - 60, NOW - 4).is_ok());
    assert_eq!(Err(TokenProblem::Expired), at(NOW - 60, NOW - 5));
    assert_eq!(Err(TokenProblem::Expired), at(NOW - 60, i64::MIN));
    assert_eq!(Err(TokenProblem::IssuedInFuture), at(i64::MAX, i64::MAX));
}

#[test]
fn keys_are_named_by_their_thumbprint_and_hold_nothing_private() {
    for ours in [&*ES256, &*RS256] {
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(ours.new.public_jwk.clone()).unwrap();
        let thumbprint = jwk
            .thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)
            .unwrap();
        assert_eq!(thumbprint, ours.new.kid);
        let mut names: Vec<_> = ours.new.public_jwk.as_object().unwrap().keys().collect();
        names.sort();
        let expected: &[&str] = match ours.new.algorithm {
            Algorithm::Es256 => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            _ => &["alg", "e", "kid", "kty", "n", "use"],
        };
        assert_eq!(expected, names);
    }
}

#[test]
fn a_key_is_kept_and_read_with_its_algorithm_only() {
    let (es256, rs256) = (&ES256.new, &RS256.new);
    for (algorithm, der) in [
        (Algorithm::Rs256, &es256.pkcs8),
        (Algorithm::Es256, &rs256.pkcs8),
    ] {
        let refused = Signer::from_pkcs8("k", algorithm, der).unwrap_err();
        assert_eq!(SigningKeyError::Key, refused);
    }
    let refused = Signer::from_pkcs8("k", Algorithm::Es256, &es256.pkcs8[..40]).unwrap_err();
    assert_eq!(SigningKeyError::Key, refused);
    for other in [Algorithm::Es384, Algorithm::Ps256, Algorithm::EdDsa] {
        assert_eq!(
            SigningKeyError::Algorithm,
            Signer::generate(other).unwrap_err()
        );
    }
}

#[test]
fn nothing_prints_a_private_key() {
    let shown = format!("{:?} {:?}", ES256.new, ES256.signer);
    let der = format!("{:?}", ES256.new.pkcs8);
    assert!(shown.contains(&ES256.new.kid) && !shown.contains(&der[1..20]));
}
