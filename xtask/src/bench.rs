//! The load test, which is a program of its own.

use xtask::command;
use xtask::repository::Repository;

/// Calls the load generator as it is deployed: a build that is not optimised would measure itself.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> anyhow::Result<()> {
    command::run(command::cargo(repository.root()).args([
        "build",
        "--profile=dist",
        "--locked",
        "-p",
        "tidegate-server",
    ]))?;
    command::run(
        command::cargo(repository.root())
            .args([
                "run",
                "--profile=dist",
                "--locked",
                "-p",
                "tidegate-loadtest",
                "--",
            ])
            .args(arguments),
    )
}
