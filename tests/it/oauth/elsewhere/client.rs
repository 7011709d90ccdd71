//! A client that knows nothing but the URL of an MCP server.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use crate::harness::{form_of, web};

/// Nobody listens there, and nobody has to.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:3118/callback";

const VERIFIER: &str = "a-verifier-of-the-tests-that-is-long-enough-0123456789";

/// What it found out, step by step.
#[derive(Clone)]
pub(super) struct Newcomer {
    resource: String,
    scope: String,
    /// Of the authorization server (RFC 8414, OpenID Connect Discovery).
    server: Value,
    /// As it was registered.
    client: Value,
}

async fn get(url: &str) -> Option<Value> {
    let answer = web().get(url).send().await.unwrap();
    match answer.status() {
        StatusCode::OK => Some(answer.json().await.unwrap()),
        _ => None,
    }
}

impl Newcomer {
    /// Asks the server, follows its challenge to the resource's metadata (RFC 9728), and these to the issuer's.
    pub(super) async fn discover(url: &str) -> Self {
        let answer = web().post(url).body("{}").send().await.unwrap();
        assert_eq!(StatusCode::UNAUTHORIZED, answer.status());
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        let parameter = |name: &str| {
            let (_, rest) = challenge.split_once(&format!("{name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        let metadata = get(&parameter("resource_metadata")).await.unwrap();
        assert_eq!(url, metadata["resource"], "a client must check this");
        let issuer = metadata["authorization_servers"][0].as_str().unwrap();
        let server = Self::metadata_of(issuer).await;
        assert_eq!(issuer, server["issuer"], "a client must check this");
        let methods = server["code_challenge_methods_supported"].to_string();
        assert!(methods.contains("S256"), "{methods}");
        Self {
            resource: url.to_owned(),
            scope: parameter("scope"),
            server,
            client: Value::Null,
        }
    }

    /// In the order of MCP 2025-11-25: RFC 8414 and OpenID Connect with the path inserted, then appended.
    async fn metadata_of(issuer: &str) -> Value {
        let url = Url::parse(issuer).unwrap();
        let origin = url.origin().ascii_serialization();
        let path = url.path().trim_end_matches('/');
        for candidate in [
            format!("{origin}/.well-known/oauth-authorization-server{path}"),
            format!("{origin}/.well-known/openid-configuration{path}"),
            format!("{issuer}/.well-known/openid-configuration"),
        ] {
            if let Some(found) = get(&candidate).await {
                return found;
            }
        }
        panic!("nothing is known of {issuer}");
    }

    pub(super) fn issuer(&self) -> &str {
        self.server["issuer"].as_str().unwrap()
    }

    pub(super) fn client_id(&self) -> &str {
        self.client["client_id"].as_str().unwrap()
    }

    /// Registers itself (RFC 7591), to prove itself by a method.
    pub(super) async fn register(mut self, method: &str) -> Self {
        let url = self.server["registration_endpoint"].as_str().unwrap();
        let metadata = json!({
            "client_name": "Client of the tests",
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": method,
        });
        let answer = web().post(url).json(&metadata).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{text}");
        self.client = serde_json::from_str(&text).unwrap();
        self
    }

    pub(super) fn with_scope(&self, scope: &str) -> Self {
        Self {
            scope: scope.to_owned(),
            ..self.clone()
        }
    }

    pub(super) fn with_resource(&self, resource: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            ..self.clone()
        }
    }

    /// Where the person signs in.
    pub(super) fn authorization_url(&self) -> String {
        let hash = digest(&SHA256, VERIFIER.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let query = form_of(vec![
            ("response_type", "code"),
            ("client_id", self.client_id()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &self.scope),
            ("state", "a state of the client"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("resource", &self.resource),
        ]);
        let endpoint = self.server["authorization_endpoint"].as_str().unwrap();
        format!("{endpoint}?{query}")
    }

    /// The code that came back.
    pub(super) fn code_of(&self, back: &Url) -> String {
        let parameter = |name: &str| {
            let mut pairs = back.query_pairs();
            let found = pairs.find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        assert_eq!(Some("a state of the client"), parameter("state").as_deref());
        if let Some(issuer) = parameter("iss") {
            assert_eq!(self.issuer(), issuer);
        }
        parameter("code").unwrap_or_else(|| panic!("no code in {back}"))
    }

    /// Tokens for a code.
    pub(super) async fn redeem(&self, code: &str) -> Value {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", self.client_id()),
            ("code_verifier", VERIFIER),
            ("resource", &self.resource),
        ];
        if let Some(secret) = self.client["client_secret"].as_str() {
            fields.push(("client_secret", secret));
        }
        let answer = web()
            .post(self.server["token_endpoint"].as_str().unwrap())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form_of(fields))
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(StatusCode::OK, status, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}
