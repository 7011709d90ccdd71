//! Proxies that nobody told us of: everybody behind one is one address to the limits, so that one who guesses passwords locks out
//! all. That is said loudly, and not over and over.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often one is named.
const AGAIN: Duration = Duration::from_hours(1);

/// So many are named in that time: anybody can send the header.
const MOST: usize = 8;

/// Addresses that sent `X-Forwarded-For` and are not trusted, as far as they were named.
#[derive(Debug, Default)]
pub struct UnknownProxies(Mutex<HashMap<IpAddr, Instant>>);

impl UnknownProxies {
    /// Warns of a proxy, unless that was done a while ago.
    pub(crate) fn notice(&self, address: IpAddr) {
        if self.is_to_be_named(address, Instant::now()) {
            tracing::warn!(
                proxy = %address,
                "requests come with X-Forwarded-For from an address that is not in server.trusted_proxies: everybody behind it \
                 counts as one, so that one who guesses passwords locks out all of them; if it is your proxy, add it there"
            );
        }
    }

    fn is_to_be_named(&self, address: IpAddr, now: Instant) -> bool {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        named.retain(|_, at| now.saturating_duration_since(*at) < AGAIN);
        if named.contains_key(&address) || named.len() >= MOST {
            return false;
        }
        named.insert(address, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_once_an_hour_and_a_flood_of_them_is_not() {
        let proxies = UnknownProxies::default();
        let begin = Instant::now();
        let address = |number: u8| IpAddr::from([10, 0, 0, number]);
        assert!(proxies.is_to_be_named(address(1), begin));
        assert!(!proxies.is_to_be_named(address(1), begin + AGAIN / 2));
        assert!(proxies.is_to_be_named(address(1), begin + AGAIN));
        let named =
            (2..200).filter(|number| proxies.is_to_be_named(address(*number), begin + AGAIN));
        assert_eq!(MOST - 1, named.count());
    }
}
