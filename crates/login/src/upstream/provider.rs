//! One provider: what it says of itself, remembered for a while, and the requests to it.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_http_client::ClientSetupError;
use tidegate_oauth_types::{CodeChallenge, find_claim};
use tidegate_types::{Clock, ExposeSecret};
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::discovery::Discovered;
use super::http::ProviderClient;
use super::id_token::{self, Expected};
use super::refusal::{IdTokenProblem, UpstreamRefusal};
use crate::ProviderSettings;

/// What a provider says of itself is asked for again after this.
const FRESH: Duration = Duration::from_hours(1);
/// While it cannot be reached, what it said is believed so long.
const STALE: Duration = Duration::from_hours(24);
/// A provider that is down, or a token of a key that is not there, makes one request in this time.
const LEAST_BETWEEN: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Memory {
    discovered: Option<Arc<Discovered>>,
    /// Unix milliseconds of the last attempt.
    attempted_at: Option<i64>,
}

pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    redirect: Option<Url>,
    http: Result<ProviderClient, ClientSetupError>,
    clock: Arc<dyn Clock>,
    /// Held while it is asked, so that one request serves all who wait.
    memory: Mutex<Memory>,
}

/// A way to the provider, and what must be remembered until its answer comes.
pub(crate) struct Departure {
    pub(crate) url: Url,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

/// RFC 6749 §5.1, OpenID Connect Core §3.1.3.3.
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    id_token: Option<String>,
}

impl Provider {
    pub(crate) fn new(settings: ProviderSettings, public_url: &Url, clock: Arc<dyn Clock>) -> Self {
        let redirect = public_url
            .join(&format!("/sign-in/{}/callback", settings.id))
            .ok();
        let http = ProviderClient::new(&settings.issuer, settings.timeout);
        Self {
            settings,
            redirect,
            http,
            clock,
            memory: Mutex::default(),
        }
    }

