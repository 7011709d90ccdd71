//! Two workspaces on one deployment, with a database server each.

use std::path::Path;

use tempfile::TempDir;
use tidegate_testkit::postgres::PostgresServer;

use crate::process::{Nodes, SECRET, Setup, StatsdSink, seed};
use crate::token::TokenMint;

/// Workspaces `acme` and `beta`, on node or nodes of their own.
pub(super) struct Neighbours {
    nodes: Nodes,
    mint: TokenMint,
    acme: PostgresServer,
    _beta: PostgresServer,
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
        let setup = Setup::new(data.path(), &mint, statsd.address())
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
        Ok(Self {
            nodes: Nodes::start(binary, setup, nodes)?,
            mint,
            acme,
            _beta: beta,
            _statsd: statsd,
            _data: data,
        })
    }

    /// Where calls of a workspace go.
    pub(super) fn url(&self, workspace: &str) -> String {
        self.nodes.url().join(&format!("/w/{workspace}/mcp"))
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
