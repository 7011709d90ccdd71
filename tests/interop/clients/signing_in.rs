//! Clients that get their tokens by themselves: with a person at a browser, and as machines.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;
use xtask::command::capture;
use xtask::repository::Repository;
use xtask::toolbox::Npm;

use super::agents::{CLAUDE_CODE, is_connected};
use super::report::Report;
use super::{CLIENT_DEADLINE, Stage};
use crate::node::Node;
use crate::transcripts;

/// A node that signs people in, with an administrator and two machine clients.
pub(super) struct Lodge {
    node: Node,
    name: String,
    password: String,
    secret: String,
    key: PathBuf,
}

/// Connects, and tells how many tools there are.
type Connect = fn(&Stage, &Lodge) -> anyhow::Result<String>;

/// By name.
pub(super) const SIGNING_IN: [(&str, Connect); 5] = [
    ("mcp-remote, registers itself", mcp_remote),
    ("Inspector, registers itself", inspector),
    ("TypeScript SDK 1, secret", machine_by_secret),
    ("TypeScript SDK 1, private key", machine_by_key),
    ("mcp-remote, client secret", mcp_remote_machine),
];

impl Lodge {
    pub(super) fn open(repository: &Repository, stage: &Stage) -> anyhow::Result<Self> {
        // As a newcomer starts it where nothing leads to the web, so that nothing depends on makers' sites: Claude Code, which
        // would name the document on its own, has to register itself.
        let own_tokens = [
            ("MCP_AUTH_ENABLED", "true"),
            (
                "TIDEGATE_OAUTH__CLIENT_DOCUMENTS__CHECK_URL",
                "https://documents.invalid/",
            ),
        ];
        let node = Node::start(repository, "tidegate", "clients-signing-in", &own_tokens)?;
        let (name, password) = node.first_administrator()?;
        let folder = stage.scratch.path();
        let secret = add_machines(&stage.npm, &node, folder)?;
        node.keep_out(transcripts::PASSWORD, &password)?;
        node.keep_out(transcripts::MACHINE_SECRET, &secret)?;
        Ok(Self {
            node,
            name,
            password,
            secret,
            key: folder.join("key.json"),
        })
    }

    pub(super) fn is_well(&mut self) -> anyhow::Result<()> {
        self.node.is_well()
    }
}

/// Adds a machine client with a secret, which it gives, and one with a key, which it leaves in `folder`.
///
/// # Errors
/// One of the programs failed.
pub(crate) fn add_machines(npm: &Npm, node: &Node, folder: &Path) -> anyhow::Result<String> {
    let (key, keys) = (folder.join("key.json"), folder.join("keys.json"));
    let mut draw = npm.command("node");
    draw.arg("key.mjs").arg(&key).arg(&keys);
    capture(&mut draw, CLIENT_DEADLINE)?.success()?;
    let made = add_machine(node, "nightly", None)?;
    add_machine(node, "keyed", Some(&keys))?;
    let secret = made["secret"].as_str().context("no secret is told")?;
    Ok(secret.to_owned())
}

fn add_machine(node: &Node, id: &str, keys: Option<&Path>) -> anyhow::Result<Value> {
    let mut command = node.command();
    command.args([
        "client",
        "add-machine",
        id,
        "--id",
        id,
        "--workspace",
        "demo",
    ]);
    command.args(["--service-account", id, "--role", "admin", "--json"]);
    if let Some(keys) = keys {
        command.arg("--jwks").arg(keys);
    }
    let told = capture(&mut command, CLIENT_DEADLINE)?.success()?;
    serde_json::from_str(&told).with_context(|| format!("no JSON in {told:?}"))
}

fn mcp_remote(stage: &Stage, lodge: &Lodge) -> anyhow::Result<String> {
    let secrets = [("NAME", &lodge.name), ("PASSWORD", &lodge.password)];
    play(stage, lodge, "oauth_mcp_remote.mjs", &[], &secrets)
}

fn inspector(stage: &Stage, lodge: &Lodge) -> anyhow::Result<String> {
    let secrets = [("NAME", &lodge.name), ("PASSWORD", &lodge.password)];
    play(stage, lodge, "oauth_inspector.mjs", &[], &secrets)
}

/// Claude Code, for `--all`.
pub(super) fn claude_code(stage: &Stage, lodge: &Lodge) -> anyhow::Result<String> {
    let scratch = tempfile::tempdir_in(stage.scratch.path())?;
    let claude = stage.npm.extra(CLAUDE_CODE, "claude")?;
    let mut script = stage.npm.command("node");
    script
        .args(["oauth_claude_code.mjs", &lodge.node.url("127.0.0.1")])
        .arg(claude.get_program())
        .env("SCRATCH", scratch.path())
        .env("NAME", &lodge.name)
        .env("PASSWORD", &lodge.password);
    is_connected(&capture(&mut script, CLIENT_DEADLINE)?.success()?)
}

fn mcp_remote_machine(stage: &Stage, lodge: &Lodge) -> anyhow::Result<String> {
    let client = serde_json::json!({ "client_id": "nightly", "client_secret": lodge.secret });
    let client = client.to_string();
    play(stage, lodge, "oauth_mcp_remote.mjs", &[&client], &[])
}

fn machine_by_secret(stage: &Stage, lodge: &Lodge) -> anyhow::Result<String> {
    let secret = [("SECRET", &lodge.secret)];
    play(
        stage,
        lodge,
        "oauth_machine.mjs",
        &["secret", "nightly"],
        &secret,
    )
}

fn machine_by_key(stage: &Stage, lodge: &Lodge) -> anyhow::Result<String> {
    let key = std::fs::read_to_string(&lodge.key)?;
    play(
        stage,
        lodge,
        "oauth_machine.mjs",
        &["key", "keyed"],
        &[("KEY", &key)],
    )
}

/// Lets a script connect and make the administrator's calls.
fn play(
    stage: &Stage,
    lodge: &Lodge,
    script: &str,
    arguments: &[&str],
    secrets: &[(&str, &String)],
) -> anyhow::Result<String> {
    let scratch = tempfile::tempdir_in(stage.scratch.path())?;
    let mut command = stage.npm.command("node");
    command
        .arg(script)
        .arg(lodge.node.url("127.0.0.1"))
        .args(arguments)
        .env("CALLS", stage.scratch.path().join("admin.json"))
        .env("SCRATCH", scratch.path())
        .envs(secrets.iter().copied());
    let printed = capture(&mut command, CLIENT_DEADLINE)?.success()?;
    let report: Report =
        serde_json::from_str(&printed).with_context(|| format!("no report in {printed:?}"))?;
    report.judge_part("admin", &stage.parts["admin"])?;
    Ok(format!("admin {:>14} tools", report.tools.len()))
}
