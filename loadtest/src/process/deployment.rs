//! Nodes with what they share: a database server, a Redis, nginx in front.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use tempfile::TempDir;
use tidegate_testkit::postgres::PostgresServer;

use super::nodes::{Nodes, SECRET};
use super::{Server, Setup, StatsdSink, usage};
use crate::address::LoopbackUrl;
use crate::drive::Credentials;
use crate::metrics::Counters;
use crate::token::TokenMint;

/// Where the metastore and the sample business are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    /// An embedded workspace, for one node.
    Sqlite,
    /// A PostgreSQL server of its own.
    Postgres,
}

/// One node or several; ended when dropped, what they share last.
pub(crate) struct Deployment {
    nodes: Nodes,
    token: String,
    mint: TokenMint,
    _postgres: Option<PostgresServer>,
    _statsd: StatsdSink,
    _data: TempDir,
}

impl Deployment {
    /// Starts it with everything on that production has on, and waits until every node is ready.
    ///
    /// # Errors
    /// A program is missing or does not start.
    pub(crate) fn start(
        binary: &Path,
        database: Database,
        nodes: u16,
        is_cached: bool,
    ) -> anyhow::Result<Self> {
        ensure!(
            nodes == 1 || database == Database::Postgres,
            "several nodes share a metastore: use --database postgres"
        );
        let data = tempfile::tempdir()?;
        let mint = TokenMint::random();
        let statsd = StatsdSink::start()?;
        let mut setup = Setup::new(data.path(), &mint, statsd.address())
            .with("TIDEGATE_CACHE__ENABLED", is_cached.to_string());
        let postgres = match database {
            Database::Sqlite => None,
            Database::Postgres => {
                let server = PostgresServer::start()?;
                setup = setup
                    .with(
                        "TIDEGATE_WORKSPACES__DEMO__METASTORE",
                        server.create_database("metastore")?,
                    )
                    .with("TIDEGATE_WORKSPACES__DEMO__SECRET_KEY", SECRET);
                seed(binary, &setup, "demo", &server.create_database("sample")?)?;
                Some(server)
            }
        };
        Ok(Self {
            nodes: Nodes::start(binary, setup, nodes)?,
            token: mint.token("admin"),
            mint,
            _postgres: postgres,
            _statsd: statsd,
            _data: data,
        })
    }

    /// Where calls go.
    pub(crate) fn url(&self) -> &LoopbackUrl {
        self.nodes.url()
    }

    /// A bearer token of the administrator.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// For all users of its workspace.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::Minted(self.mint.clone())
    }

    /// CPU time of all nodes so far.
    ///
    /// # Errors
    /// One is gone.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.nodes.all().iter().map(Server::cpu).sum()
    }

    /// Checks that the audit is written and drops nothing: a node that leaves something out is faster.
    ///
    /// # Errors
    /// Records were dropped, or none was written.
    pub(crate) fn check_audit(&self) -> anyhow::Result<()> {
        for node in self.nodes.all() {
            let counted = Counters::read(node.url())?;
            ensure!(
                counted.audit_dropped == 0 && counted.audit_written > 0,
                "the audit is not whole: {counted:?}"
            );
        }
        Ok(())
    }

    /// What each node uses now: memory in MB, open files and sockets.
    ///
    /// # Errors
    /// One is gone.
    #[expect(
        clippy::cast_precision_loss,
        reason = "no process uses so much that 52 bits do not hold it"
    )]
    pub(crate) fn usage(&self) -> anyhow::Result<Vec<[f64; 2]>> {
        let of = |node: &Server| {
            let descriptors = usage::descriptors(node.pid())?;
            Ok([node.rss_bytes()? as f64 / 1e6, descriptors as f64])
        };
        self.nodes.all().iter().map(of).collect()
    }
}

/// Fills a workspace's metastore, and its sample business at `data_url`.
///
/// # Errors
/// The binary refuses.
pub(crate) fn seed(
    binary: &Path,
    setup: &Setup,
    workspace: &str,
    data_url: &str,
) -> anyhow::Result<()> {
    let mut command = Command::new(binary);
    setup.apply(&mut command);
    let seeded = command
        .args(["seed", "--workspace", workspace])
        .env("TIDEGATE_SEED_DATA_URL", data_url)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", binary.display()))?;
    ensure!(
        seeded.status.success(),
        "seed ended with {}: {}",
        seeded.status,
        String::from_utf8_lossy(&seeded.stderr)
    );
    Ok(())
}
