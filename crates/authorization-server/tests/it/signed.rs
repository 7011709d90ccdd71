//! JWTs that others sign.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tidegate_oauth_types::{NewKey, Signer};

/// A key pair of a client or a provider.
pub(crate) struct Pair(NewKey);

impl Pair {
    pub(crate) fn draw() -> Self {
        Self(Signer::generate(tidegate_oauth_types::Algorithm::Es256).unwrap())
    }

    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": [self.0.public_jwk] })
    }

    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.0.kid.clone());
        let key = EncodingKey::from_ec_der(&self.0.pkcs8);
        jsonwebtoken::encode(&header, claims, &key).unwrap()
    }
}

pub(crate) fn merged(mut claims: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}
