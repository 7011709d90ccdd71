//! Attacks, and what must go on working.

mod algorithms;
mod attacks;
mod claims;
mod issuer;
mod kinds;
mod presets;
mod rotation;
mod users;

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use tidegate_config::{
    ClientScopes, JwtAlgorithm, JwtKey, JwtSettings, TokenShape, TokenTypes, UserRules,
};
use tidegate_types::{Clock, ManualClock, SecretString};

use super::*;
use issuer::Issuer;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "a shared secret of more than 32 bytes";

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(DateTime::from_timestamp(NOW, 0).unwrap()))
}

fn settings(key: JwtKey) -> JwtSettings {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let algorithm = match key {
        JwtKey::Secret(_) => JwtAlgorithm::HS256,
        _ => JwtAlgorithm::RS256,
    };
    JwtSettings {
        key,
        algorithms: vec![algorithm],
        issuer: Some("https://issuer.example".to_owned()),
        issuers: texts(&["https://issuer.example"]),
        audience: texts(&["tidegate"]),
        user: UserRules {
            claims: texts(&["sub", "email", "username", "preferred_username", "upn"]),
            only_first: true,
            ignores_case: false,
        },
        token_types: TokenTypes {
            named: texts(&["at+jwt", "jwt"]),
            may_be_absent: true,
        },
        shape: TokenShape::default(),
        scope_claims: texts(&["scope", "scp", "scopes"]),
        required_scopes: Vec::new(),
        client_scopes: ClientScopes::default(),
        require_mcp_scopes: false,
        debug_errors: true,
        leeway: Duration::from_secs(10),
        token_cache_entries: 100,
    }
}

fn by_public_key(issuer: &Issuer) -> JwtAuthenticator {
    JwtAuthenticator::new(&settings(JwtKey::PublicKey(issuer.public_pem())), clock()).unwrap()
}

fn by_secret() -> JwtAuthenticator {
    JwtAuthenticator::new(
        &settings(JwtKey::Secret(SecretString::from(SECRET))),
        clock(),
    )
    .unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example",
        "aud": "tidegate",
        "sub": "alice",
        "exp": NOW + 600,
        "iat": NOW,
    })
}

/// The usual claims with others over them; `null` takes one away.
fn claims_with(changes: impl Into<Value>) -> Value {
    let mut claims = claims();
    let changes: Value = changes.into();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// The reason for refusing the token, which must not show outside.
async fn refusal(authenticator: &JwtAuthenticator, token: &str) -> TokenRefusal {
    let refusal = authenticator.verify(token).await.unwrap_err();
    let outside = authenticator.authenticate(Some(token)).await.unwrap_err();
    assert!(
        !outside.to_string().contains(&refusal.to_string()),
        "{outside} tells the reason"
    );
    refusal
}
