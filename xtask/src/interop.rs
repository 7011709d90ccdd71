//! The checks of running nodes by programs of others, which are a program of the tests: `tests/interop`.

use std::process::Command;

use xtask::command;
use xtask::repository::Repository;

/// Runs one check as it was built last.
///
/// # Errors
/// It is not built, or it fails; it has printed why.
pub(crate) fn run(repository: &Repository, arguments: &[&str]) -> anyhow::Result<()> {
    let mut program = Command::new(repository.binary("tidegate-interop")?);
    command::run(program.args(arguments))
}
