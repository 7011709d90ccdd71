//! Driving one target, or two in turns, with goose.

mod client;
mod compare;
mod slow;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction, TransactionFunction};
use goose::metrics::GooseMetrics;
use goose::{GooseAttack, trigger_killswitch};
use serde::Serialize;

use crate::address::LoopbackUrl;
use crate::scenario::{ClientKind, Workload};
use crate::token::TokenMint;

use client::{Client, Habits};
pub(crate) use compare::{Comparison, compare};
pub(crate) use slow::connect as connect_slowly;

/// A server that is driven.
#[derive(Clone)]
pub(crate) struct Target {
    /// What reports call it.
    pub(crate) name: String,
    pub(crate) url: LoopbackUrl,
    pub(crate) credentials: Credentials,
}

/// What is sent as a bearer token.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// Nothing.
    None,
    /// The same one for everybody.
    Token(String),
    /// One of its own for each client, for the users of its kind in turn.
    Minted(TokenMint),
}

impl Credentials {
    fn of_client(&self, users: &[String], number: usize) -> Option<String> {
        match self {
            Self::None => None,
            Self::Token(token) => Some(token.clone()),
            Self::Minted(mint) => Some(mint.token(&users[number % users.len()])),
        }
    }
}

/// How hard and how long. A run ends at whatever comes first.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Bounds {
    /// Clients at once.
    pub(crate) users: usize,
    /// How long, after all clients have started.
    pub(crate) duration: Duration,
    /// Calls of all clients together.
    pub(crate) max_requests: u64,
}

/// Ids that no two requests of this process share.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Drives a target once. Goose's own reports are written to `<report>.html` and `<report>.json`.
///
/// # Errors
/// Goose does not start.
async fn drive(
    target: &Target,
    workload: &Workload,
    bounds: &Bounds,
    report: &Path,
) -> anyhow::Result<GooseMetrics> {
    let (html, json) = (report.with_extension("html"), report.with_extension("json"));
    let configuration = GooseConfiguration::parse_args_default(&[
        "--host",
        &target.url.to_string(),
        "--users",
        &bounds.users.to_string(),
        // All within the first second; goose forgets what it measured until then.
        "--increase-rate",
        &bounds.users.to_string(),
        "--run-time",
        &format!("{}s", bounds.duration.as_secs().max(1)),
        "--timeout",
        "30",
        "--no-gzip",
        "--no-telnet",
        "--no-print-metrics",
        "--quiet",
        "--quiet",
        "--report-file",
        html.to_str().context("the reports' path is not UTF-8")?,
        "--report-file",
        json.to_str().context("the reports' path is not UTF-8")?,
    ])?;
    let budget = Arc::new(AtomicU64::new(bounds.max_requests));
    let mut attack = GooseAttack::initialize_with_config(configuration)?;
    for kind in &workload.clients {
        attack = attack.register_scenario(scenario(target, kind, &budget)?);
    }
    Ok(Box::pin(attack.execute()).await?)
}

fn scenario(
    target: &Target,
    kind: &ClientKind,
    budget: &Arc<AtomicU64>,
) -> anyhow::Result<Scenario> {
    let habits = Arc::new(Habits::of(target, kind)?);
    let budget = Arc::clone(budget);
    let step: TransactionFunction = Arc::new(move |user| {
        let (habits, budget) = (Arc::clone(&habits), Arc::clone(&budget));
        Box::pin(async move {
            if budget
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                })
                .is_err()
            {
                trigger_killswitch("as many requests as were allowed");
                return Ok(());
            }
            let mut client = match user.get_session_data_mut::<Client>() {
                Some(client) => std::mem::take(client),
                None => Client::new(&habits, user.weighted_users_index),
            };
            let done = client.step(&habits, user).await;
            user.set_session_data(client);
            done
        })
    });
    let [least, most] = kind.think();
    Ok(Scenario::new(&kind.name)
        .set_weight(kind.weight)?
        .set_wait_time(least, most)?
        .register_transaction(Transaction::new(step).set_name(&kind.name)))
}
