//! The variables that Kubernetes puts into each container for each Service of its namespace (`enableServiceLinks`).
//!
//! A Service `redis-master` gives `REDIS_MASTER_SERVICE_HOST`, `REDIS_MASTER_SERVICE_PORT` and one more for each named
//! port, `REDIS_MASTER_PORT=tcp://10.0.0.11:6379`, and `REDIS_MASTER_PORT_6379_TCP` with `_PROTO`, `_PORT` and `_ADDR`
//! (kubernetes.io, "Accessing the Service"). A Service's name may so make names that look like settings.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::load::Environment;

/// What to do about it, for whoever reads a problem that a Service's name may have caused.
pub(crate) const ADVICE: &str = "if a Kubernetes Service's name made this variable, set enableServiceLinks: false in the pod's spec";

/// The Services that can be told from the environment.
#[derive(Debug, Default)]
pub(crate) struct ServiceLinks {
    /// By what their variables begin with: the address, and the first port.
    services: BTreeMap<String, Service>,
}

#[derive(Debug)]
struct Service {
    address: IpAddr,
    first_port: Option<u16>,
}

/// Whose a variable is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Owner<'a> {
    /// A Service's, by what its variables begin with.
    Service(&'a str),
    /// It has a Service's name and another value than the Service has: somebody set it.
    Operator,
    /// Nothing says that it is a Service's.
    Unknown,
}

impl ServiceLinks {
    /// Finds the Services whose address is told twice: by `…_SERVICE_HOST`, or the address of a port, and by a URL.
    pub(crate) fn of(env: &Environment) -> Self {
        let mut services = BTreeMap::new();
        for (name, value) in env {
            let Some(stem) = stem_of_url(name) else {
                continue;
            };
            let Some((address, port)) = parse_url(value) else {
                continue;
            };
            let says = |name: String| {
                env.get(&name)
                    .is_some_and(|text| parse_address(text) == Some(address))
            };
            let is_told = says(format!("{stem}_SERVICE_HOST")) || says(format!("{name}_ADDR"));
            if !is_told && !has_port_address(env, stem, address) {
                continue;
            }
            let is_first = name.len() == stem.len() + "_PORT".len();
            let service = services.entry(stem.to_owned()).or_insert(Service {
                address,
                first_port: None,
            });
            if is_first {
                service.first_port = Some(port);
            }
        }
        Self { services }
    }

    /// Whose the variable is.
    pub(crate) fn owner(&self, name: &str, value: &str) -> Owner<'_> {
        let mut owner = Owner::Unknown;
        for (stem, service) in &self.services {
            let Some(rest) = name.strip_prefix(stem.as_str()) else {
                continue;
            };
            match service.made(rest, value) {
                Some(true) => return Owner::Service(stem),
                Some(false) => owner = Owner::Operator,
                None => {}
            }
        }
        owner
    }
}

impl Service {
    /// Whether the variable of this ending has the value that Kubernetes gives it. `None`: it gives no such one.
    fn made(&self, rest: &str, value: &str) -> Option<bool> {
        let is_ours =
            |url: &str| parse_url(url).is_some_and(|(address, _)| address == self.address);
        match rest {
            "_SERVICE_HOST" => return Some(parse_address(value) == Some(self.address)),
            "_SERVICE_PORT" => {
                let port = value.trim().parse::<u16>().ok();
                return Some(
                    port.is_some() && (self.first_port.is_none() || port == self.first_port),
                );
            }
            "_PORT" => return Some(is_ours(value)),
            _ => {}
        }
        if rest.strip_prefix("_SERVICE_PORT_").is_some() {
            return Some(value.trim().parse::<u16>().is_ok());
        }
        let (port, rest) = rest.strip_prefix("_PORT_")?.split_once('_')?;
        port.parse::<u16>().ok()?;
        let protocol = ["TCP", "UDP", "SCTP"]
            .into_iter()
            .find(|protocol| rest.starts_with(protocol))?;
        match &rest[protocol.len()..] {
            "" => Some(is_ours(value)),
            "_PROTO" => Some(value.eq_ignore_ascii_case(protocol)),
            "_PORT" => Some(value == port),
            "_ADDR" => Some(parse_address(value) == Some(self.address)),
            _ => None,
        }
    }
}

/// What stands before `_PORT` or `_PORT_<number>_<protocol>`.
fn stem_of_url(name: &str) -> Option<&str> {
    if let Some(stem) = name.strip_suffix("_PORT") {
        return Some(stem).filter(|stem| !stem.is_empty());
    }
    let (before, protocol) = name.rsplit_once('_')?;
    let (before, port) = before.rsplit_once('_')?;
    let is_port = matches!(protocol, "TCP" | "UDP" | "SCTP") && port.parse::<u16>().is_ok();
    before
        .strip_suffix("_PORT")
        .filter(|stem| is_port && !stem.is_empty())
}

/// Whether some port of the Service says the same address, where its `…_SERVICE_HOST` was given another value.
fn has_port_address(env: &Environment, stem: &str, address: IpAddr) -> bool {
    let prefix = format!("{stem}_PORT_");
    env.iter().any(|(name, value)| {
        name.starts_with(&prefix)
            && name.ends_with("_ADDR")
            && parse_address(value) == Some(address)
    })
}

/// `tcp://10.0.0.11:6379`, or with brackets around an address of IPv6.
fn parse_url(text: &str) -> Option<(IpAddr, u16)> {
    let rest = ["tcp://", "udp://", "sctp://"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme))?;
    let (address, port) = rest.rsplit_once(':')?;
    Some((parse_address(address)?, port.parse().ok()?))
}

fn parse_address(text: &str) -> Option<IpAddr> {
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}
