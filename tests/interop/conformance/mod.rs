//! The official MCP conformance suite, at both revisions on one URL.
//!
//! It runs twice: against the server with the suite's fixtures, where all that a revision scores must pass, and
//! against the plain server, where the scenarios that need no fixture must pass and every message of every
//! scenario must be valid against the schema of its revision. `tests/conformance/expected.toml` is the data.
//! Then it checks the authorization server, whose pages a script goes through as a person would.

mod expected;
mod report;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use xtask::command::capture;
use xtask::repository::Repository;
use xtask::toolbox::Npm;

use self::expected::Expected;
use self::report::Report;
use crate::node::Node;
use crate::transcripts;

/// How long a whole run of the suite may take; it takes some five seconds.
const SUITE_DEADLINE: Duration = Duration::from_mins(5);

/// Runs everything and prints a line for each run.
///
/// # Errors
/// Lists what failed, with the suite's words.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    let npm = Npm::ready(repository)?;
    let expected = Expected::read(&repository.root().join("tests/conformance/expected.toml"))?;
    let results = repository.fresh("conformance")?;
    let mut problems = Vec::new();

    let quiet = [("TIDEGATE_TELEMETRY__LOG__LEVEL", "warn")];
    let mut node = Node::start(
        repository,
        "tidegate-with-fixtures",
        "conformance-fixtures",
        &quiet,
    )?;
    for revision in expected.revisions() {
        let (report, required) = suite(&npm, &node, revision, &results.join("fixtures"))?;
        let summary = report.summary(&required);
        println!("conformance {revision}, with fixtures: {summary}");
        problems.extend(expected.judge_fixtures(revision, &report, &required));
        node.is_well()?;
    }
    drop(node);
    problems.extend(authorization(&npm, repository, &results)?);

    let mut node = Node::start(repository, "tidegate", "conformance-catalogue", &[])?;
    for revision in expected.revisions() {
        let (report, _) = suite(&npm, &node, revision, &results.join("catalogue"))?;
        let summary = expected.summary_of_catalogue(revision, &report);
        println!("conformance {revision}, own catalogue: {summary}");
        problems.extend(expected.judge_catalogue(revision, &report));
        node.is_well()?;
    }

    if problems.is_empty() {
        return Ok(());
    }
    let list = problems.join("\n- ");
    anyhow::bail!(
        "{} problems; results: {}, log: {}\n- {list}",
        problems.len(),
        results.display(),
        node.log().display()
    )
}

/// Runs the suite against the authorization server, and gives what is wrong.
fn authorization(
    npm: &Npm,
    repository: &Repository,
    results: &Path,
) -> anyhow::Result<Option<String>> {
    let own_tokens = [
        ("MCP_AUTH_ENABLED", "true"),
        // The suite looks for it, whether anything leads to the web here or not.
        ("TIDEGATE_OAUTH__CLIENT_DOCUMENTS__CHECK_URL", "off"),
    ];
    let mut node = Node::start(
        repository,
        "tidegate",
        "conformance-authorization",
        &own_tokens,
    )?;
    let (name, password) = node.first_administrator()?;
    node.keep_out(transcripts::PASSWORD, &password)?;
    let mut script = npm.command("node");
    script
        .args(["authorization.mjs", &node.origin("127.0.0.1")])
        .args(["--resource", &node.url("127.0.0.1"), "-o"])
        .arg(results.join("authorization"))
        .env("NAME", name)
        .env("PASSWORD", password);
    let captured = capture(&mut script, SUITE_DEADLINE)?;
    node.is_well()?;
    let told = format!("{}\n{}", captured.stdout, captured.stderr);
    let summary = told
        .lines()
        .rfind(|line| line.contains("passed"))
        .unwrap_or("no summary");
    println!("conformance, authorization server: {}", summary.trim());
    let has_passed = captured.status.success() && summary.contains(" 0 failed");
    Ok((!has_passed).then(|| format!("authorization server: {told}")))
}

/// Runs the suite, and gives what it found and the scenarios that the revision scores.
fn suite(
    npm: &Npm,
    node: &Node,
    revision: &str,
    results: &Path,
) -> anyhow::Result<(Report, BTreeSet<String>)> {
    let mut list = npm.bin("conformance");
    list.args(["list", "--server", "--requirements", revision]);
    let required = expected::required(&capture(&mut list, SUITE_DEADLINE)?.success()?);
    anyhow::ensure!(
        !required.is_empty(),
        "the suite requires nothing for {revision}"
    );

    let folder = results.join(revision);
    let mut server = npm.bin("conformance");
    // One scenario checks the Host header against the name of the loopback address.
    server
        .args([
            "server",
            "--url",
            &node.url("localhost"),
            "--requirements",
            revision,
            "-o",
        ])
        .arg(&folder);
    let captured = capture(&mut server, SUITE_DEADLINE)?;
    let report = Report::read(&folder)
        .with_context(|| format!("{}\n{}", captured.stdout, captured.stderr))?;
    Ok((report, required))
}