    /// Where the browser goes, with a new state, nonce and PKCE challenge (S256).
    pub(crate) async fn depart(&self) -> Result<Departure, UpstreamRefusal> {
        let discovered = self.discovered(FRESH).await?;
        let (state, nonce, verifier) = (random_text(), random_text(), random_text());
        let mut scopes = vec!["openid"];
        scopes.extend(self.settings.scopes.iter().map(String::as_str));
        let mut url = discovered.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", self.redirect()?.as_str())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair(
                "code_challenge",
                &CodeChallenge::of_verifier(&verifier).to_string(),
            )
            .append_pair("code_challenge_method", "S256");
        Ok(Departure {
            url,
            state,
            nonce,
            verifier,
        })
    }

    /// Whether an answer that names this issuer, or none, is from this provider (RFC 9207 §2.4).
    pub(crate) async fn is_answer_of(&self, issuer: Option<&str>) -> Result<bool, UpstreamRefusal> {
        match issuer {
            Some(issuer) => Ok(issuer == self.settings.issuer),
            None => Ok(!self.discovered(FRESH).await?.says_its_name),
        }
    }

    /// The verified claims of whoever the code is for.
    pub(crate) async fn claims(
        &self,
        code: &str,
        verifier: String,
        nonce: &str,
    ) -> Result<Map<String, Value>, UpstreamRefusal> {
        let discovered = self.discovered(FRESH).await?;
        let tokens = self.redeem(&discovered, code, &verifier).await?;
        let id_token = tokens
            .id_token
            .as_deref()
            .ok_or(UpstreamRefusal::NoIdToken)?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce,
            access_token: &tokens.access_token,
            now_unix_secs: self.clock.unix_secs(),
        };
        let mut claims = match id_token::verify(id_token, &discovered, &expected) {
            // Its keys may have changed since they were read.
            Err(IdTokenProblem::UnknownKey) => {
                let discovered = self.discovered(LEAST_BETWEEN).await?;
                id_token::verify(id_token, &discovered, &expected)?
            }
            verified => verified?,
        };
        if self.lacks_something(&claims) {
            let told = self
                .user_info(&discovered, &tokens.access_token, &claims)
                .await?;
            for (name, value) in told {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims)
    }

    /// Exchanges the code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).
    async fn redeem(
        &self,
        discovered: &Discovered,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, UpstreamRefusal> {
        let (form, authorization) = self.code_form(discovered, code, verifier)?;
        let answer = self
            .http()?
            .post(&discovered.token_endpoint, form, authorization.as_deref())
            .await?;
        if !answer.is_success {
            return Err(UpstreamRefusal::CodeRefused);
        }
        answer
            .json()
            .and_then(|body| serde_json::from_slice(body).ok())
            .ok_or(UpstreamRefusal::TokenAnswerUnreadable)
    }

    /// The form that brings a code, and the `Authorization` header beside it, where the provider wants one.
    fn code_form(
        &self,
        discovered: &Discovered,
        code: &str,
        verifier: &str,
    ) -> Result<(String, Option<String>), UpstreamRefusal> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", self.redirect()?.as_str())
            .append_pair("code_verifier", verifier);
        let client_id = &self.settings.client_id;
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(ExposeSecret::expose_secret);
        if let Some(secret) = secret.filter(|_| discovered.takes_basic) {
            return Ok((form.finish(), Some(basic(client_id, secret))));
        }
        form.append_pair("client_id", client_id);
        if let Some(secret) = secret {
            form.append_pair("client_secret", secret);
        }
        Ok((form.finish(), None))
    }

    /// Whether a claim that is wanted is not in the ID token; many providers have most of them at `userinfo` only.
    fn lacks_something(&self, claims: &Map<String, Value>) -> bool {
        let names = &self.settings.claims;
        let mut wanted = vec![&names.username, &names.email, &names.name];
        wanted.extend(&names.groups);
        wanted.iter().any(|name| find_claim(claims, name).is_none())
    }

    /// What `userinfo` tells of the one whom the ID token is about (OpenID Connect Core §5.3). Whoever has no such endpoint
    /// has told everything.
    async fn user_info(
        &self,
        discovered: &Discovered,
        access_token: &str,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, UpstreamRefusal> {
        let Some(url) = &discovered.userinfo_endpoint else {
            return Ok(Map::new());
        };
        let answer = self.http()?.get(url, Some(access_token)).await?;
        let is_signed = answer.content_type.as_deref() == Some("application/jwt");
        let told: Map<String, Value> = if answer.is_success && is_signed {
            let token = std::str::from_utf8(&answer.body);
            let token = token.map_err(|_| UpstreamRefusal::UserinfoUnreadable)?;
            let (_, told) = id_token::signed(token.trim(), discovered)
                .map_err(|_| UpstreamRefusal::UserinfoUnverified)?;
            // §5.3.2: of the provider, and for us.
            let is_ours = told
                .get("iss")
                .is_some_and(|iss| *iss == self.settings.issuer)
                && told.get("aud").is_some_and(|aud| match aud {
                    Value::Array(all) => all.iter().any(|one| *one == self.settings.client_id),
                    one => *one == self.settings.client_id,
                });
            if !is_ours {
                return Err(UpstreamRefusal::UserinfoUnverified);
            }
            told
        } else {
            answer
                .json()
                .and_then(|body| serde_json::from_slice(body).ok())
                .ok_or(UpstreamRefusal::UserinfoUnreadable)?
        };
        // §5.3.4: of anybody else it must not be used.
        if told.get("sub").is_none() || told.get("sub") != claims.get("sub") {
            return Err(UpstreamRefusal::UserinfoUnverified);
        }
        Ok(told)
    }

    /// What the provider says of itself, not older than that; and older only while it cannot be reached.
    async fn discovered(&self, longest: Duration) -> Result<Arc<Discovered>, UpstreamRefusal> {
        let mut memory = self.memory.lock().await;
        let now = self.clock.unix_millis();
        if let Some(known) = &memory.discovered
            && !is_older(known.at_millis, now, longest)
        {
            return Ok(Arc::clone(known));
        }
        let usable = memory
            .discovered
            .clone()
            .filter(|known| !is_older(known.at_millis, now, STALE));
        let was_just_asked = memory
            .attempted_at
            .is_some_and(|at| !is_older(at, now, LEAST_BETWEEN));
        if was_just_asked {
            return usable.ok_or(UpstreamRefusal::Unreachable);
        }
        memory.attempted_at = Some(now);
        match Discovered::ask(&self.settings.issuer, self.http()?, now).await {
            Ok(discovered) => {
                let discovered = Arc::new(discovered);
                memory.discovered = Some(Arc::clone(&discovered));
                Ok(discovered)
            }
            Err(err) => {
                let Some(usable) = usable else {
                    return Err(err.into());
                };
                let shown: &(dyn std::error::Error + 'static) = &err;
                tracing::warn!(error = shown, provider = %self.settings.id, "could not discover a provider");
                Ok(usable)
            }
        }
    }

    fn redirect(&self) -> Result<&Url, UpstreamRefusal> {
        self.redirect.as_ref().ok_or(UpstreamRefusal::NoRedirect)
    }

    fn http(&self) -> Result<&ProviderClient, UpstreamRefusal> {
        self.http.as_ref().map_err(|_| UpstreamRefusal::Unreachable)
    }
}

/// 256 random bits: what nobody guesses, and what PKCE needs at least (RFC 7636 §4.1).
fn random_text() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 6749 §2.3.1: both are form-encoded before they are joined.
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", STANDARD.encode(joined))
}

fn is_older(at_millis: i64, now_millis: i64, than: Duration) -> bool {
    u128::try_from(now_millis.saturating_sub(at_millis)).is_ok_and(|age| age >= than.as_millis())
}
