//! A person who connects an assistant: register, sign in, agree, redeem, refresh.

use anyhow::{Context as _, ensure};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::browser::{Browser, Page, form};
use crate::address::LoopbackUrl;

/// The example of RFC 7636, appendix B: the load test guards no secret.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where the code goes. Nobody listens there.
const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// Whom people sign in as.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) username: String,
    pub(super) password: String,
}

/// What the token endpoint gives.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
}

/// The assistant and its person.
#[derive(Clone)]
pub(super) struct Assistant {
    http: Client,
    server: LoopbackUrl,
    client_id: String,
}

impl Assistant {
    /// Registers itself (RFC 7591).
    pub(super) async fn register(http: Client, server: &LoopbackUrl) -> anyhow::Result<Self> {
        let metadata = json!({
            "client_name": "Load test",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        });
        let reply = http
            .post(server.join("/oauth/register"))
            .json(&metadata)
            .send()
            .await?;
        ensure!(
            reply.status() == StatusCode::CREATED,
            "registration: {}",
            reply.text().await?
        );
        let registered: serde_json::Value = reply.json().await?;
        let client_id = registered["client_id"]
            .as_str()
            .context("no client_id")?
            .to_owned();
        Ok(Self {
            http,
            server: server.clone(),
            client_id,
        })
    }

    /// Its person signs in anew and agrees. Returns the tokens.
    pub(super) async fn connect(&self, account: &Account) -> anyhow::Result<Tokens> {
        let mut browser = Browser::new(self.http.clone(), &self.server);
        let state = format!("{:032x}", rand::random::<u128>());
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", &state),
            ("scope", "mcp:read mcp:query offline_access"),
        ]);
        let asked = browser.open(&format!("/oauth/authorize?{query}")).await?;
        let consent = asked.location()?.to_owned();
        let page = sign_in_when_asked(&mut browser, &consent, account).await?;
        let decided = browser
            .submit(
                &consent,
                &[
                    ("csrf", &page.hidden("csrf")?),
                    ("workspace", "demo"),
                    ("scope", "mcp:query"),
                    ("offline", "yes"),
                    ("decision", "allow"),
                ],
            )
            .await?;
        let code = code_of(&decided, &state)?;
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// The next tokens.
    pub(super) async fn refresh(&self, tokens: &Tokens) -> anyhow::Result<Tokens> {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("refresh_token", &tokens.refresh_token),
        ])
        .await
    }

    async fn token(&self, fields: &[(&str, &str)]) -> anyhow::Result<Tokens> {
        let reply = self
            .http
            .post(self.server.join("/oauth/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(fields))
            .send()
            .await?;
        let status = reply.status();
        let body = reply.bytes().await?;
        ensure!(
            status == StatusCode::OK,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(serde_json::from_slice(&body)?)
    }
}

/// Opens a page, by the sign-in page where it asks for that.
async fn sign_in_when_asked(
    browser: &mut Browser,
    target: &str,
    account: &Account,
) -> anyhow::Result<Page> {
    let page = browser.open(target).await?;
    if page.status == StatusCode::OK {
        return Ok(page);
    }
    let form = browser.open(page.location()?).await?;
    let signed_in = submit_credentials(browser, &form, account).await?;
    browser.visit(signed_in.location()?).await
}

async fn submit_credentials(
    browser: &mut Browser,
    form: &Page,
    account: &Account,
) -> anyhow::Result<Page> {
    browser
        .submit(
            "/sign-in",
            &[
                ("csrf", &form.hidden("csrf")?),
                ("return_to", &form.hidden("return_to")?),
                ("username", &account.username),
                ("password", &account.password),
            ],
        )
        .await
}

/// Signs in with a one-time password and chooses another.
pub(super) async fn choose_password(
    http: Client,
    server: &LoopbackUrl,
    one_time: &Account,
) -> anyhow::Result<Account> {
    let mut browser = Browser::new(http, server);
    let form = browser.open("/sign-in").await?;
    let signed_in = submit_credentials(&mut browser, &form, one_time).await?;
    let form = browser.visit(signed_in.location()?).await?;
    let password = format!("load test {:032x}", rand::random::<u128>());
    let changed = browser
        .submit(
            "/password",
            &[
                ("csrf", &form.hidden("csrf")?),
                ("return_to", &form.hidden("return_to")?),
                ("new", &password),
                ("again", &password),
            ],
        )
        .await?;
    changed.location()?;
    Ok(Account {
        username: one_time.username.clone(),
        password,
    })
}

fn code_of(decided: &Page, state: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(decided.location()?)?;
    let parameter = |name: &str| {
        let mut named = url.query_pairs().filter(|(key, _)| key == name);
        named.next().map(|(_, value)| value.into_owned())
    };
    ensure!(
        parameter("state").as_deref() == Some(state),
        "the state is not ours: {url}"
    );
    parameter("code").with_context(|| format!("no code: {url}"))
}
