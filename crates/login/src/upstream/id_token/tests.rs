use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use std::sync::LazyLock;
use tidegate_oauth_types::JwkSet;
use tidegate_oauth_types::jose::PROVIDER_ALGORITHMS;

use super::*;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.test";

struct Keys {
    set: Value,
    rsa: EncodingKey,
    p256: EncodingKey,
    p384: EncodingKey,
    ed: EncodingKey,
}

fn number(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let ed = Ed25519KeyPair::generate().unwrap();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let point = |pair: &EcdsaKeyPair, length| {
        let (x, y) = pair.public_key().as_ref()[1..].split_at(length);
        (number(x), number(y))
    };
    let (p256_point, p384_point) = (point(&p256, 32), point(&p384, 48));
    let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(rsa.public_key());
    let private: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(private.as_ref())
    );
    Keys {
        set: json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "kid": "p256", "x": p256_point.0, "y": p256_point.1 },
            { "kty": "EC", "crv": "P-384", "kid": "p384", "x": p384_point.0, "y": p384_point.1 },
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": number(ed.public_key()) },
            { "kty": "RSA", "kid": "rsa", "n": number(numbers.n), "e": number(numbers.e) },
        ]}),
        rsa: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        p256: EncodingKey::from_ec_der(p256.to_pkcs8v1().unwrap().as_ref()),
        p384: EncodingKey::from_ec_der(p384.to_pkcs8v1().unwrap().as_ref()),
        ed: EncodingKey::from_ed_der(ed.to_pkcs8v1().unwrap().as_ref()),
    }
});

fn discovered() -> Discovered {
    Discovered {
        authorization_endpoint: "https://id.test/authorize".parse().unwrap(),
        token_endpoint: "https://id.test/token".parse().unwrap(),
        userinfo_endpoint: None,
        algorithms: PROVIDER_ALGORITHMS.to_vec(),
        keys: JwkSet::from_value(&KEYS.set).unwrap(),
        takes_basic: true,
        says_its_name: false,
        at_millis: 0,
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "1", "aud": "us", "iat": NOW, "exp": NOW + 60, "nonce": "n" })
}

fn sign(algorithm: Algorithm, header: &Value, claims: &Value) -> String {
    let (key, kid) = match algorithm {
        Algorithm::Es256 => (&KEYS.p256, "p256"),
        Algorithm::Es384 => (&KEYS.p384, "p384"),
        Algorithm::EdDsa => (&KEYS.ed, "ed"),
        _ => (&KEYS.rsa, "rsa"),
    };
    let mut whole = json!({ "alg": algorithm.as_str(), "kid": kid });
    for (name, value) in header.as_object().unwrap() {
        whole[name] = value.clone();
    }
    let header: Header = serde_json::from_value(whole).unwrap();
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn check(token: &str) -> Result<(), &'static str> {
    let expected = Expected {
        issuer: ISSUER,
        client_id: "us",
        nonce: "n",
        access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
        now_unix_secs: NOW,
    };
    let verified = verify(token, &discovered(), &expected);
    verified.map(drop).map_err(IdTokenProblem::audit_code)
}

fn with(changes: &Value) -> Result<(), &'static str> {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    check(&sign(Algorithm::Es256, &json!({}), &claims))
}

#[test]
fn every_algorithm_with_a_public_key_is_taken() {
    for algorithm in PROVIDER_ALGORITHMS {
        let token = sign(*algorithm, &json!({}), &claims());
        assert_eq!(Ok(()), check(&token), "{algorithm}");
    }
}

#[test]
fn an_algorithm_that_the_provider_does_not_name_is_refused() {
    let mut discovered = discovered();
    discovered.algorithms = vec![Algorithm::Es256];
    let token = sign(Algorithm::Rs256, &json!({}), &claims());
    let refused = signed(&token, &discovered).unwrap_err();
    assert_eq!(IdTokenProblem::Algorithm, refused);
}

