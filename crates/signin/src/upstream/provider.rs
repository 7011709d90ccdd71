//! One provider: what it says of itself, remembered for a while, and the requests to it.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGenderClaim, CoreGrantType, CoreIdToken, CoreIdTokenVerifier,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AdditionalProviderMetadata, AuthType, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    ProviderMetadata, RedirectUrl, Scope, SignatureVerificationError, TokenResponse, TokenUrl,
    UserInfoClaims, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tidegate_types::{Clock, ExposeSecret};
use tokio::sync::Mutex;
use url::Url;

use super::http::{HttpClient, HttpError};
use super::identity::payload_of;
use crate::{ProviderRefusal, ProviderSettings};

/// What a provider says of itself is asked for again after this.
const FRESH: Duration = Duration::from_hours(1);
/// While it cannot be reached, what it said is believed so long.
const STALE: Duration = Duration::from_hours(24);
/// A provider that is down, or a token of a key that is not there, makes one request in this time.
const LEAST_BETWEEN: Duration = Duration::from_secs(10);
/// How far ahead a provider's clock may be.
const LEEWAY_SECS: i64 = 300;

/// RFC 9207 §3.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SaysItsName {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for SaysItsName {}

type Metadata = ProviderMetadata<
    SaysItsName,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Claims of any name.
#[derive(Debug, Serialize, Deserialize)]
struct AnyClaims(Map<String, Value>);

impl AdditionalClaims for AnyClaims {}

/// Why a provider did not sign somebody in: what may be said, and the true reason for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) shown: ProviderRefusal,
    pub(crate) reason: &'static str,
}

/// What it says of itself, read.
struct Discovered {
    client: Client,
    algorithms: Vec<CoreJwsSigningAlgorithm>,
    says_its_name: bool,
    at_millis: i64,
}

#[derive(Default)]
struct Memory {
    discovered: Option<Arc<Discovered>>,
    /// Unix milliseconds of the last attempt.
    attempted_at: Option<i64>,
}

pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    redirect: Option<RedirectUrl>,
    http: Result<HttpClient, HttpError>,
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

impl Provider {
    pub(crate) fn new(settings: ProviderSettings, public_url: &Url, clock: Arc<dyn Clock>) -> Self {
        let redirect = public_url
            .join(&format!("/sign-in/{}/callback", settings.id))
            .ok()
            .map(RedirectUrl::from_url);
        let http = HttpClient::new(&settings.issuer, settings.timeout);
        Self {
            settings,
            redirect,
            http,
            clock,
            memory: Mutex::default(),
        }
    }

