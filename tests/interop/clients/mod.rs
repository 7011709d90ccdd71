//! Real clients against a running node: each connects, lists the tools and queries the sample business.
//!
//! The clients are scripts in `tests/clients`, which all print the same report; what they call and what must
//! come is `tests/clients/calls.json`. `table` lists the runs, `report` judges what came; `signing_in` are clients that
//! get their tokens by themselves.

mod agents;
mod report;
mod signing_in;
mod table;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;
use xtask::command::capture;
use xtask::repository::Repository;
use xtask::toolbox::{self, Npm};

use self::report::{Part, Report};
pub(crate) use self::signing_in::add_machines;
use self::signing_in::{Lodge, SIGNING_IN, claude_code};
use self::table::{RUNS, Run, Script};
use crate::node::Node;
use crate::transcripts;

/// How long one client may take.
const CLIENT_DEADLINE: Duration = Duration::from_mins(2);

// Of these tests alone, and long enough for HS256.
const SECRET: &str = "signs the tokens of the client tests only";
const ISSUER: &str = "https://issuer.example.com";
const AUDIENCE: &str = "tidegate-client-tests";

/// Which clients are run.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// Claude Code and Gemini CLI too.
    pub(crate) all: bool,
    /// Only those whose name contains this.
    pub(crate) only: String,
}

/// Runs the clients one after the other, and prints a line for each.
///
/// # Errors
/// Lists the clients that failed, with what they printed.
pub(crate) fn run(repository: &Repository, choice: &Choice) -> anyhow::Result<()> {
    let stage = Stage::set(repository)?;
    let mut problems = Vec::new();
    let mut count = 0;
    let mut note = |name: &str, start: Instant, outcome: anyhow::Result<String>| {
        count += 1;
        let told = match &outcome {
            Ok(what) => what.clone(),
            Err(_) => "FAILED".to_owned(),
        };
        println!(
            "{:>6.1} s  {name:<28} {told}",
            start.elapsed().as_secs_f64()
        );
        problems.extend(outcome.err().map(|err| format!("{name}: {err:#}")));
    };
    for one in RUNS.iter().filter(|one| one.name.contains(&choice.only)) {
        note(one.name, Instant::now(), stage.play(one));
    }
    // What it signs names the server's address, which a recorder stands in front of.
    let is_recorded = |name: &str| !name.contains("private key");
    let is_recording = repository.recordings()?.is_some();
    let signing_in: Vec<_> = SIGNING_IN
        .iter()
        .filter(|(name, _)| name.contains(&choice.only) && (!is_recording || is_recorded(name)))
        .collect();
    if !signing_in.is_empty() {
        let mut lodge = Lodge::open(repository, &stage)?;
        for (name, connect) in signing_in {
            note(name, Instant::now(), connect(&stage, &lodge));
        }
        if choice.all {
            let name = "Claude Code, registers itself";
            note(name, Instant::now(), claude_code(&stage, &lodge));
        }
        lodge.is_well()?;
    }
    if choice.all {
        for (name, connect) in agents::AGENTS {
            note(name, Instant::now(), connect(&stage));
        }
    }
    anyhow::ensure!(count > 0, "no client's name contains {:?}", choice.only);
    let Stage {
        mut open,
        mut guarded,
        ..
    } = stage;
    open.is_well()?;
    guarded.is_well()?;
    anyhow::ensure!(
        problems.is_empty(),
        "{} of {count} clients failed\n- {}",
        problems.len(),
        problems.join("\n- ")
    );
    println!("{count} clients passed");
    Ok(())
}

/// A token of an hour for each user, of the issuer of these tests.
///
/// # Errors
/// Node cannot be run.
pub(crate) fn tokens<'u>(
    npm: &Npm,
    users: impl IntoIterator<Item = &'u str>,
) -> anyhow::Result<HashMap<String, String>> {
    let token = |user: &str| {
        let mut token = npm.command("node");
        token.args(["token.mjs", SECRET, ISSUER, AUDIENCE, user]);
        capture(&mut token, CLIENT_DEADLINE)?.success()
    };
    let of = |user: &str| Ok((user.to_owned(), token(user)?.trim().to_owned()));
    users.into_iter().map(of).collect()
}

/// What the clients play on.
struct Stage {
    npm: Npm,
    python: std::path::PathBuf,
    /// Serves everybody as the development user.
    open: Node,
    /// Asks for a token.
    guarded: Node,
    /// By user.
    tokens: HashMap<String, String>,
    /// By user.
    parts: HashMap<String, Part>,
    /// Files of the clients.
    scratch: TempDir,
}

impl Stage {
    fn set(repository: &Repository) -> anyhow::Result<Self> {
        let npm = Npm::ready(repository)?;
        let python = toolbox::python(repository)?;
        let parts = std::fs::read_to_string(repository.root().join("tests/clients/calls.json"))?;
        let parts: HashMap<String, Part> =
            serde_json::from_str(&parts).context("calls.json is odd")?;
        let scratch = tempfile::tempdir()?;
        for (user, part) in &parts {
            std::fs::write(
                scratch.path().join(format!("{user}.json")),
                serde_json::to_vec(&part.calls)?,
            )?;
        }
        let tokens = tokens(&npm, parts.keys().map(String::as_str))?;
        let jwt = [
            ("MCP_AUTH_ENABLED", "true"),
            ("MCP_JWT_ALGORITHM", "HS256"),
            ("MCP_JWT_SECRET", SECRET),
            ("MCP_JWT_ISSUER", ISSUER),
            ("MCP_JWT_AUDIENCE", AUDIENCE),
            ("MCP_JWT_DEBUG_ERRORS", "true"),
        ];
        let open = Node::start(repository, "tidegate", "clients-open", &[])?;
        let guarded = Node::start(repository, "tidegate", "clients-guarded", &jwt)?;
        for (user, token) in &tokens {
            guarded.keep_out(&transcripts::token_of(user), token)?;
        }
        Ok(Self {
            npm,
            python,
            open,
            guarded,
            tokens,
            parts,
            scratch,
        })
    }

    /// Lets a client do its calls, and tells the revision and the number of tools.
    fn play(&self, run: &Run) -> anyhow::Result<String> {
        let (file, mut command) = match run.script {
            Script::Node(file) => (file, self.npm.command("node")),
            Script::Python(file) => (file, self.npm.command(&self.python)),
        };
        let node = if run.has_token {
            &self.guarded
        } else {
            &self.open
        };
        let scratch = tempfile::tempdir_in(self.scratch.path())?;
        command
            .arg(file)
            .arg(node.url("127.0.0.1"))
            .args(run.mode)
            .env(
                "CALLS",
                self.scratch.path().join(format!("{}.json", run.user)),
            )
            .env("SCRATCH", scratch.path());
        if run.has_token {
            command.env("TOKEN", &self.tokens[run.user]);
        }
        let printed = capture(&mut command, CLIENT_DEADLINE)?.success()?;
        let report: Report =
            serde_json::from_str(&printed).with_context(|| format!("no report in {printed:?}"))?;
        report.judge(run, &self.parts[run.user])?;
        let protocol = report.protocol.as_deref().unwrap_or("");
        Ok(format!(
            "{} {protocol:<10} {} tools",
            run.user,
            report.tools.len()
        ))
    }
}
