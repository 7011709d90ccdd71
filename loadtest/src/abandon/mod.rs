//! What a server keeps for clients that do not come back, that stay, and that do not read.

mod open;
mod slow;
mod visitors;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use crate::ceiling::{median, megabytes};
use crate::metrics::Counters;
use crate::process::{Server, Setup, StatsdSink, peak_rss_bytes};
use crate::token::TokenMint;

use open::OpenSessions;
use slow::SlowReaders;
use visitors::Visitors;

/// How much is asked of the server.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Sessions that are opened and left.
    pub(crate) abandoned: u64,
    /// Sessions that are open at once, each with a stream.
    pub(crate) open: usize,
    /// Connections that ask and do not read.
    pub(crate) slow: usize,
}

/// Starts that are timed.
const STARTS: usize = 5;
const SETTLE: Duration = Duration::from_secs(3);

/// What came of it. Memory in megabytes (10^6 bytes).
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// From exec to the first 200 of `/readyz`, with an existing workspace.
    pub(crate) start_ms: f64,
    pub(crate) idle_mb: f64,
    pub(crate) abandoned: Abandoned,
    pub(crate) open: OpenSessions,
    pub(crate) slow: SlowReaders,
}

/// Sessions that nobody came back to.
#[derive(Debug, Serialize)]
pub(crate) struct Abandoned {
    pub(crate) sessions: u64,
    pub(crate) users: usize,
    pub(crate) failed: u64,
    pub(crate) per_second: f64,
    /// Sessions opened so far, and the memory then.
    pub(crate) samples: Vec<(u64, f64)>,
    pub(crate) peak_mb: f64,
    /// A while after the last one.
    pub(crate) after_mb: f64,
    pub(crate) counted: Counters,
}

impl Abandoned {
    /// Whether memory stayed where it was after the first fifth: what is bounded is full by then.
    pub(crate) fn is_flat(&self) -> bool {
        let fifth = self
            .samples
            .iter()
            .find(|(opened, _)| *opened * 5 >= self.sessions);
        fifth.is_some_and(|(_, then)| self.after_mb <= then * 1.1 + 2.0)
    }
}

/// Measures all of it, each with a server of its own.
///
/// # Errors
/// A server does not start, or does not answer.
pub(crate) fn measure(binary: &Path, data_dir: &Path, plan: &Plan) -> anyhow::Result<Memory> {
    let mint = TokenMint::random();
    let sink = StatsdSink::start()?;
    let setup = Setup::new(data_dir, &mint, sink.address());
    // Makes the workspace.
    Server::tidegate(binary, &setup)?.stop();
    let mut starts = Vec::new();
    for _ in 1..STARTS {
        let server = Server::tidegate(binary, &setup)?;
        starts.push(server.started_in().as_secs_f64() * 1e3);
        server.stop();
    }
    let server = Server::tidegate(binary, &setup)?;
    starts.push(server.started_in().as_secs_f64() * 1e3);
    std::thread::sleep(SETTLE);
    let idle_mb = megabytes(server.rss_bytes()?);

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let abandoned = runtime
        .block_on(abandon(&server, &mint, plan.abandoned))
        .context("abandoned sessions")?;
    server.stop();

    // More for each user than the default of 20, since three users hold them all.
    let roomy = setup
        .clone()
        .with("TIDEGATE_SESSIONS__PER_USER", plan.open.max(20).to_string());
    let server = Server::tidegate(binary, &roomy)?;
    let open = runtime
        .block_on(open::measure(&server, &mint, plan.open))
        .context("open sessions")?;
    server.stop();

    let server = Server::tidegate(binary, &setup)?;
    let slow = runtime
        .block_on(slow::measure(&server, &mint, plan.slow))
        .context("slow readers")?;
    server.stop();
    Ok(Memory {
        start_ms: median(starts),
        idle_mb,
        abandoned,
        open,
        slow,
    })
}

async fn abandon(server: &Server, mint: &TokenMint, sessions: u64) -> anyhow::Result<Abandoned> {
    const STEPS: u64 = 20;
    let visitors = Visitors::new(server.url(), mint)?;
    let before = Counters::read(server.url())?;
    let (mut samples, mut opened, mut failed) = (Vec::new(), 0, 0);
    let began = std::time::Instant::now();
    while opened < sessions {
        let count = sessions.div_ceil(STEPS).min(sessions - opened);
        failed += visitors.visit(count).await;
        opened += count;
        samples.push((opened, megabytes(server.rss_bytes()?)));
    }
    let took = began.elapsed();
    tokio::time::sleep(SETTLE).await;
    Ok(Abandoned {
        sessions,
        users: crate::token::USERS.len(),
        failed,
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate needs no more than 52 bits"
        )]
        per_second: sessions as f64 / took.as_secs_f64(),
        samples,
        peak_mb: megabytes(peak_rss_bytes(server.pid())?),
        after_mb: megabytes(server.rss_bytes()?),
        counted: Counters::read(server.url())?.since(&before),
    })
}
