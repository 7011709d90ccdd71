//! Names and addresses: what to listen on, and whom to believe.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// An IP address or a host name.
    pub host: String,
    /// 0 takes a free port.
    pub port: u16,
}

impl ListenAddress {
    /// Whether only this machine can reach the address. A name other than `localhost` counts as
    /// public, since what it resolves to can change.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(&self.host)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') && !self.host.starts_with('[') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

pub(crate) fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Which `Host` headers are served. Guards against DNS rebinding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHosts {
    /// All of them; only together with authentication.
    Any,
    /// `name` (of any port) or `name:port`, in lower case.
    Only(BTreeSet<String>),
}

impl AllowedHosts {
    /// Whether a request with this `Host` (`name` or `name:port`, brackets around IPv6) is served.
    pub fn permits(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => {
                // Host headers are short and nearly always in lower case: no allocation then.
                let lower;
                let host = if host.bytes().any(|b| b.is_ascii_uppercase()) {
                    lower = host.to_ascii_lowercase();
                    lower.as_str()
                } else {
                    host
                };
                names.contains(host) || names.contains(split_port(host).0)
            }
        }
    }
}

/// Which `Origin` headers are served. A request without one is not from a browser and is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// All of them; only together with authentication.
    Any,
    /// Those listed, and loopback pages of any port when `loopback` is set.
    Only {
        /// Serialized origins in lower case: `https://app.example.com:8443`.
        origins: BTreeSet<String>,
        /// `http` and `https` pages of `localhost`, `127.0.0.1` and `[::1]`.
        loopback: bool,
    },
}

impl AllowedOrigins {
    /// Whether a request with this `Origin` is served.
    pub fn permits(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only { origins, loopback } => {
                let origin = origin.to_ascii_lowercase();
                origins.contains(&origin)
                    || (*loopback
                        && origin
                            .strip_prefix("http://")
                            .or_else(|| origin.strip_prefix("https://"))
                            .is_some_and(|host| is_loopback_host(split_port(host).0)))
            }
        }
    }
}

/// `name:port` in its parts; the port is `None` when there is none or it is no number.
pub(crate) fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

/// The origin of a URL as browsers write it; `None` for a scheme that has none.
pub(crate) fn origin_of(url: &Url) -> Option<String> {
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// Peers whose forwarding headers are believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies(pub Vec<AddressRange>);

impl TrustedProxies {
    /// Whether the peer is one of them.
    pub fn contains(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(peer))
    }
}

/// An address, or a network in CIDR form (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    prefix_bits: u8,
}

impl AddressRange {
    /// Whether the address lies in the range. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                let shift = 32 - u32::from(self.prefix_bits);
                u32::from(own).checked_shr(shift) == u32::from(peer).checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                let shift = 128 - u32::from(self.prefix_bits);
                u128::from(own).checked_shr(shift) == u128::from(peer).checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(drop)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().map_err(drop)?,
            None => most,
        };
        if prefix_bits > most {
            return Err(());
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}
