use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use tidegate_types::{Clock as _, SystemClock};

/// The secret that the clusters' tokens are signed with.
pub(crate) const JWT_SECRET: &str = "a secret of the tests, of more than 32 bytes";

/// A good token of a user of the sample business: `admin`, `analyst`, `viewer`.
pub(crate) fn token_for(user: &str) -> String {
    token_of(&json!({
        "sub": user,
        "iss": "https://issuer.test",
        "aud": "tidegate-tests",
        "iat": SystemClock.unix_secs(),
        "exp": SystemClock.unix_secs() + 3_600,
    }))
}

/// A token of these claims, well signed.
pub(crate) fn token_of(claims: &Value) -> String {
    let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    encode(&Header::default(), claims, &key).unwrap()
}