    /// Where the browser goes, with a new state, nonce and PKCE challenge (S256).
    pub(crate) async fn depart(&self) -> Result<Departure, Refused> {
        let discovered = self.discovered(FRESH).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (url, state, nonce) = discovered
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new_random_len(32),
                || Nonce::new_random_len(32),
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure {
            url,
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        })
    }

    /// Whether an answer that names this issuer, or none, is from this provider (RFC 9207 §2.4).
    pub(crate) async fn is_answer_of(&self, issuer: Option<&str>) -> Result<bool, Refused> {
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
    ) -> Result<Map<String, Value>, Refused> {
        let discovered = self.discovered(FRESH).await?;
        let tokens = self.redeem(&discovered.client, code, verifier).await?;
        let id_token = tokens.id_token().ok_or(failed("no_id_token"))?;
        let mut claims = match self.verify(&discovered, &tokens, id_token, nonce) {
            // Its keys may have changed since they were read.
            Err(refused) if refused.reason == NO_KEY => {
                let discovered = self.discovered(LEAST_BETWEEN).await?;
                self.verify(&discovered, &tokens, id_token, nonce)?
            }
            verified => verified?,
        };
        if self.lacks_something(&claims) {
            for (name, value) in self.user_info(&discovered.client, &tokens, &claims).await? {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims)
    }

    async fn redeem(
        &self,
        client: &Client,
        code: &str,
        verifier: String,
    ) -> Result<CoreTokenResponse, Refused> {
        client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| failed("no_token_endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(self.http()?)
            .await
            .map_err(|err| {
                use openidconnect::RequestTokenError;
                match err {
                    RequestTokenError::Request(err) => self.unreachable(&err),
                    RequestTokenError::ServerResponse(_) => failed("code_refused"),
                    RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                        failed("token_answer_unreadable")
                    }
                }
            })
    }

    fn verify(
        &self,
        discovered: &Discovered,
        tokens: &CoreTokenResponse,
        id_token: &CoreIdToken,
        nonce: &str,
    ) -> Result<Map<String, Value>, Refused> {
        let (now, issued) = (Arc::clone(&self.clock), Arc::clone(&self.clock));
        let verifier: CoreIdTokenVerifier<'_> = discovered
            .client
            .id_token_verifier()
            .set_allowed_algs(discovered.algorithms.clone())
            .set_time_fn(move || now.now())
            .set_issue_time_verifier_fn(move |at| {
                if at.timestamp() > issued.unix_secs().saturating_add(LEEWAY_SECS) {
                    Err("it is from the future".to_owned())
                } else {
                    Ok(())
                }
            });
        let claims = id_token
            .claims(&verifier, &Nonce::new(nonce.to_owned()))
            .map_err(|err| unverified(reason_of(&err)))?;
        if let Some(expected) = claims.access_token_hash() {
            let key = id_token
                .signing_key(&verifier)
                .map_err(|_| unverified(NO_KEY))?;
            let algorithm = id_token
                .signing_alg()
                .map_err(|_| unverified("id_token_algorithm"))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
                .map_err(|_| unverified("access_token_hash"))?;
            if actual != *expected {
                return Err(unverified("access_token_hash"));
            }
        }
        payload_of(&id_token.to_string()).ok_or(unverified("id_token_unreadable"))
    }

    /// Whether a claim that is wanted is not in the ID token; many providers have most of them at `userinfo` only.
    fn lacks_something(&self, claims: &Map<String, Value>) -> bool {
        let names = &self.settings.claims;
        let mut wanted = vec![&names.username, &names.email, &names.name];
        wanted.extend(&names.groups);
        wanted
            .iter()
            .any(|name| super::identity::find(claims, name).is_none())
    }

    async fn user_info(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Refused> {
        let subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let subject = openidconnect::SubjectIdentifier::new(subject.to_owned());
        // Whoever has no such endpoint has told everything.
        let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject)) else {
            return Ok(Map::new());
        };
        let told: Result<UserInfoClaims<AnyClaims, CoreGenderClaim>, _> =
            request.request_async(self.http()?).await;
        let told = told.map_err(|err| {
            use openidconnect::UserInfoError;
            match err {
                UserInfoError::Request(err) => self.unreachable(&err),
                UserInfoError::ClaimsVerification(_) => unverified("userinfo_unverified"),
                _ => failed("userinfo_unreadable"),
            }
        })?;
        match serde_json::to_value(&told) {
            Ok(Value::Object(told)) => Ok(told),
            _ => Err(failed("userinfo_unreadable")),
        }
    }

    /// What the provider says of itself, not older than that; and older only while it cannot be reached.
    async fn discovered(&self, longest: Duration) -> Result<Arc<Discovered>, Refused> {
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
            return usable.ok_or(UNREACHABLE);
        }
        memory.attempted_at = Some(now);
        match self.discover(now).await {
            Ok(discovered) => {
                let discovered = Arc::new(discovered);
                memory.discovered = Some(Arc::clone(&discovered));
                Ok(discovered)
            }
            Err(refused) => usable.ok_or(refused),
        }
    }

    async fn discover(&self, now: i64) -> Result<Discovered, Refused> {
        let http = self.http()?;
        let issuer =
            IssuerUrl::new(self.settings.issuer.clone()).map_err(|_| failed("issuer_is_no_url"))?;
        let metadata = Metadata::discover_async(issuer, http)
            .await
            .map_err(|err| {
                let shown: &(dyn std::error::Error + 'static) = &err;
                tracing::warn!(error = shown, provider = %self.settings.id, "could not discover a provider");
                match err {
                    openidconnect::DiscoveryError::Request(_) => UNREACHABLE,
                    _ => failed("discovery_unreadable"),
                }
            })?;
        let endpoints = [
            Some(metadata.authorization_endpoint().url()),
            metadata.token_endpoint().map(TokenUrl::url),
            metadata.userinfo_endpoint().map(UserInfoUrl::url),
        ];
        if !endpoints
            .into_iter()
            .flatten()
            .all(|url| http.is_allowed(url))
        {
            return Err(failed("endpoint_not_secure"));
        }
        // Symmetric ones would make our client secret a key to sign in as anybody; and `none` is none.
        let algorithms = metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .filter(|algorithm| is_asymmetric(algorithm))
            .cloned()
            .collect();
        let takes_basic = metadata
            .token_endpoint_auth_methods_supported()
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let says_its_name = metadata
            .additional_metadata()
            .authorization_response_iss_parameter_supported;
        let secret = self
            .settings
            .client_secret
            .as_ref()
            .map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let client_id = ClientId::new(self.settings.client_id.clone());
        let redirect = self
            .redirect
            .clone()
            .ok_or(failed("public_url_is_no_base"))?;
        let client = CoreClient::from_provider_metadata(metadata, client_id, secret)
            .set_redirect_uri(redirect)
            .set_auth_type(if takes_basic {
                AuthType::BasicAuth
            } else {
                AuthType::RequestBody
            });
        Ok(Discovered {
            client,
            algorithms,
            says_its_name,
            at_millis: now,
        })
    }

    fn http(&self) -> Result<&HttpClient, Refused> {
        self.http.as_ref().map_err(|_| UNREACHABLE)
    }

    fn unreachable(&self, err: &HttpError) -> Refused {
        let shown: &(dyn std::error::Error + 'static) = err;
        tracing::warn!(error = shown, provider = %self.settings.id, "could not ask a provider");
        UNREACHABLE
    }
}

fn is_asymmetric(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm as Alg;
    matches!(
        algorithm,
        Alg::RsaSsaPkcs1V15Sha256
            | Alg::RsaSsaPkcs1V15Sha384
            | Alg::RsaSsaPkcs1V15Sha512
            | Alg::RsaSsaPssSha256
            | Alg::RsaSsaPssSha384
            | Alg::RsaSsaPssSha512
            | Alg::EcdsaP256Sha256
            | Alg::EcdsaP384Sha384
            | Alg::EdDsa
    )
}

fn is_older(at_millis: i64, now_millis: i64, than: Duration) -> bool {
    u128::try_from(now_millis.saturating_sub(at_millis)).is_ok_and(|age| age >= than.as_millis())
}

const NO_KEY: &str = "id_token_key";
const UNREACHABLE: Refused = Refused {
    shown: ProviderRefusal::Unreachable,
    reason: "provider_unreachable",
};

const fn failed(reason: &'static str) -> Refused {
    Refused {
        shown: ProviderRefusal::Failed,
        reason,
    }
}

const fn unverified(reason: &'static str) -> Refused {
    Refused {
        shown: ProviderRefusal::Unverified,
        reason,
    }
}

fn reason_of(err: &ClaimsVerificationError) -> &'static str {
    match err {
        ClaimsVerificationError::Expired(_) => "id_token_time",
        ClaimsVerificationError::InvalidAudience(_) => "id_token_audience",
        ClaimsVerificationError::InvalidIssuer(_) => "id_token_issuer",
        ClaimsVerificationError::InvalidNonce(_) => "id_token_nonce",
        ClaimsVerificationError::SignatureVerification(err) => match err {
            SignatureVerificationError::NoMatchingKey => NO_KEY,
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_)
            | SignatureVerificationError::NoSignature => "id_token_algorithm",
            _ => "id_token_signature",
        },
        _ => "id_token_claims",
    }
}
