use std::num::NonZeroUsize;
use std::time::Duration;

use tidegate_types::NodeId;
use url::Url;

use crate::auth::AuthMethod;
use crate::network::{
    AllowedHosts, AllowedOrigins, ListenAddress, TrustedProxies, origin_of, split_port,
};
use crate::reader::Reader;
use crate::workspace::WorkspaceSettings;

/// `[server]`: the HTTP edge.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen.
    pub listen: ListenAddress,
    /// HTTP threads; `None` is one per core.
    pub workers: Option<NonZeroUsize>,
    /// This node's name.
    pub node_id: NodeId,
    /// Base of links, without `/mcp` and without a slash at its end. `None` where the port is not yet
    /// known: build it from the bound address.
    pub public_url: Option<Url>,
    /// `Host` headers that are served, those of the workspaces included.
    pub allowed_hosts: AllowedHosts,
    /// `Origin` headers that are served.
    pub allowed_origins: AllowedOrigins,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// Largest request body.
    pub body_limit_bytes: usize,
    /// Deepest nesting of a JSON body.
    pub json_depth: usize,
    /// Connections open at once on the node.
    pub max_connections: usize,
    /// Longest wait for the headers of a request.
    pub header_timeout: Duration,
    /// Change streams that one user of a workspace may have open on this node.
    pub streams_per_user: usize,
    /// Longest wait for the body of a request.
    pub read_timeout: Duration,
    /// Life of an idle HTTP connection.
    pub keep_alive: Duration,
    /// Time between comments on an idle SSE stream.
    pub keep_alive_comment: Duration,
    /// A call that takes longer becomes an SSE stream.
    pub sse_after: Duration,
    /// `retry` of SSE streams.
    pub sse_retry: Duration,
    /// How long a shutdown waits for running calls.
    pub shutdown_grace: Duration,
}

impl ServerSettings {
    pub(crate) fn read(
        reader: &mut Reader,
        auth: &AuthMethod,
        workspaces: &[WorkspaceSettings],
    ) -> Self {
        let host = reader.text("server.host");
        if host.is_empty() || host.contains(['/', ' ', '@']) {
            reader.refuse(
                "server.host",
                "an IP address or a host name, without scheme and port",
            );
        }
        let listen = ListenAddress {
            host,
            port: reader.number("server.port", 0, 65_535),
        };
        let public_url = reader.http_url("server.public_url");
        let is_anonymous = matches!(auth, AuthMethod::Development(_));
        let allowed_hosts = allowed_hosts(
            reader,
            &listen,
            public_url.as_ref(),
            workspaces,
            is_anonymous,
        );
        let allowed_origins = allowed_origins(reader, &listen, public_url.as_ref(), is_anonymous);
        Self {
            workers: NonZeroUsize::new(reader.number("server.workers", 0, 1024)),
            node_id: node_id(reader),
            public_url,
            allowed_hosts,
            allowed_origins,
            trusted_proxies: trusted_proxies(reader),
            body_limit_bytes: reader.number("server.body_limit_bytes", 1024, 64 << 20),
            json_depth: reader.number("server.json_depth", 8, 128),
            max_connections: reader.number("server.max_connections", 1, 1_000_000),
            streams_per_user: reader.number("server.streams_per_user", 1, 100_000),
            header_timeout: reader.millis("server.header_timeout_ms", 100, 120_000),
            read_timeout: reader.millis("server.read_timeout_ms", 100, 600_000),
            keep_alive: reader.secs("server.keep_alive_secs", 1, 3600),
            keep_alive_comment: reader.secs("server.keep_alive_comment_secs", 1, 300),
            sse_after: reader.millis("server.sse_after_ms", 0, 600_000),
            sse_retry: reader.millis("server.sse_retry_ms", 0, 600_000),
            shutdown_grace: reader.secs("server.shutdown_grace_secs", 1, 3600),
            listen,
        }
    }
}

fn node_id(reader: &mut Reader) -> NodeId {
    let text = reader.text("server.node_id");
    if text.is_empty() {
        return NodeId::random();
    }
    text.parse().unwrap_or_else(|_| {
        reader.refuse("server.node_id", "1 to 64 of 0-9, a-z, A-Z, -, _ and .");
        NodeId::random()
    })
}

/// What this machine calls itself.
pub const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

fn allowed_hosts(
    reader: &mut Reader,
    listen: &ListenAddress,
    public_url: Option<&Url>,
    workspaces: &[WorkspaceSettings],
    is_anonymous: bool,
) -> AllowedHosts {
    const KEY: &str = "server.allowed_hosts";
    let listed = reader.texts(KEY);
    if listed.iter().any(|host| host == "*") {
        if is_anonymous {
            reader.refuse(KEY, "names of hosts: with the development user, \"*\" would let any web page act as that user");
        }
        return AllowedHosts::Any;
    }
    let mut names = std::collections::BTreeSet::new();
    for host in listed {
        let (name, _) = split_port(&host);
        if name.is_empty() || name.contains(['/', '@', ' ', '*']) {
            reader.refuse(
                KEY,
                "\"name\", \"name:port\" or \"*\", without scheme and path",
            );
        }
        names.insert(host.to_ascii_lowercase());
    }
    if listen.is_loopback() {
        names.extend(LOOPBACK_NAMES.map(str::to_owned));
    }
    names.extend(
        public_url
            .and_then(Url::host_str)
            .map(str::to_ascii_lowercase),
    );
    for workspace in workspaces {
        names.extend(workspace.hosts.iter().cloned());
    }
    if names.is_empty() && reader.serves() {
        reader.refuse(KEY, "at least one host name, since the address is public and neither server.public_url nor a workspace names one");
    }
    AllowedHosts::Only(names)
}

fn allowed_origins(
    reader: &mut Reader,
    listen: &ListenAddress,
    public_url: Option<&Url>,
    is_anonymous: bool,
) -> AllowedOrigins {
    const KEY: &str = "server.allowed_origins";
    let listed = reader.texts(KEY);
    if listed.iter().any(|origin| origin == "*") {
        if is_anonymous {
            reader.refuse(
                KEY,
                "origins: with the development user, \"*\" would let any web page act as that user",
            );
        }
        return AllowedOrigins::Any;
    }
    let mut origins = std::collections::BTreeSet::new();
    for origin in listed {
        match Url::parse(&origin)
            .ok()
            .filter(|url| url.path() == "/")
            .as_ref()
            .and_then(origin_of)
        {
            Some(canonical) => {
                origins.insert(canonical);
            }
            None => reader.refuse(
                KEY,
                "origins such as \"https://app.example.com\", without a path",
            ),
        }
    }
    origins.extend(public_url.and_then(origin_of));
    AllowedOrigins::Only {
        origins,
        loopback: listen.is_loopback(),
    }
}

fn trusted_proxies(reader: &mut Reader) -> TrustedProxies {
    const KEY: &str = "server.trusted_proxies";
    let mut ranges = Vec::new();
    for text in reader.texts(KEY) {
        match text.parse() {
            Ok(range) => ranges.push(range),
            Err(()) => reader.refuse(KEY, "addresses or networks such as \"10.0.0.0/8\""),
        }
    }
    TrustedProxies(ranges)
}
