//! Bearer tokens for servers that the load test starts itself, or whose HS256 secret it is told.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rand::Rng as _;
use serde::Serialize;
use tidegate_types::{Clock as _, ExposeSecret as _, SecretString, SystemClock};

/// `iss` of the tokens.
pub(crate) const ISSUER: &str = "http://127.0.0.1/loadtest";
/// `aud` of the tokens.
pub(crate) const AUDIENCE: &str = "tidegate-loadtest";
/// The users of the embedded workspace.
pub(crate) const USERS: [&str; 3] = ["admin", "analyst", "viewer"];
/// Longer than any run.
const LIFE_SECS: i64 = 6 * 3600;

/// Signs tokens.
#[derive(Clone)]
pub(crate) struct TokenMint(SecretString);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

impl TokenMint {
    /// Signs with this secret.
    pub(crate) const fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Signs with a secret of 64 random hexadecimal digits.
    pub(crate) fn random() -> Self {
        let mut rng = rand::rng();
        let secret = format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>());
        Self(SecretString::from(secret))
    }

    /// For the server's settings.
    pub(crate) const fn secret(&self) -> &SecretString {
        &self.0
    }

    /// A token of its own for `user`, with all scopes.
    pub(crate) fn token(&self, user: &str) -> String {
        let now = SystemClock.unix_secs();
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: user,
            client_id: "loadtest",
            scope: "mcp:read mcp:query mcp:write mcp:admin",
            jti: format!("{:032x}", rand::rng().random::<u128>()),
            iat: now,
            exp: now + LIFE_SECS,
        };
        let header = Header {
            typ: Some("at+jwt".into()),
            ..Header::new(Algorithm::HS256)
        };
        encode(
            &header,
            &claims,
            &EncodingKey::from_secret(self.0.expose_secret().as_bytes()),
        )
        .expect("HS256 signs whatever serializes")
    }
}
