mod attacks;
mod good;

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tidegate_types::ExposeSecret;

use super::*;
use crate::Algorithm;

const ISSUER: &str = "https://bi.example.com";
const NOW: i64 = 1_800_000_000;
const LEEWAY: Duration = Duration::from_secs(5);

/// A key of ours of each algorithm, made once.
struct Ours {
    new: NewKey,
    signer: Signer,
}

fn ours(algorithm: Algorithm) -> Ours {
    let new = Signer::generate(algorithm).unwrap();
    let signer = Signer::from_pkcs8(&new.kid, algorithm, &new.pkcs8).unwrap();
    Ours { new, signer }
}

static ES256: LazyLock<Ours> = LazyLock::new(|| ours(Algorithm::Es256));
static RS256: LazyLock<Ours> = LazyLock::new(|| ours(Algorithm::Rs256));

fn keys() -> VerificationKeys {
    VerificationKeys::from_jwks(&[ES256.new.public_jwk.clone(), RS256.new.public_jwk.clone()])
}

fn claims() -> AccessTokenClaims {
    AccessTokenClaims {
        iss: ISSUER.into(),
        sub: "0193a1b2c3d4".parse().unwrap(),
        aud: "https://bi.example.com/mcp".parse().unwrap(),
        client_id: "https://claude.ai/oauth/claude-code-client-metadata"
            .parse()
            .unwrap(),
        scope: "mcp:read mcp:query".parse().unwrap(),
        jti: "0f1e2d3c".parse().unwrap(),
        iat: NOW - 60,
        exp: NOW + 3540,
        gid: "0193a1b2c3d5".parse().unwrap(),
        workspace: Some("acme".parse().unwrap()),
    }
}

fn verify(token: &str) -> Result<AccessTokenClaims, TokenProblem> {
    keys().verify(token, ISSUER, NOW, LEEWAY)
}

fn sign(claims: &AccessTokenClaims) -> String {
    ES256
        .signer
        .sign(claims)
        .unwrap()
        .expose_secret()
        .to_owned()
}

/// A token of any header and claims, honestly signed by our ES256 key.
fn forge(header: &Value, claims: &Value) -> String {
    forge_text(&header.to_string(), &claims.to_string())
}

fn forge_text(header: &str, claims: &str) -> String {
    let mut token = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = ES256.signer.signature_of(token.as_bytes()).unwrap();
    token.push('.');
    token.push_str(&signature);
    token
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": ES256.new.kid, "typ": "at+jwt" })
}

fn claims_json() -> Value {
    serde_json::to_value(claims()).unwrap()
}
