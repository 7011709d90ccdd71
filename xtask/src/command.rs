//! Runs other programs: cargo with its output on the screen, everything else with a deadline.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How often a program is asked whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// What `cargo run` tells this program about itself. Passed on, it would make build scripts that watch these
/// variables run again.
const OF_CARGO_RUN: [&str; 4] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
];

/// `cargo`, as if it were called from a shell in `folder`.
pub fn cargo(folder: &std::path::Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OF_CARGO_RUN.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Whether `cargo <name>` is there.
pub fn has_subcommand(name: &str) -> bool {
    let mut version = Command::new("cargo");
    version.args([name, "--version"]);
    capture(&mut version, Duration::from_secs(30)).is_ok_and(|captured| captured.status.success())
}

/// Runs a program with its output on the screen.
///
/// # Errors
/// It cannot be started, or ends with a failure.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    println!("$ {}", shown(command));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("could not start {}", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// What a program printed.
pub struct Captured {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Captured {
    /// Standard output when the program succeeded, and an error with all output otherwise.
    pub fn success(self) -> anyhow::Result<String> {
        if self.status.success() {
            return Ok(self.stdout);
        }
        bail!(
            "ended with {}\n{}\n{}",
            self.status,
            self.stdout.trim_end(),
            self.stderr.trim_end()
        )
    }
}

/// Runs a program and keeps its output. At the deadline it is killed with all that it started.
///
/// # Errors
/// It cannot be started, or does not end in time; the error has what it printed.
pub fn capture(command: &mut Command, deadline: Duration) -> anyhow::Result<Captured> {
    // Files, not pipes: a full pipe that nobody reads would stop the program.
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let name = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .process_group(0)
        .spawn()
        .with_context(|| format!("could not start {name}"))?;
    let status = wait(&mut child, deadline)?;
    // What it started and left behind ends with it.
    kill_group(&child);
    let (stdout, stderr) = (text_of(stdout)?, text_of(stderr)?);
    match status {
        Some(status) => Ok(Captured {
            status,
            stdout,
            stderr,
        }),
        None => bail!("`{name}` did not end within {deadline:?}\n{stdout}\n{stderr}"),
    }
}

fn wait(child: &mut Child, deadline: Duration) -> anyhow::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > deadline {
            kill_group(child);
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

fn kill_group(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Fails when nothing of the group is left.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn text_of(mut file: File) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The program and its arguments, long ones cut: tokens and SQL say little.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(shown_word).collect::<Vec<_>>().join(" ")
}

fn shown_word(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    match word.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_status_are_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let captured = capture(&mut command, Duration::from_secs(10)).unwrap();
        assert_eq!(
            (Some(3), "out\n", "err\n"),
            (captured.status.code(), &*captured.stdout, &*captured.stderr)
        );
        assert!(captured.success().unwrap_err().to_string().contains("err"));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_what_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]);
        let err = capture(&mut command, Duration::from_millis(500))
            .err()
            .unwrap()
            .to_string();
        let started = err.lines().nth(1).unwrap();
        let ended = || {
            let stat = std::fs::read_to_string(format!("/proc/{started}/stat"));
            // Z: dead, and its new parent has not looked yet.
            stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
        };
        let start = Instant::now();
        while !ended() {
            assert!(start.elapsed() < Duration::from_secs(10), "{err}");
        }
    }

    #[test]
    fn long_arguments_are_cut() {
        let mut command = Command::new("curl");
        command.arg("x".repeat(100));
        assert_eq!(format!("curl {}…", "x".repeat(60)), shown(&command));
    }
}
