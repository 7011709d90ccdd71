//! What access costs: people who sign in and agree, the token endpoint, and a call with a token of ours against one
//! without any.

mod browser;
mod person;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use crate::ceiling::{median, rounds};
use crate::process::{Server, Setup};
use person::{Account, Assistant, Tokens};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How access is measured.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How long people sign in, and how long tokens are refreshed.
    pub(crate) duration: Duration,
    /// People who sign in at once.
    pub(crate) people: usize,
    /// Assistants that refresh at once, each its own grant.
    pub(crate) assistants: usize,
    /// Rounds of calls with and without a token, and their length.
    pub(crate) rounds: usize,
    /// How long each takes.
    pub(crate) round: Duration,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Access {
    pub(crate) cores: usize,
    /// Whole sign-ins: authorization request, password, consent, code, tokens, one refresh.
    pub(crate) sign_ins: Rate,
    /// Refreshes at the token endpoint.
    pub(crate) refreshes: Rate,
    /// Calls a second of `health_check` with an access token, to those without authentication; the median.
    pub(crate) checked_to_unchecked: f64,
}

/// How often something went well, and how often not.
#[derive(Debug, Serialize)]
pub(crate) struct Rate {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) first_failure: Option<String>,
    pub(crate) per_second: f64,
    /// CPU time of the server for each, in milliseconds.
    pub(crate) cpu_ms: f64,
}

impl Rate {
    /// In a minute.
    pub(crate) fn per_minute(&self) -> f64 {
        self.per_second * 60.0
    }
}

/// Measures a Tidegate binary with accounts, clients and grants of its own, in `data_dir`.
///
/// # Errors
/// Something does not run.
pub(crate) fn measure(binary: &Path, data_dir: &Path, plan: &Plan) -> anyhow::Result<Access> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (server, one_time) = start(binary, data_dir)?;
    let http = reqwest::Client::builder()
        .timeout(LIMIT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?;
    let account = runtime.block_on(person::choose_password(
        http.clone(),
        server.url(),
        &one_time,
    ))?;
    let assistant = runtime.block_on(Assistant::register(http, server.url()))?;

    let sign_ins = runtime.block_on(rate(&server, plan.people, plan.duration, {
        let (assistant, account) = (assistant.clone(), account.clone());
        move |_| {
            let (assistant, account) = (assistant.clone(), account.clone());
            async move {
                let tokens = assistant.connect(&account).await?;
                assistant.refresh(&tokens).await
            }
        }
    }))?;
    let (sign_ins, connected) = sign_ins;
    let chains: Vec<Tokens> = connected.into_iter().take(plan.assistants).collect();
    let chains: Vec<_> = chains
        .into_iter()
        .map(|tokens| Arc::new(tokio::sync::Mutex::new(tokens)))
        .collect();
    let caller = assistant.clone();
    let (refreshes, _) =
        runtime.block_on(rate(&server, chains.len(), plan.duration, move |at| {
            let (assistant, chain) = (assistant.clone(), Arc::clone(&chains[at]));
            async move {
                let mut tokens = chain.lock().await;
                *tokens = assistant.refresh(&tokens).await?;
                Ok(tokens.clone())
            }
        }))?;
    // A new connection: of many by one client only the newest stay.
    let tokens = runtime.block_on(caller.connect(&account))?;
    let checked_to_unchecked = compare(binary, &server, &tokens.access_token, plan)?;
    server.stop();
    Ok(Access {
        cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        sign_ins,
        refreshes,
        checked_to_unchecked,
    })
}

/// Starts it with its own authorization server, and reads the first administrator's password.
fn start(binary: &Path, data_dir: &Path) -> anyhow::Result<(Server, Account)> {
    let (server, told) = Server::tidegate_and_its_words(binary, &Setup::with_own_tokens(data_dir))?;
    let password = told
        .split_ascii_whitespace()
        .skip_while(|word| *word != "password")
        .nth(1)
        .with_context(|| format!("no one-time password in {told:?}"))?;
    let account = Account {
        username: "admin".to_owned(),
        password: password.to_owned(),
    };
    Ok((server, account))
}

/// Does `work` as `at_once` tasks for `duration`, each over and over. Returns the rate and the last outcome of each task.
#[expect(
    clippy::cast_precision_loss,
    reason = "a rate needs no more than 52 bits"
)]
async fn rate<Work, Outcome>(
    server: &Server,
    at_once: usize,
    duration: Duration,
    work: Work,
) -> anyhow::Result<(Rate, Vec<Tokens>)>
where
    Work: Fn(usize) -> Outcome + Send + Sync + 'static,
    Outcome: Future<Output = anyhow::Result<Tokens>> + Send,
{
    let (work, done, failed) = (
        Arc::new(work),
        Arc::<AtomicU64>::default(),
        Arc::<AtomicU64>::default(),
    );
    let (cpu_before, began) = (server.cpu()?, Instant::now());
    let tasks: Vec<_> = (0..at_once)
        .map(|at| {
            let (work, done, failed) = (Arc::clone(&work), Arc::clone(&done), Arc::clone(&failed));
            tokio::spawn(async move {
                let (mut last, mut first_failure) = (None, None);
                while began.elapsed() < duration {
                    match work(at).await {
                        Ok(tokens) => {
                            done.fetch_add(1, Ordering::Relaxed);
                            last = Some(tokens);
                        }
                        Err(err) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            first_failure.get_or_insert_with(|| format!("{err:#}"));
                        }
                    }
                }
                (last, first_failure)
            })
        })
        .collect();
    let (mut outcomes, mut first_failure) = (Vec::new(), None);
    for task in tasks {
        let (last, failure) = task.await?;
        outcomes.extend(last);
        first_failure = first_failure.or(failure);
    }
    let took = began.elapsed().as_secs_f64();
    let done = done.load(Ordering::Relaxed);
    let spent = server.cpu()?.saturating_sub(cpu_before).as_secs_f64() * 1e3;
    let rate = Rate {
        done,
        failed: failed.load(Ordering::Relaxed),
        first_failure,
        per_second: done as f64 / took,
        cpu_ms: spent / done.max(1) as f64,
    };
    Ok((rate, outcomes))
}

/// Calls with the token at `checked`, and without any at a server that asks for none, in turns.
fn compare(binary: &Path, checked: &Server, token: &str, plan: &Plan) -> anyhow::Result<f64> {
    let data = tempfile::tempdir()?;
    let unchecked = Server::tidegate(binary, &Setup::without_authentication(data.path()))?;
    let ratios = rounds::with_and_without(checked, token, &unchecked, plan.rounds, plan.round)?;
    unchecked.stop();
    Ok(median(ratios))
}
