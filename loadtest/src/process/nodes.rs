//! One node, or several behind nginx that share a Redis.

use std::path::Path;

use tidegate_testkit::redis::RedisServer;

use super::nginx::Nginx;
use super::{Server, Setup};
use crate::address::LoopbackUrl;

/// For passwords in metastores, and for what nodes seal for one another.
pub(crate) const SECRET: &str = "of the load test alone, 0123456789abcdef";

/// Nodes of one deployment; ended when dropped, what they share last.
pub(crate) struct Nodes {
    front: Option<Nginx>,
    servers: Vec<Server>,
    _redis: Option<RedisServer>,
}

impl Nodes {
    /// Starts so many, at least one, and waits until every one is ready.
    ///
    /// # Errors
    /// A program is missing or does not start.
    pub(crate) fn start(binary: &Path, mut setup: Setup, count: u16) -> anyhow::Result<Self> {
        let redis = if count > 1 {
            let server = RedisServer::start()?;
            setup = setup
                .with("TIDEGATE_STATE__BACKEND", "redis")
                .with("TIDEGATE_STATE__REDIS__URL", server.url())
                .with("TIDEGATE_STATE__SECRET", SECRET)
                .with("TIDEGATE_STATE__REPLICAS", count.to_string());
            Some(server)
        } else {
            None
        };
        let servers: Vec<Server> = (0..count.max(1))
            .map(|_| Server::tidegate(binary, &setup))
            .collect::<anyhow::Result<_>>()?;
        let front = match servers.as_slice() {
            [_] => None,
            several => Some(Nginx::start(several.iter().map(Server::url))?),
        };
        Ok(Self {
            front,
            servers,
            _redis: redis,
        })
    }

    /// Where calls go.
    pub(crate) fn url(&self) -> &LoopbackUrl {
        match &self.front {
            Some(front) => front.url(),
            None => self.servers[0].url(),
        }
    }

    /// Each of them.
    pub(crate) fn all(&self) -> &[Server] {
        &self.servers
    }
}
