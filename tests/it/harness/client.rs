use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::{Browser, Page, Reply, form_of, web};

/// Where the client of the tests takes its codes: nobody listens there, and nobody has to.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:3118/callback";

const VERIFIER: &str = "a-verifier-of-the-tests-that-is-long-enough-0123456789";

/// An OAuth client, which sends each request to the next node.
pub(crate) struct OAuthClient {
    http: reqwest::Client,
    issuer: String,
    nodes: Vec<String>,
    next: usize,
    pub id: String,
}

/// Tokens as a client gets them.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
    pub scope: String,
}

impl OAuthClient {
    /// A client that has registered itself.
    pub(crate) async fn register(issuer: &str, nodes: Vec<String>) -> Self {
        let mut client = Self {
            http: web(),
            issuer: issuer.to_owned(),
            nodes,
            next: 0,
            id: String::new(),
        };
        let metadata = json!({
            "client_name": "Client of the tests",
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        });
        let url = format!("{}/oauth/register", client.node());
        let reply = Reply(client.http.post(url).json(&metadata).send().await.unwrap());
        assert_eq!(
            StatusCode::CREATED,
            reply.status(),
            "{}",
            reply.text().await
        );
        let registered = reply.json().await;
        registered["client_id"]
            .as_str()
            .unwrap()
            .clone_into(&mut client.id);
        client
    }

    /// A client of this id, which is known already.
    pub(crate) fn known(issuer: &str, nodes: Vec<String>, id: &str) -> Self {
        Self {
            http: web(),
            issuer: issuer.to_owned(),
            nodes,
            next: 0,
            id: id.to_owned(),
        }
    }

    fn node(&mut self) -> String {
        let node = self.nodes[self.next % self.nodes.len()].clone();
        self.next += 1;
        node
    }

    /// The path of an authorization request, with these parameters over the usual ones.
    pub(crate) fn authorization(&self, parameters: &[(&str, &str)]) -> String {
        let hash = digest(&SHA256, VERIFIER.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let resource = format!("{}/mcp", self.issuer);
        let mut all = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT_URI),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "a state of the client"),
            ("resource", &resource),
            ("scope", "mcp:read mcp:query"),
        ];
        all.retain(|(name, _)| parameters.iter().all(|(other, _)| other != name));
        all.extend(parameters.iter().filter(|(_, value)| !value.is_empty()));
        format!("/oauth/authorize?{}", form_of(all))
    }

    /// Sends a browser through sign-in and consent, and gives the code that comes back.
    pub(crate) async fn ask(
        &self,
        browser: &mut Browser,
        name: &str,
        parameters: &[(&str, &str)],
        consent: &[(&str, &str)],
    ) -> String {
        let mut page = browser.open(&self.authorization(parameters)).await;
        if page.path.starts_with("/sign-in") {
            page = browser.sign_in(&page, name).await;
        }
        let mut fields = vec![("decision", "allow")];
        fields.extend(consent);
        let page = browser.submit(&page, &fields).await;
        self.code_of(&page)
    }

    /// The code that an answer brings to the client.
    pub(crate) fn code_of(&self, page: &Page) -> String {
        let to = page
            .leaves_to
            .as_ref()
            .unwrap_or_else(|| panic!("{} {}:\n{}", page.status, page.path, page.html));
        assert!(to.as_str().starts_with(REDIRECT_URI), "{to}");
        assert_eq!(vec![self.issuer.clone()], parameters_of(to, "iss"), "{to}");
        assert_eq!(vec!["a state of the client"], parameters_of(to, "state"));
        let codes = parameters_of(to, "code");
        assert_eq!(1, codes.len(), "{to}");
        codes[0].clone()
    }

    /// Sends a token request.
    pub(crate) async fn token(&mut self, fields: &[(&str, &str)]) -> Reply {
        self.post("/oauth/token", fields).await
    }

    /// Sends a form with the client's id.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut all = vec![("client_id", self.id.as_str())];
        all.extend(fields);
        let form = form_of(all);
        let url = format!("{}{path}", self.node());
        let request = self
            .http
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form);
        Reply(request.send().await.unwrap())
    }

    /// Redeems a code.
    pub(crate) async fn redeem(&mut self, code: &str) -> Reply {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Uses a refresh token.
    pub(crate) async fn refresh(&mut self, token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// A whole connection of a person: registration is done, sign-in and consent follow, tokens come.
    pub(crate) async fn connect(
        &mut self,
        browser: &mut Browser,
        name: &str,
        parameters: &[(&str, &str)],
        consent: &[(&str, &str)],
    ) -> Tokens {
        let code = self.ask(browser, name, parameters, consent).await;
        tokens(self.redeem(&code).await).await
    }
}

/// The tokens of an answer that has some.
pub(crate) async fn tokens(reply: Reply) -> Tokens {
    let status = reply.status();
    assert_eq!(Some("no-store"), reply.header("cache-control"));
    let body: Value = reply.json().await;
    assert_eq!(StatusCode::OK, status, "{body}");
    assert_eq!("Bearer", body["token_type"]);
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    Tokens {
        access: text("access_token").unwrap(),
        refresh: text("refresh_token"),
        scope: text("scope").unwrap(),
    }
}

fn parameters_of(url: &Url, name: &str) -> Vec<String> {
    url.query_pairs()
        .filter(|(named, _)| named == name)
        .map(|(_, value)| value.into_owned())
        .collect()
}
