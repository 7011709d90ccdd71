//! What a provider says of itself (OpenID Connect Discovery 1.0 §3).

use serde::Deserialize;
use tidegate_http_client::HttpError;
use tidegate_oauth_types::jose::PROVIDER_ALGORITHMS;
use tidegate_oauth_types::{Algorithm, JwkSet};
use url::Url;

use super::http::ProviderClient;

/// As much of the document as is used. What else stands there is the provider's.
#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    id_token_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What it says, read and found fit to be used, and its keys.
#[derive(Debug)]
pub(crate) struct Discovered {
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) userinfo_endpoint: Option<Url>,
    /// What ID tokens may be signed with: never with a shared secret, which would make our client secret a key to sign in
    /// as anybody, and never with nothing.
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) keys: JwkSet,
    /// Whether our secret goes into the header (RFC 6749 §2.3.1), rather than into the form.
    pub(crate) takes_basic: bool,
    /// Whether its answers name it.
    pub(crate) says_its_name: bool,
    /// Unix milliseconds.
    pub(crate) at_millis: i64,
}

/// Why nothing was learned of a provider.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error("the provider cannot be asked")]
    Http(#[from] HttpError),
    #[error("the provider's {0} cannot be read")]
    Unreadable(&'static str),
    #[error("the document is of the issuer {found:?}")]
    OtherIssuer { found: String },
    #[error("an endpoint is not of https")]
    NotSecure,
}

impl Discovered {
    /// Asks an issuer for its document and its keys.
    pub(crate) async fn ask(
        issuer: &str,
        http: &ProviderClient,
        at_millis: i64,
    ) -> Result<Self, DiscoveryError> {
        let unreadable = DiscoveryError::Unreadable;
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let url = Url::parse(&format!("{base}/.well-known/openid-configuration"))
            .map_err(|_| unreadable("issuer"))?;
        let answer = http.get(&url, None).await?;
        let document: Document = answer
            .json()
            .and_then(|body| serde_json::from_slice(body).ok())
            .ok_or(unreadable("configuration"))?;
        // OpenID Connect Discovery §4.3: to the letter.
        if document.issuer != issuer {
            return Err(DiscoveryError::OtherIssuer {
                found: document.issuer,
            });
        }
        let jwks_uri = Url::parse(&document.jwks_uri)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http"))
            .ok_or(unreadable("jwks_uri"))?;
        let answer = http.get(&jwks_uri, None).await?;
        let keys = answer
            .json()
            .and_then(|body| JwkSet::parse(body).ok())
            .ok_or(unreadable("key set"))?;
        Self::of(&document, keys, http, at_millis)
    }

    fn of(
        document: &Document,
        keys: JwkSet,
        http: &ProviderClient,
        at_millis: i64,
    ) -> Result<Self, DiscoveryError> {
        let endpoint = |name, text: &str| {
            let url = Url::parse(text).map_err(|_| DiscoveryError::Unreadable(name))?;
            if http.is_allowed(&url) {
                Ok(url)
            } else {
                Err(DiscoveryError::NotSecure)
            }
        };
        let userinfo = document.userinfo_endpoint.as_deref();
        let userinfo = userinfo.map(|text| endpoint("userinfo_endpoint", text));
        let supported = &document.id_token_signing_alg_values_supported;
        Ok(Self {
            algorithms: PROVIDER_ALGORITHMS
                .iter()
                .copied()
                .filter(|known| supported.iter().any(|name| name == known.as_str()))
                .collect(),
            takes_basic: document
                .token_endpoint_auth_methods_supported
                .as_ref()
                .is_none_or(|methods| methods.iter().any(|one| one == "client_secret_basic")),
            says_its_name: document.authorization_response_iss_parameter_supported,
            authorization_endpoint: endpoint(
                "authorization_endpoint",
                &document.authorization_endpoint,
            )?,
            token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
            userinfo_endpoint: userinfo.transpose()?,
            keys,
            at_millis,
        })
    }
}
