//! Which URLs are asked, and at which addresses.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::address::{NotPublic, check_address, is_public};
use crate::{Destinations, HttpError, PlainHttp};

/// The private hosts that an operator excepts.
#[derive(Debug, Clone)]
pub(crate) struct PrivateHosts(Arc<[String]>);

impl PrivateHosts {
    pub(crate) fn of(destinations: &Destinations) -> Self {
        Self(match destinations {
            Destinations::Trusted { .. } => Arc::default(),
            Destinations::Public { private_hosts } => private_hosts.as_slice().into(),
        })
    }

    pub(crate) fn has(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let port = url.port_or_known_default().unwrap_or_default();
        self.0
            .iter()
            .any(|excepted| excepted == host || *excepted == format!("{host}:{port}"))
    }

    /// Whether the name stands there with whatever port: the URL's was checked before.
    fn has_name(&self, name: &str) -> bool {
        self.0.iter().any(|excepted| {
            let rest = excepted.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }
}

/// What the URL itself says.
pub(crate) fn check_url(
    url: &Url,
    destinations: &Destinations,
    private_hosts: &PrivateHosts,
) -> Result<(), HttpError> {
    match destinations {
        Destinations::Trusted { plain_http, .. } => check_trusted(url, *plain_http),
        Destinations::Public { .. } => check_public(url, private_hosts),
    }
}

fn check_trusted(url: &Url, plain_http: PlainHttp) -> Result<(), HttpError> {
    let is_allowed = match (url.scheme(), plain_http) {
        ("https", _) | ("http", PlainHttp::Allowed) => true,
        ("http", PlainHttp::Loopback) => is_loopback(url),
        _ => false,
    };
    if is_allowed {
        Ok(())
    } else {
        Err(HttpError::UrlNotAllowed)
    }
}

/// Whether a URL is of this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An address in the place of a name never reaches the resolver, so it is checked here.
fn check_public(url: &Url, private_hosts: &PrivateHosts) -> Result<(), HttpError> {
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || !matches!(url.scheme(), "https" | "http") {
        return Err(HttpError::UrlNotAllowed);
    }
    if private_hosts.has(url) {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err(HttpError::UrlNotAllowed);
    }
    // Other ports would let strangers scan hosts through us.
    if url.port_or_known_default() != Some(443) {
        return Err(HttpError::UrlNotAllowed);
    }
    match url.host() {
        // Names without a dot, and those that never leave a network (RFC 6761, RFC 6762, RFC 8375).
        Some(Host::Domain(name)) if is_local_name(name) => Err(HttpError::AddressNotAllowed),
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(address)) => check_address(address.into()),
        Some(Host::Ipv6(address)) => check_address(address.into()),
        None => Err(HttpError::UrlNotAllowed),
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

/// Looks names up, and gives addresses of the public internet alone.
pub(crate) struct CheckedResolver {
    pub(crate) private_hosts: PrivateHosts,
    /// The proxy's host, which the operator chose.
    pub(crate) proxy: Option<String>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_excepted = self.private_hosts.has_name(name.as_str())
            || self.proxy.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.take(64).collect();
            // All must be public, not only the one that is tried first: a name with both kinds is an attack.
            if !is_excepted && !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_url_is_of_https_or_of_the_plain_http_that_is_allowed() {
        let is_allowed = |plain_http, url: &str| {
            let destinations = Destinations::Trusted {
                plain_http,
                max_idle_connections: 0,
            };
            let private_hosts = PrivateHosts::of(&destinations);
            check_url(&Url::parse(url).unwrap(), &destinations, &private_hosts).is_ok()
        };
        for plain_http in [PlainHttp::Refused, PlainHttp::Loopback, PlainHttp::Allowed] {
            assert!(is_allowed(plain_http, "https://id.test/token"));
            assert!(is_allowed(plain_http, "https://10.0.0.1:8443/token"));
            assert!(!is_allowed(plain_http, "ftp://127.0.0.1/token"));
            assert!(!is_allowed(plain_http, "file:///etc/passwd"));
        }
        for (url, of_this_machine) in [
            ("http://[::1]:4000/token", true),
            ("http://localhost:4000/token", true),
            ("http://127.0.0.1:4000/token", true),
            ("http://id.test/token", false),
            ("http://127.0.0.1.id.test/token", false),
        ] {
            assert!(!is_allowed(PlainHttp::Refused, url), "{url}");
            assert_eq!(
                of_this_machine,
                is_allowed(PlainHttp::Loopback, url),
                "{url}"
            );
            assert!(is_allowed(PlainHttp::Allowed, url), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_has_no_address() {
        let resolve = |private_hosts: &[&str]| {
            let private_hosts = private_hosts
                .iter()
                .map(|host| (*host).to_owned())
                .collect();
            let resolver = CheckedResolver {
                private_hosts: PrivateHosts(private_hosts),
                proxy: None,
            };
            resolver.resolve("localhost".parse().unwrap())
        };
        // As a stranger's host name that resolves to 127.0.0.1 would: past the check of the URL, up to the resolver.
        let refused = resolve(&[]).await;
        assert!(refused.is_err_and(|err| err.is::<NotPublic>()));
        assert!(resolve(&["localhost"]).await.is_ok());
        assert!(resolve(&["localhost:4000"]).await.is_ok());
        let refused = resolve(&["localhos"]).await;
        assert!(refused.is_err_and(|err| err.is::<NotPublic>()));
    }
}
