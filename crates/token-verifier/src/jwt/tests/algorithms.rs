//! Every algorithm with a public key, by key set and by PEM.

use std::sync::LazyLock;

use super::issuer::KeyServer;
use super::*;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use tidegate_config::JwksSettings;

/// A key of each kind: its JWK without `alg`, its public PEM, and what signs with it.
struct Key {
    jwk: Value,
    pem: String,
    signs: EncodingKey,
    algorithms: &'static [Algorithm],
}

fn number(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

fn ec(curve: &str, kid: &str) -> (EcdsaKeyPair, Value) {
    let (algorithm, length) = match curve {
        "P-256" => (&ECDSA_P256_SHA256_FIXED_SIGNING, 32),
        _ => (&ECDSA_P384_SHA384_FIXED_SIGNING, 48),
    };
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(length);
    let jwk = json!({ "kty": "EC", "crv": curve, "kid": kid, "x": number(x), "y": number(y) });
    (pair, jwk)
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let mut keys = Vec::new();
    for (curve, kid, algorithms) in [
        ("P-256", "p256", &[Algorithm::ES256][..]),
        ("P-384", "p384", &[Algorithm::ES384]),
    ] {
        let (pair, jwk) = ec(curve, kid);
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        keys.push(Key {
            jwk,
            pem: pem("PUBLIC KEY", public.as_ref()),
            signs: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
            algorithms,
        });
    }
    let pair = Ed25519KeyPair::generate().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    keys.push(Key {
        jwk: json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": number(pair.public_key()) }),
        pem: pem("PUBLIC KEY", public.as_ref()),
        signs: EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()),
        algorithms: &[Algorithm::EdDSA],
    });
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    keys.push(Key {
        jwk: json!({ "kty": "RSA", "kid": "rsa", "n": number(numbers.n), "e": number(numbers.e) }),
        pem: pem("PUBLIC KEY", public.as_ref()),
        signs: EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).unwrap(),
        algorithms: &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
    });
    keys
});

fn sign(key: &Key, algorithm: Algorithm) -> String {
    let mut header = Header::new(algorithm);
    header.kid = key.jwk["kid"].as_str().map(str::to_owned);
    jsonwebtoken::encode(&header, &claims(), &key.signs).unwrap()
}

/// All names that the setting takes with a public key.
fn all() -> Vec<JwtAlgorithm> {
    let variables = [
        ("TIDEGATE_AUTH__ENABLED", "true"),
        ("TIDEGATE_AUTH__JWT__ALGORITHM", "any"),
        (
            "TIDEGATE_AUTH__JWT__JWKS_URI",
            "https://issuer.example/keys",
        ),
    ];
    named(&variables)
}

fn named(variables: &[(&str, &str)]) -> Vec<JwtAlgorithm> {
    let environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let settings = tidegate_config::Settings::load(None, &environment).unwrap();
    match settings.auth.method {
        tidegate_config::AuthMethod::Jwt(jwt) => jwt.algorithms,
        other => panic!("{other:?}"),
    }
}

fn one(algorithm: Algorithm) -> Vec<JwtAlgorithm> {
    all()
        .into_iter()
        .filter(|name| name.as_str() == format!("{algorithm:?}"))
        .collect()
}

async fn by_key_set(algorithms: Vec<JwtAlgorithm>) -> (JwtAuthenticator, KeyServer) {
    let keys: Vec<Value> = KEYS.iter().map(|key| key.jwk.clone()).collect();
    let server = KeyServer::start(&keys).await;
    let key = JwtKey::Jwks(JwksSettings {
        uri: server.uri.parse().unwrap(),
        ttl: Duration::from_mins(10),
        min_refetch: Duration::from_secs(10),
        stale: Duration::from_hours(1),
        timeout: Duration::from_secs(5),
    });
    let mut settings = settings(key);
    settings.algorithms = algorithms;
    (JwtAuthenticator::new(&settings, clock()).unwrap(), server)
}

#[tokio::test]
async fn any_algorithm_of_a_key_set_s_keys_is_taken_where_that_is_set() {
    let (authenticator, server) = by_key_set(all()).await;
    for key in &*KEYS {
        for algorithm in key.algorithms {
            let token = sign(key, *algorithm);
            authenticator.verify(&token).await.unwrap();
        }
    }
    assert_eq!(1, server.requests());
    let token = super::issuer::sign_with_secret(SECRET.as_bytes(), &claims());
    assert_eq!(
        TokenRefusal::Algorithm,
        refusal(&authenticator, &token).await
    );
}

#[tokio::test]
async fn one_algorithm_is_taken_where_one_is_set() {
    for wanted in KEYS.iter().flat_map(|key| key.algorithms) {
        let (authenticator, _server) = by_key_set(one(*wanted)).await;
        for key in &*KEYS {
            for algorithm in key.algorithms {
                let verified = authenticator.verify(&sign(key, *algorithm)).await;
                let expected = if algorithm == wanted {
                    None
                } else {
                    Some(TokenRefusal::Algorithm)
                };
                assert_eq!(expected, verified.err(), "{algorithm:?} for {wanted:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_names_its_algorithm_is_for_that_alone() {
    let rsa = KEYS.last().unwrap();
    let mut jwk = rsa.jwk.clone();
    jwk["alg"] = json!("PS256");
    let (authenticator, server) = by_key_set(all()).await;
    server.serve(&[jwk]);
    authenticator
        .verify(&sign(rsa, Algorithm::PS256))
        .await
        .unwrap();
    let refusal = refusal(&authenticator, &sign(rsa, Algorithm::RS256)).await;
    assert_eq!(TokenRefusal::UnknownKey, refusal);
}

#[tokio::test]
async fn a_public_key_in_pem_is_of_its_algorithm_s_kind() {
    for key in &*KEYS {
        for algorithm in KEYS.iter().flat_map(|key| key.algorithms) {
            let mut settings = settings(JwtKey::PublicKey(key.pem.clone()));
            settings.algorithms = one(*algorithm);
            let made = JwtAuthenticator::new(&settings, clock());
            if key.algorithms.contains(algorithm) {
                let token = sign(key, *algorithm);
                made.unwrap().verify(&token).await.unwrap();
            } else {
                let refused = made.unwrap_err();
                assert!(
                    matches!(refused, SetupError::PublicKey(_)),
                    "{algorithm:?}: {refused:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_public_key_in_pem_is_found_at_the_start() {
    for text in [
        "",
        "MII",
        "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----",
    ] {
        let made = JwtAuthenticator::new(&settings(JwtKey::PublicKey(text.to_owned())), clock());
        assert!(matches!(made, Err(SetupError::PublicKey(_))), "{text}");
    }
}
