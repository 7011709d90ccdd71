//! Command line assistants that can tell whether they connect, without an account: for `--all`, as they are
//! large.

use xtask::command::capture;

use super::{CLIENT_DEADLINE, Stage};

pub(super) const CLAUDE_CODE: &str = "@anthropic-ai/claude-code@2.1.328";
const GEMINI_CLI: &str = "@google/gemini-cli@0.61.0";

/// Adds the server that asks for a token to an assistant, and lets it list its servers.
type Connect = fn(&Stage) -> anyhow::Result<String>;

/// By name.
pub(super) const AGENTS: [(&str, Connect); 2] =
    [("Claude Code", claude_code), ("Gemini CLI", gemini_cli)];

fn claude_code(stage: &Stage) -> anyhow::Result<String> {
    let (url, header) = (stage.guarded.url("127.0.0.1"), authorization(stage));
    let home = tempfile::tempdir_in(stage.scratch.path())?;
    let ask = |arguments: &[&str]| {
        let mut claude = stage.npm.extra(CLAUDE_CODE, "claude")?;
        claude
            .args(arguments)
            .env("HOME", home.path())
            .current_dir(home.path());
        capture(&mut claude, CLIENT_DEADLINE)?.success()
    };
    ask(&[
        "mcp",
        "add",
        "--transport",
        "http",
        "tidegate",
        &url,
        "--header",
        &header,
    ])?;
    is_connected(&ask(&["mcp", "list"])?)
}

fn gemini_cli(stage: &Stage) -> anyhow::Result<String> {
    let (url, header) = (stage.guarded.url("127.0.0.1"), authorization(stage));
    let home = tempfile::tempdir_in(stage.scratch.path())?;
    let ask = |arguments: &[&str]| {
        let mut gemini = stage.npm.extra(GEMINI_CLI, "gemini")?;
        gemini
            .args(arguments)
            .env("HOME", home.path())
            .env("GEMINI_CLI_TRUST_WORKSPACE", "true");
        let captured = capture(gemini.current_dir(home.path()), CLIENT_DEADLINE)?;
        // It prints its list on either stream.
        let stderr = captured.stderr.clone();
        captured.success().map(|stdout| stdout + &stderr)
    };
    ask(&[
        "mcp", "add", "-t", "http", "-s", "user", "-H", &header, "tidegate", &url,
    ])?;
    is_connected(&ask(&["mcp", "list"])?)
}

fn authorization(stage: &Stage) -> String {
    format!("Authorization: Bearer {}", stage.tokens["analyst"])
}

pub(super) fn is_connected(list: &str) -> anyhow::Result<String> {
    anyhow::ensure!(
        list.contains("Connected"),
        "it does not say Connected: {list}"
    );
    Ok("Connected".to_owned())
}
