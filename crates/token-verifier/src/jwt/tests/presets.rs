//! Tokens in the forms in which common providers make them, under the settings that are documented for each.

use super::issuer::{FIRST, KeyServer};
use super::*;
use serde::Deserialize;
use tidegate_config::{AuthMethod, Environment, Settings};

#[derive(Deserialize)]
struct Shapes {
    /// Keys of `[auth.jwt]` in the form of the environment.
    settings: std::collections::BTreeMap<String, String>,
    tokens: Vec<Shape>,
}

#[derive(Deserialize)]
struct Shape {
    what: String,
    header: Value,
    claims: Value,
    /// `claim=value`, and `claim~value` where it may be an address.
    subject: Option<Vec<String>>,
    client: Option<String>,
    scopes: Option<String>,
    /// Part of the reason that the log tells.
    refused: Option<String>,
}

async fn assert_shapes(json: &str) {
    let shapes: Shapes = serde_json::from_str(json).unwrap();
    let server = KeyServer::start(&[FIRST.jwk()]).await;
    let mut environment: Environment = shapes
        .settings
        .iter()
        .map(|(key, value)| (format!("TIDEGATE_AUTH__JWT__{key}"), value.clone()))
        .collect();
    environment.insert("TIDEGATE_AUTH__ENABLED".to_owned(), "true".to_owned());
    let settings = |environment: &Environment| {
        let settings = Settings::load(None, environment).unwrap();
        let AuthMethod::Jwt(jwt) = settings.auth.method else {
            panic!("{:?}", settings.auth.method);
        };
        jwt
    };
    // Where the provider has its keys is known; here they are elsewhere.
    assert!(matches!(settings(&environment).key, JwtKey::Jwks(_)));
    let uri = "TIDEGATE_AUTH__JWT__JWKS_URI".to_owned();
    environment.insert(uri, server.uri.clone());
    let authenticator = JwtAuthenticator::new(&settings(&environment), clock()).unwrap();
    for shape in shapes.tokens {
        let what = &shape.what;
        let header = serde_json::from_value(shape.header).unwrap();
        let header = jsonwebtoken::Header {
            kid: Some(FIRST.key_id.to_owned()),
            ..header
        };
        let token = FIRST.sign_as(&header, &shape.claims);
        match (authenticator.verify(&token).await, &shape.refused) {
            (Ok(token), None) => {
                let claims = token.subject.claims().iter();
                let named: Vec<String> = claims
                    .map(|claim| {
                        let sign = if claim.may_be_address { '~' } else { '=' };
                        format!("{}{sign}{}", claim.name, claim.value)
                    })
                    .collect();
                assert_eq!(shape.subject, Some(named), "{what}");
                assert!(token.subject.ignores_case());
                if let Some(client) = shape.client {
                    assert_eq!(client, &*token.client.0, "{what}");
                }
                if let Some(scopes) = shape.scopes {
                    assert_eq!(scopes, token.scopes.to_string(), "{what}");
                }
            }
            (Err(refusal), Some(reason)) => {
                let told = refusal.to_string();
                assert!(told.contains(reason.as_str()), "{what}: {told}");
            }
            (Ok(token), Some(_)) => panic!("{what}: {token:?}"),
            (Err(refusal), None) => panic!("{what}: {refusal}"),
        }
    }
}

#[tokio::test]
async fn tokens_of_keycloak() {
    assert_shapes(include_str!("shapes/keycloak.json")).await;
}

#[tokio::test]
async fn tokens_of_auth0() {
    assert_shapes(include_str!("shapes/auth0.json")).await;
}

#[tokio::test]
async fn tokens_of_entra_in_both_versions() {
    assert_shapes(include_str!("shapes/entra.json")).await;
}

#[tokio::test]
async fn tokens_of_okta() {
    assert_shapes(include_str!("shapes/okta.json")).await;
}

#[tokio::test]
async fn tokens_of_cognito() {
    assert_shapes(include_str!("shapes/cognito.json")).await;
}
