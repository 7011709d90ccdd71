//! `cargo xtask test --systems`: against the whole of other systems, which take minutes to install and to start. An hour at
//! the most; run before a release.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use xtask::command::{self, capture};
use xtask::repository::Repository;
use xtask::toolbox::once;

use crate::steps::Steps;
use crate::{interop, requirements, suites};

const SUPERSET: [&str; 5] = [
    "apache-superset==6.1.0",
    // Imported by its rights and by SQL Lab, and named by none of its requirements.
    "cachetools",
    "flask-caching==2.3.1",
    "psycopg2-binary",
    "rich",
];
const INSTALL_DEADLINE: Duration = Duration::from_mins(15);
const COMPOSE_DEADLINE: Duration = Duration::from_mins(20);

/// Runs every check of this tier, and ends at the first that fails.
///
/// # Errors
/// What failed, with the command that repeats it alone.
pub(crate) fn run(repository: &Repository) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.step(
        "what the systems tests need",
        "cargo xtask setup --systems",
        || {
            requirements::ensure(requirements::ALL, repository)?;
            requirements::ensure(requirements::SYSTEMS, repository)
        },
    )?;
    steps.step("build", "cargo build --workspace --all-targets", || {
        suites::build(repository)
    })?;
    let alone = "TIDEGATE_SUPERSET=… cargo nextest run -p tidegate-tests --profile systems --run-ignored only";
    steps.step("systems", alone, || {
        let superset = install_superset(repository)?;
        let mut nextest = command::cargo(repository.root());
        nextest
            .args([
                "nextest",
                "run",
                "--locked",
                // With everything's features, as it was built.
                "--workspace",
                // Other packages have ignored tests that are parts of others.
                "--filterset=package(tidegate-tests)",
                "--no-fail-fast",
            ])
            .args(["--profile", "systems", "--run-ignored", "only"])
            .env("TIDEGATE_SUPERSET", superset);
        command::run(&mut nextest)
    })?;
    steps.step("all clients", "cargo xtask clients --all", || {
        interop::run(repository, &["clients", "--all"])
    })?;
    steps.step(
        "the set-up of Compose, natively",
        "tests/compose/native.sh",
        || {
            let mut script = Command::new("bash");
            script
                .arg("tests/compose/native.sh")
                .current_dir(repository.root())
                .env("TIDEGATE_BINARY", repository.binary("tidegate")?);
            capture(&mut script, COMPOSE_DEADLINE)?.success().map(drop)
        },
    )?;
    steps.finish();
    Ok(())
}

/// A Superset in a Python of its own below the target folder; gives its program.
fn install_superset(repository: &Repository) -> anyhow::Result<PathBuf> {
    let folder = repository.cache("superset")?;
    once(&folder.join(".installed"), &SUPERSET.join(" "), || {
        println!("pip install: Superset");
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&folder);
        capture(&mut venv, INSTALL_DEADLINE)?.success()?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .args(SUPERSET);
        capture(&mut pip, INSTALL_DEADLINE)?.success().map(drop)
    })?;
    Ok(folder.join("bin/superset"))
}
