//! Transcripts: what conformance, clients and sign-ins sent and were answered, replayed against a fresh server.
//!
//! `tests/transcripts` has a folder for each server that those checks start: `node.json` says how it is started, and
//! `transcript.jsonl` what passed. A replay needs none of the clients and takes seconds, so that a change of behaviour that
//! nobody meant is seen at once.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use xtask::command::capture;
use xtask::repository::Repository;
use xtask::toolbox::{Npm, node_command};

use crate::node::Node;
use crate::{clients, conformance};

/// How long the replay of one transcript may take.
const DEADLINE: Duration = Duration::from_mins(2);

/// Values that a transcript does not keep, by what stands in their place.
type Variables = BTreeMap<String, String>;

/// How the server of a transcript is started.
#[derive(Debug, Serialize, Deserialize)]
struct Start {
    binary: String,
    settings: Vec<(String, String)>,
}

/// What is done with the transcripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Differences are errors.
    Compare,
    /// What the server answers now takes the place of what was expected.
    Update,
}

/// Replays every transcript.
///
/// # Errors
/// The differences.
pub(crate) fn replay(repository: &Repository, purpose: Purpose) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    for name in names(&folder(repository))? {
        let file = folder(repository).join(&name).join("transcript.jsonl");
        let mut arguments = Vec::new();
        if purpose == Purpose::Update {
            arguments.push("--update");
        }
        match play(
            repository,
            &name,
            &folder(repository),
            &file,
            &arguments,
            None,
        ) {
            Ok(summary) => println!("transcript {name}: {summary}"),
            Err(problem) => problems.push(format!("{name}: {problem:#}")),
        }
    }
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Records conformance, clients and sign-ins, and writes new transcripts.
///
/// # Errors
/// A check failed, or two runs of it differ in more than identifiers and times.
pub(crate) fn record(repository: Repository) -> anyhow::Result<()> {
    repository.fresh("recordings")?;
    let repository = repository.recording();
    conformance::run(&repository)?;
    clients::run(&repository, &clients::Choice::default())?;
    label(&Repository::read()?)
}

/// Plays the last recordings to fresh servers, takes what differs for identifiers, and writes transcripts.
///
/// # Errors
/// The two runs differ in more than identifiers and times.
pub(crate) fn label(repository: &Repository) -> anyhow::Result<()> {
    let recordings = repository.cache("recordings")?;
    let mut problems = Vec::new();
    for name in names(&recordings)? {
        let from = recordings.join(&name);
        let to = folder(repository).join(&name);
        std::fs::create_dir_all(&to)?;
        std::fs::copy(from.join("node.json"), to.join("node.json"))?;
        let recording = from.join("recording.jsonl");
        let recorded = read_variables(&from)?;
        let arguments = ["--label", recording.to_str().context("an odd path")?];
        let file = to.join("transcript.jsonl");
        match play(
            repository,
            &name,
            &recordings,
            &file,
            &arguments,
            Some(&recorded),
        ) {
            Ok(summary) => println!("recorded {name}: {summary}"),
            Err(problem) => problems.push(format!("{name}: {problem:#}")),
        }
    }
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Starts a server as `name` says and runs `replay.mjs` against it; gives its last line.
fn play(
    repository: &Repository,
    name: &str,
    starts: &Path,
    file: &Path,
    arguments: &[&str],
    recorded: Option<&Variables>,
) -> anyhow::Result<String> {
    let start = std::fs::read(starts.join(name).join("node.json"))?;
    let start: Start = serde_json::from_slice(&start)?;
    let settings: Vec<_> = start
        .settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut node = Node::start(
        repository,
        &start.binary,
        &format!("replay-{name}"),
        &settings,
    )?;
    let variables = variables_of(repository, name, &node)?;
    let mut replay = node_command(repository)?;
    replay
        .arg(repository.root().join("tests/transcripts/replay.mjs"))
        .arg(file)
        .arg(node.port().to_string())
        .args(arguments)
        .env("VARIABLES", serde_json::to_string(&variables)?);
    if let Some(recorded) = recorded {
        replay.env("RECORDED_VARIABLES", serde_json::to_string(recorded)?);
    }
    let captured = capture(&mut replay, DEADLINE)?;
    node.is_well()?;
    let printed = captured.success()?;
    Ok(printed.lines().last().unwrap_or_default().to_owned())
}

/// What a fresh server has in the place of the recorded one's tokens and passwords.
fn variables_of(repository: &Repository, name: &str, node: &Node) -> anyhow::Result<Variables> {
    let mut variables = Variables::new();
    if let Ok((_, password)) = node.first_administrator() {
        variables.insert(PASSWORD.to_owned(), password);
    }
    match name {
        "clients-guarded" => {
            let npm = Npm::ready(repository)?;
            let tokens = clients::tokens(&npm, ["admin", "analyst", "viewer"])?;
            variables.extend(
                tokens
                    .into_iter()
                    .map(|(user, token)| (token_of(&user), token)),
            );
        }
        "clients-signing-in" => {
            let npm = Npm::ready(repository)?;
            let scratch = tempfile::tempdir()?;
            let secret = clients::add_machines(&npm, node, scratch.path())?;
            variables.insert(MACHINE_SECRET.to_owned(), secret);
        }
        _ => {}
    }
    Ok(variables)
}

/// The first administrator's password.
pub(crate) const PASSWORD: &str = "«password»";
/// The secret of the machine client `nightly`.
pub(crate) const MACHINE_SECRET: &str = "«machine secret»";

/// A token of the issuer of the tests.
pub(crate) fn token_of(user: &str) -> String {
    format!("«token of {user}»")
}

fn folder(repository: &Repository) -> PathBuf {
    repository.root().join("tests/transcripts")
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().join("node.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn read_variables(folder: &Path) -> anyhow::Result<Variables> {
    match std::fs::read(folder.join("variables.json")) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(Variables::new()),
        Err(err) => Err(err.into()),
    }
}

/// A proxy in front of a server that writes down what passes: `tests/transcripts/recorder.mjs`.
pub(crate) struct Recorder {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl Recorder {
    /// Starts one, where the repository is recording.
    pub(crate) fn start(
        repository: &Repository,
        name: &str,
        binary: &str,
        settings: &[(String, String)],
        upstream: u16,
    ) -> anyhow::Result<Option<Self>> {
        let Some(recordings) = repository.recordings()? else {
            return Ok(None);
        };
        let folder = recordings.join(name);
        std::fs::create_dir_all(&folder)?;
        let start = Start {
            binary: binary.to_owned(),
            settings: settings.to_vec(),
        };
        std::fs::write(folder.join("node.json"), serde_json::to_vec_pretty(&start)?)?;
        let mut process = node_command(repository)?
            .arg(repository.root().join("tests/transcripts/recorder.mjs"))
            .arg(upstream.to_string())
            .arg(folder.join("recording.jsonl"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        let out = process.stdout.take().context("its output is piped")?;
        BufReader::new(out).read_line(&mut port)?;
        let port = port.trim().parse().context("the recorder tells its port")?;
        Ok(Some(Self {
            process,
            port,
            folder,
        }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn keep_out(&self, placeholder: &str, value: &str) -> anyhow::Result<()> {
        let mut variables = read_variables(&self.folder)?;
        variables.insert(placeholder.to_owned(), value.to_owned());
        std::fs::write(
            self.folder.join("variables.json"),
            serde_json::to_vec_pretty(&variables)?,
        )?;
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
