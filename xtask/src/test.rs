//! `cargo xtask test`: every check, cheapest first.

use xtask::command;
use xtask::repository::Repository;

use crate::steps::Steps;
use crate::{interop, layers, requirements, suites};

/// Runs every check, and ends at the first that fails.
pub(crate) fn run(repository: &Repository, quick: bool) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    let needed = if quick {
        requirements::QUICK
    } else {
        requirements::ALL
    };
    steps.step("what the tests need", "cargo xtask setup", || {
        requirements::ensure(needed, repository)
    })?;
    steps.step("format", "cargo fmt --all --check", || {
        cargo(repository, &["fmt", "--all", "--check"])
    })?;
    steps.step("layers", "cargo xtask check-layers", || {
        layers::check(repository)
    })?;
    let lint = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    steps.step("clippy", &format!("cargo {}", lint.join(" ")), || {
        cargo(repository, &lint)
    })?;
    steps.step(
        "documentation",
        "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps",
        || {
            let mut doc = command::cargo(repository.root());
            doc.args(["doc", "--locked", "--workspace", "--no-deps", "--quiet"]);
            command::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
        },
    )?;
    if command::has_subcommand("deny") {
        // Advisories need a database from the network, which a test run should not depend on.
        let deny = ["deny", "check", "bans", "licenses", "sources"];
        steps.step("dependencies", "cargo deny check", || {
            cargo(repository, &deny)
        })?;
    }
    steps.step("build", "cargo build --workspace --all-targets", || {
        suites::build(repository)
    })?;
    let alone = if quick {
        "cargo xtask test --quick"
    } else {
        "cargo nextest run --workspace"
    };
    steps.step("tests", alone, || suites::run(repository, quick))?;
    if !quick {
        steps.step("conformance", "cargo xtask conformance", || {
            interop::run(repository, &["conformance"])
        })?;
        steps.step("transcripts", "cargo xtask transcripts", || {
            interop::run(repository, &["transcripts"])
        })?;
        steps.step("pages", "cargo xtask browser", || {
            interop::run(repository, &["browser"])
        })?;
        steps.step("real clients", "cargo xtask clients", || {
            interop::run(repository, &["clients"])
        })?;
    }
    steps.finish();
    Ok(())
}

fn cargo(repository: &Repository, arguments: &[&str]) -> anyhow::Result<()> {
    command::run(command::cargo(repository.root()).args(arguments))
}