#[test]
fn it_is_for_us_alone_and_issued_to_us() {
    for good in [
        json!({ "aud": ["us"] }),
        json!({ "azp": "us" }),
        json!({ "aud": ["us"], "azp": "us" }),
    ] {
        assert_eq!(Ok(()), with(&good), "{good}");
    }
    for bad in [
        json!({ "aud": "them" }),
        json!({ "aud": ["us", "them"] }),
        json!({ "aud": ["us", "them"], "azp": "us" }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "aud": 7 }),
        json!({ "aud": "US" }),
        json!({ "azp": "them" }),
        json!({ "azp": "" }),
    ] {
        assert_eq!(Err("id_token_audience"), with(&bad), "{bad}");
    }
}

#[test]
fn it_is_of_this_sign_in_and_of_now() {
    for (changes, reason) in [
        (json!({ "nonce": "m" }), "id_token_nonce"),
        (json!({ "nonce": null }), "id_token_nonce"),
        (json!({ "iss": "https://id.test/" }), "id_token_issuer"),
        (json!({ "iss": null }), "id_token_issuer"),
        (json!({ "exp": NOW }), "id_token_time"),
        (json!({ "iat": NOW + 301 }), "id_token_time"),
        (json!({ "exp": null }), "id_token_claims"),
        (json!({ "iat": null }), "id_token_claims"),
        (json!({ "exp": "1900000000" }), "id_token_claims"),
        (json!({ "exp": 1e300 }), "id_token_claims"),
        (json!({ "iat": -1 }), "id_token_claims"),
    ] {
        assert_eq!(Err(reason), with(&changes), "{changes}");
    }
    assert_eq!(Ok(()), with(&json!({ "iat": NOW + 300, "exp": NOW + 1 })));
    assert_eq!(Ok(()), with(&json!({ "exp": 1_800_000_060.5 })));
}

#[test]
fn another_kind_of_token_is_refused() {
    for (header, expected) in [
        (json!({ "typ": "JWT" }), Ok(())),
        (json!({ "typ": "application/jwt" }), Ok(())),
        (json!({ "typ": "logout+jwt" }), Err("id_token_type")),
        (json!({ "typ": "at+jwt" }), Err("id_token_type")),
        (json!({ "crit": ["exp"] }), Err("id_token_unreadable")),
        (json!({ "kid": "other" }), Err("id_token_key")),
    ] {
        let token = sign(Algorithm::Es256, &header, &claims());
        assert_eq!(expected, check(&token), "{header}");
    }
}

/// The access token and hash of OpenID Connect Core, appendix A.3.
#[test]
fn the_access_token_is_the_one_that_it_came_with() {
    let with_hash = |algorithm, hash: &str| {
        let mut claims = claims();
        claims["at_hash"] = json!(hash);
        check(&sign(algorithm, &json!({}), &claims))
    };
    let right = "77QmUPtjPfzWtF2AnpK9RQ";
    assert_eq!(Ok(()), with_hash(Algorithm::Rs256, right));
    assert_eq!(Ok(()), with_hash(Algorithm::Es256, right));
    assert_eq!(Ok(()), with_hash(Algorithm::Ps256, right));
    for algorithm in [Algorithm::Es384, Algorithm::Rs512, Algorithm::EdDsa] {
        assert_eq!(Err("access_token_hash"), with_hash(algorithm, right));
    }
    for wrong in ["", "77QmUPtjPfzWtF2AnpK9RQ==", "77QmUPtjPfzWtF2AnpK9RR"] {
        assert_eq!(
            Err("access_token_hash"),
            with_hash(Algorithm::Rs256, wrong),
            "{wrong}"
        );
    }
    assert_eq!(Err("access_token_hash"), with(&json!({ "at_hash": 7 })));
}

#[test]
fn many_groups_make_a_long_token_and_not_an_endless_one() {
    let groups =
        |count: usize| json!({ "groups": vec!["0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"; count] });
    assert_eq!(Ok(()), with(&groups(1_000)));
    assert_eq!(Err("id_token_unreadable"), with(&groups(2_000)));
}
