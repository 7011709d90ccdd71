use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

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

/// Without the library that signs and checks here, and by nothing but what is published.
#[test]
fn our_signatures_are_those_of_the_standard() {
    for ours in [&*ES256, &*RS256] {
        let token = ours.signer.sign(&claims()).unwrap();
        let (signed, signature) = token.expose_secret().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let member = |name: &str| {
            let text = ours.new.public_jwk[name].as_str().unwrap();
            URL_SAFE_NO_PAD.decode(text).unwrap()
        };
        let matches = match ours.new.algorithm {
            Algorithm::Es256 => {
                let point = [&[4][..], &member("x"), &member("y")].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(signed.as_bytes(), &signature)
            }
            _ => RsaPublicKeyComponents {
                n: member("n"),
                e: member("e"),
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature),
        };
        assert!(matches.is_ok(), "{}", ours.new.algorithm);
        let header = URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap());
        let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
        let expected =
            json!({ "alg": ours.new.algorithm.as_str(), "kid": ours.new.kid, "typ": "at+jwt" });
        assert_eq!(expected, header);
    }
}

#[test]
fn a_signature_of_the_standard_is_read() {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &ES256.new.pkcs8);
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header().to_string()),
        URL_SAFE_NO_PAD.encode(claims_json().to_string())
    );
    let signature = pair
        .unwrap()
        .sign(&SystemRandom::new(), signed.as_bytes())
        .unwrap();
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
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
