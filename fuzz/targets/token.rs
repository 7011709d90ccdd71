//! Tokens, assertions and key sets of strangers: nothing verifies but what was signed, and nothing panics.
//!
//! Input: the first byte chooses, the rest is the value.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tidegate_oauth_types::{
    AccessTokenClaims, Algorithm, ClientAssertion, IdJag, IdJagExpectation, JwkSet, Signer, UserCode,
    VerificationKeys, unwrap_successor,
};
use tidegate_types::{ClientId, ExposeSecret};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://bi.example.com";

struct Known {
    token: String,
    verification: VerificationKeys,
    set: JwkSet,
    client: ClientId,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let key = Signer::generate(Algorithm::Es256).expect("a key");
    let signer = Signer::from_pkcs8(&key.kid, key.algorithm, &key.pkcs8).expect("the same key");
    let claims: AccessTokenClaims = serde_json::from_value(serde_json::json!({
        "iss": ISSUER, "sub": "0193a1b2c3d4", "aud": "https://bi.example.com/mcp", "client_id": "c",
        "scope": "mcp:read", "jti": "j", "iat": NOW, "exp": NOW + 60, "gid": "0193a1b2c3d5",
    }))
    .expect("claims");
    let token = signer.sign(&claims).expect("a token");
    Known {
        token: token.expose_secret().to_owned(),
        verification: VerificationKeys::from_jwks(std::slice::from_ref(&key.public_jwk)),
        set: JwkSet::from_value(&serde_json::json!({ "keys": [key.public_jwk] })).expect("a set"),
        client: "c".parse().expect("an id"),
    }
});

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    match kind % 4 {
        0 => changed(rest),
        1 => keys(rest),
        _ => {
            if let Ok(text) = std::str::from_utf8(rest) {
                foreign(text);
            }
        }
    }
});

fn is_taken(token: &str) -> bool {
    let known = &*KNOWN;
    let leeway = Duration::from_secs(5);
    known.verification.verify(token, ISSUER, NOW, leeway).is_ok()
}

/// A change of a good token makes no other good one.
fn changed(changes: &[u8]) {
    let good = &KNOWN.token;
    assert!(is_taken(good));
    let mut bytes = good.clone().into_bytes();
    for (place, change) in changes.iter().enumerate().take(bytes.len()) {
        bytes[place] ^= change & 0x7f;
    }
    let text = String::from_utf8_lossy(&bytes);
    assert_eq!(text == *good, is_taken(&text));
}

fn foreign(text: &str) {
    let known = &*KNOWN;
    assert_eq!(text == known.token, is_taken(text));
    let expected = IdJagExpectation {
        issuer: ISSUER,
        audience: ISSUER,
        client: &known.client,
        now_unix_secs: NOW,
    };
    assert!(IdJag::verify(text, &known.set, &expected).is_err());
    assert!(ClientAssertion::verify(text, &known.set, &[ISSUER], &known.client, NOW).is_err());
    let _ = (IdJag::claimed_issuer(text), ClientAssertion::claimed_client(text));
    assert!(unwrap_successor("presented", text).is_none());
    if let Ok(code) = text.parse::<UserCode>() {
        assert_eq!(Ok(code.clone()), code.to_string().parse());
    }
}

/// Keys of strangers are used or left out; none makes our token theirs.
fn keys(input: &[u8]) {
    if let Ok(set) = JwkSet::parse(input) {
        assert!(set.len() <= 100);
    }
    if let Ok(value) = serde_json::from_slice::<Value>(input) {
        let keys = VerificationKeys::from_jwks(std::slice::from_ref(&value));
        let taken = keys.verify(&KNOWN.token, ISSUER, NOW, Duration::ZERO);
        assert!(taken.is_err());
    }
}
