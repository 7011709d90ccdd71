//! How providers are asked: with time-outs and bounds, by TLS, and without following anybody elsewhere.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
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
    #[error("the request failed")]
    Failed(#[source] reqwest::Error),
    #[error("the answer is larger than {MOST_BYTES} bytes")]
    TooLarge,
}

/// What came back. The status is whatever it is.
pub(crate) struct Answer {
    pub(crate) is_success: bool,
    /// Without parameters, in lower case.
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body of a good answer of this type (RFC 6839 §3.1 for the suffix). Who names no type may mean it.
    pub(crate) fn json(&self) -> Option<&[u8]> {
        let is_json = self.content_type.as_deref().is_none_or(|content_type| {
            content_type == "application/json"
                || (content_type.starts_with("application/") && content_type.ends_with("+json"))
        });
        (self.is_success && is_json).then_some(&self.body)
    }
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

    /// Gets a document, with a bearer token where one is needed.
    pub(crate) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Answer, HttpError> {
        let mut request = self.client.get(url.clone());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        self.send(url, request.header(ACCEPT, "application/json"))
            .await
    }

    /// Posts a form, with an `Authorization` header where there is one.
    pub(crate) async fn post(
        &self,
        url: &Url,
        form: String,
        authorization: Option<&str>,
    ) -> Result<Answer, HttpError> {
        let mut request = self
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        self.send(url, request).await
    }

    async fn send(&self, url: &Url, request: reqwest::RequestBuilder) -> Result<Answer, HttpError> {
        if !self.is_allowed(url) {
            return Err(HttpError::NotSecure);
        }
        let mut answer = request.send().await.map_err(failed)?;
        let content_type = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            is_success: answer.status().is_success(),
            content_type,
            body,
        })
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

    #[test]
    fn an_answer_is_json_if_it_is_good_and_says_so() {
        let answer = |is_success, content_type: Option<&str>| Answer {
            is_success,
            content_type: content_type.map(str::to_owned),
            body: b"{}".to_vec(),
        };
        for good in [
            None,
            Some("application/json"),
            Some("application/jwk-set+json"),
        ] {
            assert!(answer(true, good).json().is_some(), "{good:?}");
            assert!(answer(false, good).json().is_none(), "{good:?}");
        }
        for bad in [
            "text/html",
            "text/json",
            "application/jwt",
            "image/svg+json",
            "",
        ] {
            assert!(answer(true, Some(bad)).json().is_none(), "{bad}");
        }
    }
}
