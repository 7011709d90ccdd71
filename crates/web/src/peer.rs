//! Who is at the other end, as far as proxies can be believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, USER_AGENT};
use tidegate_config::TrustedProxies;
use tidegate_types::Peer;

use crate::edge::Edge;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses in `X-Forwarded-For` that are looked at, from the right. More proxies are not trusted in a row.
const MOST_HOPS: usize = 16;

/// Characters of a `User-Agent` that are kept.
const MOST_AGENT: usize = 200;

/// Whoever sent a request: the connection's other end, or whom a trusted proxy says that it speaks for.
pub(crate) fn of(edge: &Edge, request: &HttpRequest) -> Peer {
    let socket = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let trusted = &edge.settings.trusted_proxies;
    if request.headers().contains_key(FORWARDED_FOR) && !trusted.contains(socket) {
        edge.unknown_proxies.notice(socket.to_canonical());
    }
    Peer {
        address: address(trusted, socket, request.headers()),
        user_agent: user_agent(request.headers()),
    }
}

/// The rightmost address that is no trusted proxy: each proxy appends whom it got the request from, so that what is left
/// of an untrusted one is that one's invention.
fn address(trusted: &TrustedProxies, socket: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut known = socket.to_canonical();
    if !trusted.contains(known) {
        return known;
    }
    // Several headers are one list (RFC 9110 §5.3).
    let listed: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in listed.into_iter().rev().take(MOST_HOPS) {
        let Some(address) = parse(hop) else {
            return known;
        };
        known = address;
        if !trusted.contains(known) {
            break;
        }
    }
    known
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop
        .parse::<IpAddr>()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text: String = headers
        .get(USER_AGENT)?
        .to_str()
        .ok()?
        .chars()
        .filter(|char| !char.is_control())
        .take(MOST_AGENT)
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn seen(socket: &str, headers: &[&str]) -> String {
        let trusted = TrustedProxies(vec![
            "10.0.0.0/8".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ]);
        let mut map = HeaderMap::new();
        for value in headers {
            let name = HeaderName::from_static(FORWARDED_FOR);
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        address(&trusted, socket.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn a_stranger_s_word_about_itself_is_not_taken() {
        assert_eq!("203.0.113.9", seen("203.0.113.9", &["192.0.2.1"]));
        assert_eq!("203.0.113.9", seen("::ffff:203.0.113.9", &["192.0.2.1"]));
    }

    #[test]
    fn a_trusted_proxy_s_word_is() {
        assert_eq!("192.0.2.1", seen("10.0.0.1", &["192.0.2.1"]));
        assert_eq!("10.0.0.1", seen("10.0.0.1", &[]));
        assert_eq!("2001:db8::1", seen("fd00::1", &["[2001:db8::1]:443"]));
        assert_eq!("192.0.2.1", seen("10.0.0.1", &["192.0.2.1:4711"]));
    }

    #[test]
    fn what_stands_left_of_a_stranger_is_its_own_invention() {
        assert_eq!("192.0.2.1", seen("10.0.0.1", &["1.2.3.4, 192.0.2.1"]));
        assert_eq!(
            "192.0.2.1",
            seen("10.0.0.1", &["1.2.3.4", "192.0.2.1, 10.0.0.7"])
        );
        assert_eq!(
            "192.0.2.1",
            seen("10.0.0.1", &["1.2.3.4, 10.0.0.8, 192.0.2.1"])
        );
    }

    #[test]
    fn what_is_no_address_ends_the_search_at_what_is_known() {
        assert_eq!("10.0.0.1", seen("10.0.0.1", &["unknown"]));
        assert_eq!(
            "10.0.0.7",
            seen("10.0.0.1", &["1.2.3.4, _hidden, 10.0.0.7"])
        );
        let long = vec!["10.0.0.2"; 100].join(",");
        assert_eq!("10.0.0.2", seen("10.0.0.1", &[&format!("1.2.3.4,{long}")]));
    }
}
