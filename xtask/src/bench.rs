//! The load test, which is a program of its own.

use crate::command;
use crate::repository::Repository;

/// Calls the load generator in release, since a debug build would measure itself.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> anyhow::Result<()> {
    command::run(command::cargo(repository.root()).args([
        "build",
        "--release",
        "--locked",
        "-p",
        "tidegate-server",
    ]))?;
    command::run(
        command::cargo(repository.root())
            .args([
                "run",
                "--release",
                "--locked",
                "-p",
                "tidegate-loadtest",
                "--",
            ])
            .args(arguments),
    )
}
