//! Where load may be sent: this machine.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::{Host, Url};

/// The base URL of a server on a loopback address, without a path. Nothing else can be a target, so that a
/// mistyped host is never flooded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoopbackUrl {
    host: IpAddr,
    port: u16,
}

/// A URL that is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoTarget {
    /// Not `http://host:port`.
    #[error("{0:?} is not of the form http://127.0.0.1:PORT")]
    Form(String),
    /// Another machine.
    #[error("{0} is not a loopback address; the load test drives servers on this machine alone")]
    Elsewhere(String),
}

impl LoopbackUrl {
    /// `http://127.0.0.1:<port>`.
    pub(crate) const fn of_port(port: u16) -> Self {
        Self {
            host: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            port,
        }
    }

    /// For a TCP connection.
    pub(crate) const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Of `Host`.
    pub(crate) fn authority(&self) -> String {
        self.socket().to_string()
    }

    /// With a path that begins with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl fmt::Display for LoopbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.socket())
    }
}

impl FromStr for LoopbackUrl {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let form = || NoTarget::Form(text.to_owned());
        let url = Url::parse(text).map_err(|_| form())?;
        let is_bare =
            matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
        if url.scheme() != "http" || !is_bare {
            return Err(form());
        }
        let host = match url.host() {
            Some(Host::Ipv4(host)) => IpAddr::V4(host),
            Some(Host::Ipv6(host)) => IpAddr::V6(host),
            // Not looked up: what a name means may change between the look-up and the connection.
            Some(Host::Domain("localhost")) => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            Some(Host::Domain(name)) => return Err(NoTarget::Elsewhere(name.to_owned())),
            None => return Err(form()),
        };
        if !host.is_loopback() {
            return Err(NoTarget::Elsewhere(host.to_string()));
        }
        Ok(Self {
            host,
            port: url.port_or_known_default().ok_or_else(form)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_targets() {
        for (text, canonical) in [
            ("http://127.0.0.1:5008", "http://127.0.0.1:5008"),
            ("http://localhost:5008/", "http://127.0.0.1:5008"),
            ("http://127.8.9.1:80", "http://127.8.9.1:80"),
            ("http://[::1]:5008", "http://[::1]:5008"),
        ] {
            assert_eq!(canonical, text.parse::<LoopbackUrl>().unwrap().to_string());
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "http://192.168.0.7:5008",
            "http://example.com",
            "http://localhost.example.com:5008",
            "http://0.0.0.0:5008",
            "http://[::ffff:10.0.0.1]:5008",
            "https://127.0.0.1:5008",
            "http://admin@127.0.0.1:5008",
            "http://127.0.0.1:5008/mcp",
            "127.0.0.1:5008",
        ] {
            assert!(text.parse::<LoopbackUrl>().is_err(), "{text}");
        }
    }
}
