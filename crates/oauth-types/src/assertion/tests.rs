mod client;
mod id_jag;

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::{Algorithm, NewKey, Signer};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://bi.example.com";

/// Somebody else's keys, of each algorithm.
struct Stranger {
    es256: NewKey,
    rsa: NewKey,
    es384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

static STRANGER: LazyLock<Stranger> = LazyLock::new(|| Stranger {
    es256: Signer::generate(Algorithm::Es256).unwrap(),
    rsa: Signer::generate(Algorithm::Rs256).unwrap(),
    es384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
    ed25519: Ed25519KeyPair::generate().unwrap(),
});

fn number(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Stranger {
    fn keys(&self) -> Vec<Value> {
        let (x, y) = self.es384.public_key().as_ref()[1..].split_at(48);
        let mut es256 = self.es256.public_jwk.clone();
        es256["kid"] = json!("es256");
        let mut rsa = self.rsa.public_jwk.clone();
        rsa["kid"] = json!("rsa");
        // Good for RS256 and PS256.
        rsa.as_object_mut().unwrap().remove("alg");
        vec![
            es256,
            rsa,
            json!({ "kty": "EC", "crv": "P-384", "kid": "es384", "x": number(x), "y": number(y) }),
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed25519", "x": number(self.ed25519.public_key()) }),
        ]
    }

    fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |encoding| {
            let pair = RsaKeyPair::from_pkcs8(&self.rsa.pkcs8).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &random, message, &mut signature)
                .unwrap();
            signature
        };
        match algorithm {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "ES384" => self.es384.sign(&random, message).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed25519.sign(message).as_ref().to_vec(),
            _ => {
                let key = &self.es256;
                let signer = Signer::from_pkcs8("x", Algorithm::Es256, &key.pkcs8).unwrap();
                URL_SAFE_NO_PAD
                    .decode(signer.signature_of(message).unwrap())
                    .unwrap()
            }
        }
    }
}

fn keys() -> JwkSet {
    JwkSet::from_value(&json!({ "keys": STRANGER.keys() })).unwrap()
}

/// A JWT of any header and claims, signed as the header says.
fn jwt(header: &Value, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        number(header.to_string()),
        number(claims.to_string())
    );
    let algorithm = header["alg"].as_str().unwrap_or_default();
    let signature = STRANGER.signature(algorithm, signed.as_bytes());
    format!("{signed}.{}", number(signature))
}

fn merged(mut base: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

/// Changes that make the times of an assertion wrong, whoever made it, and what they are refused with.
fn wrong_times(most_life: i64) -> Vec<(Value, AssertionProblem)> {
    use AssertionProblem::{Claim, Expired, LivesTooLong, NotYetValid};
    vec![
        (json!({ "exp": NOW - 30 }), Expired),
        (json!({ "exp": 0 }), Expired),
        (json!({ "exp": NOW + most_life + 31 }), LivesTooLong),
        (json!({ "exp": 9e11 }), Claim("exp")),
        (json!({ "exp": 1e300 }), Claim("exp")),
        (json!({ "exp": -1 }), Claim("exp")),
        (json!({ "exp": "soon" }), AssertionProblem::Malformed),
        (json!({ "exp": null }), Claim("exp")),
        (json!({ "iat": NOW + 31 }), NotYetValid),
        (json!({ "iat": NOW - most_life - 31 }), LivesTooLong),
        (json!({ "iat": -5 }), Claim("iat")),
        (json!({ "nbf": NOW + 31 }), NotYetValid),
        (json!({ "nbf": 1e300 }), Claim("nbf")),
    ]
}

#[test]
fn a_set_is_read_in_bounds_and_without_what_it_cannot_use() {
    let mut list = STRANGER.keys();
    list.push(json!({ "kty": "oct", "k": "c2VjcmV0" }));
    list.push(json!("x"));
    list.push(json!({ "kty": "PQ" }));
    let text = json!({ "keys": list, "other": 1 }).to_string();
    assert_eq!(4, JwkSet::parse(text.as_bytes()).unwrap().len());
    let many = json!({ "keys": vec![STRANGER.keys()[0].clone(); 500] });
    assert_eq!(100, JwkSet::from_value(&many).unwrap().len());
    assert!(JwkSet::parse(br#"{"keys":[]}"#).unwrap().is_empty());
    let large = format!(r#"{{"keys":[],"pad":"{}"}}"#, "x".repeat(300 * 1024));
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]} {}"#,
        "<html>",
        &large,
    ] {
        let error = JwkSet::parse(bad.as_bytes()).unwrap_err();
        assert_eq!(crate::ErrorCode::InvalidClientMetadata, error.code);
    }
}
