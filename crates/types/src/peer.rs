//! Who is at the other end of a connection.

use std::net::IpAddr;

/// A client of the HTTP edge, as far as it can be known: the address as trusted proxies tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Its `User-Agent`, at most 200 printable characters; for display and audit only.
    pub user_agent: Option<String>,
}

impl Peer {
    /// What limits count by: the address, or the /64 network of an IPv6 one, which is what one customer has.
    pub fn network(&self) -> String {
        match self.address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_network() {
        let network = |address: &str| {
            Peer {
                address: address.parse().unwrap(),
                user_agent: None,
            }
            .network()
        };
        assert_eq!("192.0.2.7", network("192.0.2.7"));
        assert_eq!("192.0.2.7", network("::ffff:192.0.2.7"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
    }
}
