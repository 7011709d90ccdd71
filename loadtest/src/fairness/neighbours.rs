//! Two workspaces on one deployment, with a database server each.

use std::path::Path;

use tempfile::TempDir;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::redis::RedisServer;

use crate::address::LoopbackUrl;
use crate::process::{Nginx, Server, Setup, StatsdSink, seed};
use crate::token::TokenMint;

/// For passwords in the metastores, and for what nodes seal for one another.
const SECRET: &str = "of the load test alone, 0123456789abcdef";

/// Workspaces `acme` and `beta`, on node or nodes of their own.
pub(super) struct Neighbours {
    front: Option<Nginx>,
    nodes: Vec<Server>,
    mint: TokenMint,
    acme: PostgresServer,
    _beta: PostgresServer,
    _redis: Option<RedisServer>,
    _statsd: StatsdSink,
    _data: TempDir,
}

impl Neighbours {
    /// Starts everything.
    ///
    /// # Errors
    /// A program is missing or does not start.
    pub(super) fn start(binary: &Path, nodes: u16) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let mint = TokenMint::random();
        let statsd = StatsdSink::start()?;
        let (acme, beta) = (PostgresServer::start()?, PostgresServer::start()?);
        let mut setup = Setup::new(data.path(), &mint, statsd.address())
            .with("TIDEGATE_CACHE__ENABLED", "false")
            .with("TIDEGATE_WORKSPACES__DEMO__ENABLED", "false")
            .with(
                "TIDEGATE_WORKSPACES__ACME__METASTORE",
                acme.create_database("metastore")?,
            )
            .with("TIDEGATE_WORKSPACES__ACME__SECRET_KEY", SECRET)
            .with(
                "TIDEGATE_WORKSPACES__BETA__METASTORE",
                beta.create_database("metastore")?,
            )
            .with("TIDEGATE_WORKSPACES__BETA__SECRET_KEY", SECRET);
        seed(binary, &setup, "acme", &acme.create_database("sample")?)?;
        seed(binary, &setup, "beta", &beta.create_database("sample")?)?;
        let redis = if nodes > 1 {
            let server = RedisServer::start()?;
            setup = setup
                .with("TIDEGATE_STATE__BACKEND", "redis")
                .with("TIDEGATE_STATE__REDIS__URL", server.url())
                .with("TIDEGATE_STATE__SECRET", SECRET)
                .with("TIDEGATE_STATE__REPLICAS", nodes.to_string());
            Some(server)
        } else {
            None
        };
        let nodes: Vec<Server> = (0..nodes.max(1))
            .map(|_| Server::tidegate(binary, &setup))
            .collect::<anyhow::Result<_>>()?;
        let front = match nodes.as_slice() {
            [_] => None,
            several => Some(Nginx::start(several.iter().map(Server::url))?),
        };
        Ok(Self {
            front,
            nodes,
            mint,
            acme,
            _beta: beta,
            _redis: redis,
            _statsd: statsd,
            _data: data,
        })
    }

    /// Where calls of a workspace go.
    pub(super) fn url(&self, workspace: &str) -> String {
        let front: &LoopbackUrl = match &self.front {
            Some(front) => front.url(),
            None => self.nodes[0].url(),
        };
        front.join(&format!("/w/{workspace}/mcp"))
    }

    /// A bearer token of a user, who is the same in both.
    pub(super) fn token(&self, user: &str) -> String {
        self.mint.token(user)
    }

    /// The database server of `acme`: its metastore and its data.
    pub(super) fn acme(&self) -> &PostgresServer {
        &self.acme
    }
}
