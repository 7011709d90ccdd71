//! The pages in headless Chromium: `tests/browser`.

use std::time::Duration;

use xtask::command::capture;
use xtask::repository::Repository;
use xtask::toolbox::Npm;

/// How long all of it may take.
const DEADLINE: Duration = Duration::from_mins(10);

/// Runs every test file.
///
/// # Errors
/// What Node's test runner printed.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    let npm = Npm::for_browser(repository)?;
    let mut node = npm.command("node");
    node.args(["--test", "--test-concurrency=1"])
        .env("TIDEGATE_BINARY", repository.binary("tidegate")?);
    let printed = capture(&mut node, DEADLINE)?.success()?;
    let summary = printed
        .lines()
        .filter(|line| line.contains("pass ") || line.contains("fail "));
    for line in summary {
        println!(
            "pages in Chromium: {}",
            line.trim_start_matches(['#', 'ℹ', ' '])
        );
    }
    Ok(())
}
