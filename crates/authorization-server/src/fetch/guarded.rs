//! Fetches from strangers without being led astray.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use tidegate_types::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::address::is_public;
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

/// The fetcher for production. `https` only but for hosts that the operator named; every address that the host's name has
/// must be of the public internet, and the connection goes to an address that was checked, not to the name; no redirects;
/// no proxy but the one that is set; bounded in time, size and number.
///
/// Through a proxy the connection goes where the proxy finds the name. What can be checked here is: the URL, and the
/// addresses of names that this machine knows, those of its own networks among them.
pub struct GuardedFetcher {
    client: reqwest::Client,
    allowed: AllowedHosts,
    has_proxy: bool,
    timeout: Duration,
    slots: Semaphore,
}

impl fmt::Debug for GuardedFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedFetcher").finish_non_exhaustive()
    }
}

/// The HTTP client cannot be built, or the certificates or the proxy's address cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for documents and keys of clients cannot be built")]
pub struct FetcherSetupError(#[from] reqwest::Error);

impl GuardedFetcher {
    /// Builds the client. A crypto provider of rustls must be installed.
    ///
    /// # Errors
    /// The certificates are not PEM, or the proxy is not one.
    pub fn new(settings: FetchSettings) -> Result<Self, FetcherSetupError> {
        let allowed = AllowedHosts(settings.allowed_private_hosts.into());
        let takes_https_only = allowed.0.is_empty();
        let mut resolver = CheckedResolver {
            allowed: allowed.clone(),
            proxy: None,
        };
        let has_proxy = settings.proxy.is_some();
        let proxy = match &settings.proxy {
            None => None,
            Some(proxy) => {
                let url = proxy.expose_secret();
                resolver.proxy = Url::parse(url)
                    .ok()
                    .and_then(|url| url.host_str().map(str::to_owned));
                // Checked once; the closure gives it for each request.
                drop(reqwest::Proxy::all(url)?);
                let (url, direct) = (url.to_owned(), allowed.clone());
                let chosen = move |to: &Url| (!direct.has(to)).then(|| url.clone());
                Some(reqwest::Proxy::custom(chosen))
            }
        };
        let mut builder = reqwest::Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .https_only(takes_https_only)
            .referer(false)
            // A kept connection would outlive the check of its address.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("Tidegate/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(resolver);
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy);
        }
        if !settings.root_certificates.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(&settings.root_certificates)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            client: builder.build()?,
            allowed,
            has_proxy,
            timeout: settings.timeout,
            slots: Semaphore::new(settings.max_concurrent),
        })
    }
}

#[async_trait::async_trait]
impl Fetcher for GuardedFetcher {
    async fn fetch(&self, url: &Url, most_bytes: usize) -> Result<Fetched, FetchError> {
        check_url(url, &self.allowed)?;
        let _slot = self.slots.try_acquire().map_err(|_| FetchError::Busy)?;
        if self.has_proxy && !self.allowed.has(url) {
            self.check_known_addresses(url).await?;
        }
        let request = self
            .client
            .get(url.clone())
            .header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(|err| reason(&err))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        if !is_json(response.headers()) {
            return Err(FetchError::NotJson);
        }
        let fresh_for = fresh_for(response.headers());
        let body = read_body(&mut response, most_bytes).await?;
        Ok(Fetched { body, fresh_for })
    }
}

impl GuardedFetcher {
    /// What this machine knows of the name, before a proxy that may know more is asked. Nothing is fine: behind a proxy
    /// few names can be looked up.
    async fn check_known_addresses(&self, url: &Url) -> Result<(), FetchError> {
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

async fn read_body(
    response: &mut reqwest::Response,
    most_bytes: usize,
) -> Result<Bytes, FetchError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|err| reason(&err))? {
        if body.len() + chunk.len() > most_bytes {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[derive(Clone)]
struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    fn has(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let port = url.port_or_known_default().unwrap_or_default();
        self.0
            .iter()
            .any(|allowed| allowed == host || *allowed == format!("{host}:{port}"))
    }

    /// Whether the name stands there with whatever port: the URL's was checked before.
    fn has_name(&self, name: &str) -> bool {
        self.0.iter().any(|allowed| {
            let rest = allowed.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }
}

/// What the URL itself says. An address in the place of a name never reaches the resolver, so it is checked here.
fn check_url(url: &Url, allowed: &AllowedHosts) -> Result<(), FetchError> {
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || !matches!(url.scheme(), "https" | "http") {
        return Err(FetchError::UrlNotAllowed);
    }
    if allowed.has(url) {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err(FetchError::UrlNotAllowed);
    }
    // Other ports would let strangers scan hosts through us.
    if url.port_or_known_default() != Some(443) {
        return Err(FetchError::UrlNotAllowed);
    }
    match url.host() {
        // Names without a dot, and those that never leave a network (RFC 6761, RFC 6762, RFC 8375).
        Some(Host::Domain(name)) if is_local_name(name) => Err(FetchError::AddressNotAllowed),
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(address)) => check_address(address.into()),
        Some(Host::Ipv6(address)) => check_address(address.into()),
        None => Err(FetchError::UrlNotAllowed),
    }
}

fn check_address(address: IpAddr) -> Result<(), FetchError> {
    if is_public(address) {
        Ok(())
    } else {
        Err(FetchError::AddressNotAllowed)
    }
}

fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.contains('.')
        || matches!(
            last,
            "localhost" | "local" | "internal" | "intranet" | "lan" | "home" | "corp"
        )
        || name.ends_with(".home.arpa")
}

/// A host that resolves to an address it must not have.
#[derive(Debug, thiserror::Error)]
#[error("the host has an address that is not of the public internet")]
struct NotPublic;

struct CheckedResolver {
    allowed: AllowedHosts,
    /// The proxy's host, which the operator chose.
    proxy: Option<String>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_allowed =
            self.allowed.has_name(name.as_str()) || self.proxy.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.take(64).collect();
            // All must be public, not only the one that is tried first: a name with both kinds is an attack.
            if !is_allowed && !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn reason(err: &reqwest::Error) -> FetchError {
    if err.is_timeout() {
        return FetchError::Timeout;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(err);
    while let Some(err) = cause {
        if err.is::<NotPublic>() {
            return FetchError::AddressNotAllowed;
        }
        cause = err.source();
    }
    FetchError::Unreachable
}

/// `application/json`, or a type that says that it is JSON (RFC 6839 §3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// RFC 9111 §4.2.1, without `Expires`: whoever sets a life these days sets `max-age`.
fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    for directive in headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let directive = directive.trim().to_ascii_lowercase();
        if matches!(directive.as_str(), "no-store" | "no-cache") {
            return Some(Duration::ZERO);
        }
        if let Some(secs) = directive.strip_prefix("max-age=") {
            max_age = secs.trim_matches('"').parse::<u64>().ok();
        }
    }
    let age = headers
        .get(AGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse::<u64>().ok())
        .unwrap_or(0);
    max_age.map(|secs| Duration::from_secs(secs.saturating_sub(age)))
}

#[cfg(test)]
mod tests;
