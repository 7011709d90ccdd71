//! Fetches from strangers without being led astray.

use std::time::Duration;

use tidegate_http_client::{
    ClientRules, ClientSetupError, Destinations, GuardedClient, HttpError, Method, Proxy, Request,
    is_json,
};
use tidegate_types::SecretString;
use url::Url;

use super::{FetchError, Fetched, Fetcher};

/// What an operator can set about fetching.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// How long a fetch may take, from the name's look-up to the last byte. 5 seconds.
    pub timeout: Duration,
    /// Hosts whose addresses may be private, for intranets and tests: `name` or `name:port`, in lower case. They may
    /// have any port, or the one named, and plain HTTP is taken from them as well. None.
    pub allowed_private_hosts: Vec<String>,
    /// Certificates (PEM) to trust besides the operating system's, for intranets. None.
    pub root_certificates: Vec<u8>,
    /// A forward proxy that fetches go through, but for the hosts above: `http://host:3128`, with `user:password@` where
    /// it asks for them. It must itself keep out of private networks: names that cannot be looked up here are looked up by
    /// it. None, whatever the environment says.
    pub proxy: Option<SecretString>,
    /// Fetches at once; more are refused. 32.
    pub max_concurrent: usize,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            allowed_private_hosts: Vec::new(),
            root_certificates: Vec::new(),
            proxy: None,
            max_concurrent: 32,
        }
    }
}

/// The fetcher for production: public hosts alone, but for those that the operator named, and no proxy but the one that is
/// set ([`Destinations::Public`]).
#[derive(Debug)]
pub struct GuardedFetcher(GuardedClient);

/// The HTTP client cannot be built, or the certificates or the proxy's address cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for documents and keys of clients cannot be built")]
pub struct FetcherSetupError(#[from] ClientSetupError);

impl GuardedFetcher {
    /// Builds the client. A crypto provider of rustls must be installed.
    ///
    /// # Errors
    /// The certificates are not PEM, or the proxy is not one.
    pub fn new(settings: FetchSettings) -> Result<Self, FetcherSetupError> {
        let client = GuardedClient::new(ClientRules {
            timeout: settings.timeout,
            connect_timeout: settings.timeout,
            destinations: Destinations::Public {
                private_hosts: settings.allowed_private_hosts,
            },
            proxy: settings.proxy.map_or(Proxy::None, Proxy::Server),
            root_certificates: settings.root_certificates,
            max_concurrent: settings.max_concurrent,
        })?;
        Ok(Self(client))
    }
}

#[async_trait::async_trait]
impl Fetcher for GuardedFetcher {
    async fn fetch(&self, url: &Url, most_bytes: usize) -> Result<Fetched, FetchError> {
        let request = Request {
            method: Method::Get,
            url,
            accept: "application/json",
            authorization: None,
            most_bytes,
        };
        let answer = self.0.send(request).await?;
        if answer.status() != 200 {
            return Err(FetchError::Status(answer.status()));
        }
        if !answer.content_type().is_some_and(|kind| is_json(&kind)) {
            return Err(FetchError::NotJson);
        }
        let fresh_for = answer.fresh_for();
        let body = answer.read().await?;
        Ok(Fetched { body, fresh_for })
    }
}

impl From<HttpError> for FetchError {
    fn from(err: HttpError) -> Self {
        match err {
            HttpError::UrlNotAllowed => Self::UrlNotAllowed,
            HttpError::AddressNotAllowed => Self::AddressNotAllowed,
            HttpError::Failed(_) | HttpError::UnsendableAuthorization => Self::Unreachable,
            HttpError::Timeout => Self::Timeout,
            HttpError::TooLarge { .. } => Self::TooLarge,
            HttpError::Busy => Self::Busy,
        }
    }
}

#[cfg(test)]
mod tests;
