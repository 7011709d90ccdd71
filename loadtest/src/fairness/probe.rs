//! Calls that come at fixed times.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;
use reqwest::Client;
use serde::Serialize;
use serde_json::{Value, json};
use tidegate_protocol::ProtocolVersion;

use super::neighbours::Neighbours;
use crate::wire::Call;

const VERSION: ProtocolVersion = ProtocolVersion::V2025_11_25;

/// Longer than the server takes for anything.
const LIMIT: Duration = Duration::from_secs(90);

/// Who calls what.
pub(super) struct Probe {
    client: Client,
    url: String,
    token: String,
    calls: Vec<Call>,
}

/// How calls fared. Times are from the moment at which a call was due, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Probed {
    pub(crate) calls: usize,
    pub(crate) failed: usize,
    pub(crate) first_failure: Option<String>,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Probe {
    pub(super) fn new(
        neighbours: &Neighbours,
        workspace: &str,
        user: &str,
        calls: Vec<Call>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(LIMIT).build()?,
            url: neighbours.url(workspace),
            token: neighbours.token(user),
            calls,
        })
    }

    /// Makes each call once, several times, so that nothing is first.
    pub(super) async fn warm_up(&self) -> anyhow::Result<()> {
        for (number, call) in self.calls.iter().cycle().take(20).enumerate() {
            self.call(call, 1_000_000 + number).await?;
        }
        Ok(())
    }

    /// Makes so many calls, evenly over the time.
    pub(super) async fn run(&self, calls: u32, duration: Duration) -> Probed {
        let began = Instant::now();
        let pause = duration / calls.max(1);
        let due = (0..calls).zip(self.calls.iter().cycle());
        let answers = join_all(due.map(|(number, call)| async move {
            let due = began + pause * number;
            tokio::time::sleep_until(due.into()).await;
            let answer = self.call(call, number as usize).await;
            (answer, due.elapsed())
        }))
        .await;
        let failures = answers
            .iter()
            .filter_map(|(answer, _)| answer.as_ref().err());
        let first_failure = failures.clone().next().map(|err| format!("{err:#}"));
        let failed = failures.count();
        let mut times: Vec<Duration> = answers.iter().map(|(_, took)| *took).collect();
        times.sort_unstable();
        let at = |part: usize| {
            let place = (times.len() * part / 100).min(times.len().saturating_sub(1));
            times
                .get(place)
                .map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        Probed {
            calls: times.len(),
            failed,
            first_failure,
            p50_ms: at(50),
            p99_ms: at(99),
        }
    }

    /// One call; an error unless it has the right id and a result that is none.
    pub(super) async fn call(&self, call: &Call, id: usize) -> anyhow::Result<()> {
        let mut request = self
            .client
            .post(&self.url)
            .body(call.body(VERSION, &json!(id), None));
        for (name, value) in call.headers(VERSION, Some(&self.token)) {
            request = request.header(name, value);
        }
        let response = request.send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{}: {status}: {body}", call.label());
        let message: Value = body
            .lines()
            .map(|line| line.strip_prefix("data: ").unwrap_or(line))
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|message| message["id"] == json!(id))
            .with_context(|| format!("{}: no answer in {body}", call.label()))?;
        let is_good = message["result"].is_object() && message["result"]["isError"] != json!(true);
        ensure!(is_good, "{}: {message}", call.label());
        Ok(())
    }
}
