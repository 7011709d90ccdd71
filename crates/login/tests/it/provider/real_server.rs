//! The provider that these tests start, with the clients that they sign in by.

use serde_json::{Value, json};
use tidegate_oauth_types::Parameters;
use tidegate_testkit::oidc::OidcProvider;

pub(crate) struct RealProvider(OidcProvider);

impl RealProvider {
    /// Starts it with these people (claims by their names), and the clients of [`clients`].
    pub(crate) fn start(accounts: Value) -> Self {
        let methods = ["client_secret_basic", "client_secret_post", "none"];
        Self::start_with(accounts, &methods)
    }

    /// As [`RealProvider::start`], for clients that prove who they are by these methods.
    pub(crate) fn start_with(accounts: Value, methods: &[&str]) -> Self {
        let mut settings = json!({ "clients": clients(methods), "methods": methods });
        settings["accounts"] = accounts;
        Self(OidcProvider::start(settings))
    }

    pub(crate) fn issuer(&self) -> String {
        self.0.issuer()
    }

    /// Starts it again at the same place, with new keys and without memory.
    pub(crate) fn restart(&mut self) {
        self.0.restart();
    }

    /// Starts it again with other claims.
    pub(crate) fn set_people(&mut self, accounts: Value) {
        self.0.restart_with("accounts", accounts);
    }

    pub(crate) fn stop(&mut self) {
        self.0.stop();
    }
}

/// `basic`, `post`, `public`, and `symmetric`, whose ID tokens are signed with its secret.
fn clients(methods: &[&str]) -> Value {
    let client = |id: &str, method: &str, algorithm: &str| {
        let mut client = json!({
            "client_id": id,
            "token_endpoint_auth_method": method,
            "id_token_signed_response_alg": algorithm,
            "redirect_uris": ["https://tide.test/sign-in/real/callback"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        });
        if method != "none" {
            client["client_secret"] = json!("a secret: 100% + of 42 characters & more");
        }
        client
    };
    [
        ("basic", "client_secret_basic", "RS256"),
        ("post", "client_secret_post", "ES256"),
        ("public", "none", "ES256"),
        ("symmetric", "client_secret_basic", "HS256"),
    ]
    .into_iter()
    .filter(|(_, method, _)| methods.contains(method))
    .map(|(id, method, algorithm)| client(id, method, algorithm))
    .collect()
}

/// Somebody at the provider's pages, who comes back to ours.
pub(crate) struct Browser(tidegate_testkit::oidc::Browser);

impl Browser {
    pub(crate) fn new() -> Self {
        Self(tidegate_testkit::oidc::Browser::new())
    }

    /// Signs in as `who` at the provider, agrees, and comes back with what the provider sends us. `None` as who: cancels.
    pub(crate) async fn pass(&mut self, url: &str, who: Option<&str>) -> Parameters {
        let back = self.0.pass(url, who).await;
        assert!(back.as_str().starts_with("https://tide.test/"), "{back}");
        Parameters::parse_query(back.query().unwrap_or_default()).unwrap()
    }
}
