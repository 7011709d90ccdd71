//! How providers are asked: with time-outs and bounds, by TLS, and without following anybody elsewhere.

use std::time::Duration;

use bytes::Bytes;
use tidegate_http_client::{
    ClientRules, ClientSetupError, Destinations, GuardedClient, HttpError, Method, PlainHttp,
    Proxy, Request, is_json, is_loopback,
};
use url::Url;

/// Discovery documents, key sets, tokens and `userinfo` are a few kilobytes.
const MOST_BYTES: usize = 512 * 1024;
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// Requests to one provider at once; more would wait for a provider that hangs.
const MOST_AT_ONCE: usize = 256;

/// Asks one provider.
pub(crate) struct ProviderClient(GuardedClient);

/// What came back. The status is whatever it is.
pub(crate) struct ProviderAnswer {
    pub(crate) is_success: bool,
    /// Without parameters, in lower case.
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl ProviderAnswer {
    /// The body of a good answer of JSON. Who names no type may mean it.
    pub(crate) fn json(&self) -> Option<&[u8]> {
        let is_json = self.content_type.as_deref().is_none_or(is_json);
        (self.is_success && is_json).then_some(&self.body)
    }
}

impl ProviderClient {
    pub(crate) fn new(issuer: &str, timeout: Duration) -> Result<Self, ClientSetupError> {
        let is_local = Url::parse(issuer)
            .is_ok_and(|issuer| issuer.scheme() == "http" && is_loopback(&issuer));
        let client = GuardedClient::new(ClientRules {
            timeout,
            connect_timeout: timeout.min(LONGEST_CONNECT),
            destinations: Destinations::Trusted {
                plain_http: if is_local {
                    PlainHttp::Loopback
                } else {
                    PlainHttp::Refused
                },
                max_idle_connections: 2,
            },
            proxy: Proxy::Environment,
            root_certificates: Vec::new(),
            max_concurrent: MOST_AT_ONCE,
        })?;
        Ok(Self(client))
    }

    /// Whether secrets may be sent there.
    pub(crate) fn is_allowed(&self, url: &Url) -> bool {
        self.0.check_url(url).is_ok()
    }

    /// Gets a document, with a bearer token where one is needed.
    pub(crate) async fn get(
        &self,
        url: &Url,
        bearer: Option<&str>,
    ) -> Result<ProviderAnswer, HttpError> {
        let authorization = bearer.map(|bearer| format!("Bearer {bearer}"));
        self.send(Method::Get, url, authorization.as_deref()).await
    }

    /// Posts a form, with an `Authorization` header where there is one.
    pub(crate) async fn post(
        &self,
        url: &Url,
        form: String,
        authorization: Option<&str>,
    ) -> Result<ProviderAnswer, HttpError> {
        self.send(Method::PostForm(form), url, authorization).await
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        authorization: Option<&str>,
    ) -> Result<ProviderAnswer, HttpError> {
        let request = Request {
            method,
            url,
            accept: "application/json",
            authorization,
            most_bytes: MOST_BYTES,
        };
        let answer = self.0.send(request).await?;
        Ok(ProviderAnswer {
            is_success: answer.is_success(),
            content_type: answer.content_type(),
            body: answer.read().await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        let client = |issuer| ProviderClient::new(issuer, Duration::from_secs(1)).unwrap();
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
        let answer = |is_success, content_type: Option<&str>| ProviderAnswer {
            is_success,
            content_type: content_type.map(str::to_owned),
            body: Bytes::from_static(b"{}"),
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
