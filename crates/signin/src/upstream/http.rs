//! How providers are asked: with time-outs and bounds, by TLS, and without following anybody elsewhere.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use url::{Host, Url};

/// Discovery documents, key sets, tokens and `userinfo` are a few kilobytes.
const MOST_BYTES: usize = 512 * 1024;
const LONGEST_CONNECT: Duration = Duration::from_secs(5);

/// Asks one provider.
pub(crate) struct HttpClient {
    client: reqwest::Client,
    /// Whether the provider is on this machine, where there is nobody to listen in.
    allows_loopback: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the address is not of https")]
    NotSecure,
    #[error("the request is not one")]
    NotARequest(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the request failed")]
    Failed(#[source] reqwest::Error),
    #[error("the answer is larger than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("the answer is not one")]
    NotAnAnswer(#[source] http::Error),
}

impl HttpClient {
    pub(crate) fn new(issuer: &str, timeout: Duration) -> Result<Self, HttpError> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(LONGEST_CONNECT))
            // A redirect could lead to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(2)
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(HttpError::Failed)?;
        let allows_loopback = Url::parse(issuer)
            .is_ok_and(|issuer| issuer.scheme() == "http" && is_loopback(&issuer));
        Ok(Self {
            client,
            allows_loopback,
        })
    }

    /// Whether secrets may be sent there.
    pub(crate) fn is_allowed(&self, url: &Url) -> bool {
        url.scheme() == "https"
            || (url.scheme() == "http" && self.allows_loopback && is_loopback(url))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string())
            .map_err(|err| HttpError::NotARequest(Box::new(err)))?;
        if !self.is_allowed(&url) {
            return Err(HttpError::NotSecure);
        }
        let mut answer = self
            .client
            .request(head.method, url)
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers().clone();
        }
        response.body(body).map_err(HttpError::NotAnAnswer)
    }
}

/// The address may carry what nobody should read in a log.
fn failed(err: reqwest::Error) -> HttpError {
    HttpError::Failed(err.without_url())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        let client = |issuer| HttpClient::new(issuer, Duration::from_secs(1)).unwrap();
        let allowed = |issuer, url: &str| client(issuer).is_allowed(&Url::parse(url).unwrap());
        for issuer in ["https://id.test", "http://127.0.0.1:4000", "http://id.test"] {
            assert!(allowed(issuer, "https://id.test/token"));
            assert!(!allowed(issuer, "http://id.test/token"));
            assert!(!allowed(issuer, "ftp://127.0.0.1/token"));
            assert!(!allowed(issuer, "http://127.0.0.1.id.test/token"));
        }
        assert!(allowed("http://localhost:4000", "http://[::1]:4000/token"));
        assert!(!allowed("https://id.test", "http://127.0.0.1:4000/token"));
    }
}
