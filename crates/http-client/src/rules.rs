use std::time::Duration;

use tidegate_types::SecretString;

/// What a client may do. There are no defaults: whoever makes one names every rule. That redirects are not followed is
/// none of them, since nobody may.
#[derive(Debug, Clone)]
pub struct ClientRules {
    /// How long a request may take, from the name's look-up to the last byte.
    pub timeout: Duration,
    /// How long connecting may take of it.
    pub connect_timeout: Duration,
    /// Where requests may go.
    pub destinations: Destinations,
    /// The proxy that they go through.
    pub proxy: Proxy,
    /// Certificates (PEM) to trust besides the operating system's, for intranets.
    pub root_certificates: Vec<u8>,
    /// Requests at once, until their answers are read; more are refused.
    pub max_concurrent: usize,
}

/// Where requests may go.
#[derive(Debug, Clone)]
pub enum Destinations {
    /// Wherever an operator or a provider of theirs sends them.
    Trusted {
        /// Whether they may go there without TLS.
        plain_http: PlainHttp,
        /// Connections to a host that are kept for the next request.
        max_idle_connections: usize,
    },
    /// Where a stranger sends them. `https` on port 443, without user information; every address that the host has must be
    /// of the public internet, and the connection goes to an address that was checked. None is kept, since it would
    /// outlive the check.
    Public {
        /// Hosts that an operator excepts, for intranets and tests: `name` or `name:port`, in lower case. They may have
        /// private addresses, any port, or the one named, and plain HTTP is taken from them as well.
        private_hosts: Vec<String>,
    },
}

/// Whether `http` URLs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainHttp {
    /// None.
    Refused,
    /// Those of this machine, where there is nobody to listen in.
    Loopback,
    /// Any.
    Allowed,
}

/// The forward proxy of a client.
#[derive(Debug, Clone)]
pub enum Proxy {
    /// None, whatever the environment says.
    None,
    /// What `HTTPS_PROXY` and its like say.
    Environment,
    /// This one: `http://host:3128`, with `user:password@` where it asks for them. Excepted private hosts are asked without
    /// it. It must itself keep out of private networks: names that cannot be looked up here are looked up by it.
    Server(SecretString),
}
