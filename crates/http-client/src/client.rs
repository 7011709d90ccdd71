use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tidegate_types::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::address::check_address;
use crate::destinations::{CheckedResolver, PrivateHosts, check_url};
use crate::{Answer, ClientRules, ClientSetupError, Destinations, HttpError, PlainHttp, Proxy};

/// Asks others over HTTP by [`ClientRules`], without following redirects.
///
/// Through a proxy the connection goes where the proxy finds the name. What can be checked here is: the URL, and the
/// addresses of names that this machine knows, those of its own networks among them.
#[derive(Debug)]
pub struct GuardedClient {
    client: reqwest::Client,
    destinations: Destinations,
    private_hosts: PrivateHosts,
    /// Whether it has the proxy of its rules, and only public destinations.
    checks_before_proxy: bool,
    timeout: Duration,
    slots: Semaphore,
}

/// What is asked. Every part is named.
#[derive(Debug)]
pub struct Request<'a> {
    /// GET, or a form that is posted.
    pub method: Method,
    /// An absolute URL that the rules of the client allow.
    pub url: &'a Url,
    /// The media types that the caller understands.
    pub accept: &'static str,
    /// The whole `Authorization` header, where one is sent.
    pub authorization: Option<&'a str>,
    /// The largest body of an answer.
    pub most_bytes: usize,
}

/// How a URL is asked.
#[derive(Debug)]
pub enum Method {
    /// GET.
    Get,
    /// POST of a form (`application/x-www-form-urlencoded`).
    PostForm(String),
}

impl GuardedClient {
    /// Builds the client. A crypto provider of rustls must be installed.
    ///
    /// # Errors
    /// The certificates are not PEM, or the proxy is not one.
    pub fn new(rules: ClientRules) -> Result<Self, ClientSetupError> {
        let private_hosts = PrivateHosts::of(&rules.destinations);
        let (max_idle_connections, is_https_only, is_public) = match &rules.destinations {
            Destinations::Trusted {
                plain_http,
                max_idle_connections,
            } => (
                *max_idle_connections,
                *plain_http == PlainHttp::Refused,
                false,
            ),
            Destinations::Public { private_hosts } => (0, private_hosts.is_empty(), true),
        };
        let mut builder = reqwest::Client::builder()
            .timeout(rules.timeout)
            .connect_timeout(rules.connect_timeout)
            // A redirect could lead to a host that nobody named.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(is_https_only)
            .referer(false)
            // What a body unpacks to is not what was bounded; and features of other crates would turn it on.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .pool_max_idle_per_host(max_idle_connections)
            .user_agent(concat!("Tidegate/", env!("CARGO_PKG_VERSION")));
        builder = match &rules.proxy {
            Proxy::None => builder.no_proxy(),
            Proxy::Environment => builder,
            Proxy::Server(url) => builder.no_proxy().proxy(proxy(url, &private_hosts)?),
        };
        if is_public {
            builder = builder.dns_resolver(CheckedResolver {
                private_hosts: private_hosts.clone(),
                proxy: host_of(&rules.proxy),
            });
        }
        if !rules.root_certificates.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(&rules.root_certificates)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            client: builder.build()?,
            private_hosts,
            checks_before_proxy: is_public && matches!(rules.proxy, Proxy::Server(_)),
            destinations: rules.destinations,
            timeout: rules.timeout,
            slots: Semaphore::new(rules.max_concurrent),
        })
    }

    /// Whether the rules let requests go to this URL, as far as the URL itself says.
    ///
    /// # Errors
    /// `UrlNotAllowed`, `AddressNotAllowed`.
    pub fn check_url(&self, url: &Url) -> Result<(), HttpError> {
        check_url(url, &self.destinations, &self.private_hosts)
    }

    /// Sends a request, and waits for the head of its answer.
    ///
    /// # Errors
    /// See [`HttpError`]. No status is an error.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer<'_>, HttpError> {
        self.check_url(request.url)?;
        let slot = self.slots.try_acquire().map_err(|_| HttpError::Busy)?;
        if self.checks_before_proxy && !self.private_hosts.has(request.url) {
            self.check_known_addresses(request.url).await?;
        }
        let url = request.url.clone();
        let mut sent = match request.method {
            Method::Get => self.client.get(url),
            Method::PostForm(form) => self
                .client
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form),
        };
        sent = sent.header(ACCEPT, request.accept);
        if let Some(authorization) = request.authorization {
            let mut value = HeaderValue::from_str(authorization)
                .map_err(|_| HttpError::UnsendableAuthorization)?;
            value.set_sensitive(true);
            sent = sent.header(AUTHORIZATION, value);
        }
        Ok(Answer {
            response: sent.send().await.map_err(HttpError::from_reqwest)?,
            most_bytes: request.most_bytes,
            _slot: slot,
        })
    }

    /// What this machine knows of the name, before a proxy that may know more is asked. Nothing is fine: behind a proxy
    /// few names can be looked up.
    async fn check_known_addresses(&self, url: &Url) -> Result<(), HttpError> {
        let Some(Host::Domain(name)) = url.host() else {
            return Ok(());
        };
        let looked_up = tokio::time::timeout(self.timeout, tokio::net::lookup_host((name, 0)));
        match looked_up.await {
            Ok(Ok(mut addresses)) => addresses.try_for_each(|address| check_address(address.ip())),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }
}

fn proxy(
    url: &SecretString,
    private_hosts: &PrivateHosts,
) -> Result<reqwest::Proxy, ClientSetupError> {
    let url = url.expose_secret().to_owned();
    // Checked once; the closure gives it for each request.
    drop(reqwest::Proxy::all(&url)?);
    let direct = private_hosts.clone();
    let chosen = move |to: &Url| (!direct.has(to)).then(|| url.clone());
    Ok(reqwest::Proxy::custom(chosen))
}

fn host_of(proxy: &Proxy) -> Option<String> {
    let Proxy::Server(url) = proxy else {
        return None;
    };
    let url = Url::parse(url.expose_secret()).ok()?;
    url.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
