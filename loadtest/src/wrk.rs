//! Driving with wrk, where goose itself would be the limit.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::address::LoopbackUrl;

const SCRIPT: &str = include_str!("../wrk/call.lua");

/// An id as the script writes it: unique, and always of twelve digits.
pub(crate) const SAMPLE_ID: u64 = 100_000_000_000;

/// How the answers are checked; see the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Each body is looked through.
    Every,
    /// The number of bytes alone.
    Sizes,
}

/// How hard and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Connections that are always busy.
    pub(crate) connections: u16,
    /// Threads of the generator.
    pub(crate) threads: u16,
    /// How long.
    pub(crate) duration: Duration,
    /// How answers are checked.
    pub(crate) check: Check,
}

/// What wrk saw. Times in microseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) duration_us: u64,
    pub(crate) bytes: u64,
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
    pub(crate) socket_errors: u64,
    pub(crate) timeouts: u64,
    pub(crate) bad_status: u64,
    pub(crate) without_result: u64,
    pub(crate) failed: u64,
}

impl Seen {
    /// Answers a second.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate needs no more than 52 bits"
    )]
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 * 1e6 / self.duration_us.max(1) as f64
    }

    /// Answers that were none.
    pub(crate) const fn defects(&self) -> u64 {
        self.socket_errors + self.timeouts + self.bad_status + self.without_result + self.failed
    }
}

/// Whether wrk is there.
///
/// # Errors
/// With what to install.
pub(crate) fn require() -> anyhow::Result<()> {
    // `wrk --version` prints its version and ends with 1.
    match Command::new("wrk").arg("--version").output() {
        Ok(_) => Ok(()),
        Err(_) => bail!("wrk is needed: apt-get install wrk"),
    }
}

/// Runs wrk with a request: its head and body with `@ID@` once, where the id stands.
///
/// # Errors
/// wrk did not run.
pub(crate) fn run(url: &LoopbackUrl, request: &str, load: &Load) -> anyhow::Result<Seen> {
    let script = written(SCRIPT, ".lua")?;
    let request = written(request, ".http")?;
    let output = Command::new("wrk")
        .arg(format!("-t{}", load.threads))
        .arg(format!("-c{}", load.connections))
        .arg(format!("-d{}s", load.duration.as_secs().max(1)))
        .args(["--timeout", "30s", "-s"])
        .arg(script.path())
        .arg(url.join("/"))
        .arg("--")
        .arg(request.path())
        .arg(match load.check {
            Check::Every => "every",
            Check::Sizes => "sizes",
        })
        .output()
        .context("cannot run wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let summary = text.lines().rfind(|line| line.starts_with('{'));
    let summary = summary.with_context(|| {
        format!(
            "wrk gave no summary: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    serde_json::from_str(summary).with_context(|| format!("wrk's summary: {summary}"))
}

fn written(text: &str, suffix: &str) -> anyhow::Result<NamedTempFile> {
    let file = tempfile::Builder::new().suffix(suffix).tempfile()?;
    std::fs::write(file.path() as &Path, text)?;
    Ok(file)
}
