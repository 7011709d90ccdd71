//! How fast a server can be, against what HTTP and JSON alone cost: calls and the floor in turns, in one run.

pub(crate) mod against;
mod measured;
pub(crate) mod rounds;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::process::{Server, Setup, StatsdSink};
use crate::token::TokenMint;
use crate::{metrics, wrk};

pub(crate) use measured::{Figure, median};
use measured::{MEASURED, Measured};
use rounds::Round;

/// How the ceiling is measured.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Rounds of floor and target for each call.
    pub(crate) rounds: usize,
    /// How long each of the two takes in a round.
    pub(crate) duration: Duration,
    /// Connections that are always busy.
    pub(crate) connections: u16,
    /// Threads of the generator.
    pub(crate) threads: u16,
    /// Labels of the calls to measure; none is all.
    pub(crate) only: Vec<String>,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Ceiling {
    pub(crate) rounds: usize,
    pub(crate) seconds_a_round: u64,
    pub(crate) connections: u16,
    pub(crate) cores: usize,
    /// From exec to the first 200 of `/readyz`, with the data of an earlier start.
    pub(crate) start_ms: f64,
    pub(crate) idle_rss_mb: f64,
    pub(crate) figures: Vec<Figure>,
    pub(crate) statsd_datagrams: u64,
}

/// Measures a Tidegate binary. Its embedded workspaces are kept in `data_dir`.
///
/// # Errors
/// Something does not run, or answers are wrong.
pub(crate) fn measure(binary: &Path, data_dir: &Path, plan: &Plan) -> anyhow::Result<Ceiling> {
    wrk::require()?;
    let mint = TokenMint::random();
    let sink = StatsdSink::start()?;
    let setup = Setup::new(data_dir, &mint, sink.address());
    // The first start makes the workspace; what is measured are the later ones.
    Server::tidegate(binary, &setup)?.stop();
    let floor = Server::floor()?;
    let token = mint.token("admin");
    let (mut figures, mut start_ms, mut idle_rss_mb) = (Vec::new(), f64::MAX, 0.0);
    for is_cached in [false, true] {
        let calls: Vec<&Measured> = MEASURED
            .iter()
            .filter(|call| call.is_cached == is_cached)
            .filter(|call| plan.only.is_empty() || plan.only.iter().any(|only| only == call.label))
            .collect();
        if calls.is_empty() {
            continue;
        }
        let setup = setup
            .clone()
            .with("TIDEGATE_CACHE__ENABLED", is_cached.to_string());
        let server = Server::tidegate(binary, &setup)?;
        std::thread::sleep(Duration::from_secs(2));
        start_ms = start_ms.min(server.started_in().as_secs_f64() * 1e3);
        idle_rss_mb = megabytes(server.rss_bytes()?).max(idle_rss_mb);
        for call in calls {
            say(&format!("{}: {} rounds", call.label, plan.rounds));
            let before = metrics::Counters::read(server.url())?;
            let rss_before = server.rss_bytes()?;
            let rounds = rounds::measure(call, &floor, &server, &token, plan)?;
            let counted = metrics::Counters::read(server.url())?.since(&before);
            figures.push(Figure::of(
                call,
                &rounds,
                rss_before,
                server.rss_bytes()?,
                counted,
            ));
        }
        server.stop();
    }
    Ok(Ceiling {
        rounds: plan.rounds,
        seconds_a_round: plan.duration.as_secs(),
        connections: plan.connections,
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        start_ms,
        idle_rss_mb,
        figures,
        statsd_datagrams: sink.datagrams(),
    })
}

fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bytes of memory need no more than 52 bits"
)]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
