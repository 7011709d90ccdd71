//! A Tidegate that runs while a check needs it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use xtask::repository::Repository;

use crate::transcripts::Recorder;

/// How long a node may take to serve, the making of the embedded workspace included: a debug build on a busy
/// machine is slow.
const START_DEADLINE: Duration = Duration::from_mins(2);

/// Said by `tidegate` in its log, and by the node of the tests on standard output.
const SIGNS: [&str; 2] = ["serving MCP at http://127.0.0.1:", "listening 127.0.0.1:"];

/// A server on a free port of 127.0.0.1 with an embedded workspace of its own. Dropping it ends it.
pub(crate) struct Node {
    process: Child,
    port: u16,
    log: PathBuf,
    binary: PathBuf,
    settings: Vec<(String, String)>,
    data: TempDir,
    /// Stands in front of it while transcripts are recorded.
    recorder: Option<Recorder>,
}

impl Node {
    /// Starts a binary and waits until it serves. Its log is kept as `<name>.log`.
    ///
    /// # Errors
    /// It is not built, ends, or does not serve in time; the error has its log.
    pub(crate) fn start(
        repository: &Repository,
        binary: &str,
        name: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let data = tempfile::Builder::new()
            .prefix("tidegate-interop-")
            .tempdir()?;
        let log = repository.cache("logs")?.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let path = repository.binary(binary)?;
        let settings: Vec<(String, String)> = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut command = command_of(&path, data.path(), &settings);
        command
            .env("TIDEGATE_SERVER__PORT", "0")
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        let process = command
            .spawn()
            .with_context(|| format!("could not start {binary}"))?;
        let mut node = Self {
            process,
            port: 0,
            log,
            binary: path,
            settings,
            data,
            recorder: None,
        };
        node.port = node.wait()?;
        node.recorder = Recorder::start(repository, name, binary, &node.settings, node.port)?;
        Ok(node)
    }

    /// `http://<host>:<port>/mcp`, where the host is a name of the loopback address.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("{}/mcp", self.origin(host))
    }

    /// `http://<host>:<port>`.
    pub(crate) fn origin(&self, host: &str) -> String {
        let recorder = self.recorder.as_ref();
        format!(
            "http://{host}:{}",
            recorder.map_or(self.port, Recorder::port)
        )
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Notes a value that a transcript must not keep, such as a token, and what stands in its place.
    ///
    /// # Errors
    /// The note cannot be written.
    pub(crate) fn keep_out(&self, placeholder: &str, value: &str) -> anyhow::Result<()> {
        match &self.recorder {
            Some(recorder) => recorder.keep_out(placeholder, value),
            None => Ok(()),
        }
    }

    /// The same program with the same settings, to manage the deployment while the node runs.
    pub(crate) fn command(&self) -> Command {
        command_of(&self.binary, self.data.path(), &self.settings)
    }

    /// Name and password of the administrator whom the first start made.
    ///
    /// # Errors
    /// It says nothing of one.
    pub(crate) fn first_administrator(&self) -> anyhow::Result<(String, String)> {
        let log = std::fs::read_to_string(&self.log)?;
        let told = |what: &str| {
            let line = log.lines().find_map(|line| line.trim().strip_prefix(what));
            line.map(|rest| rest.trim().to_owned())
        };
        told("user name ")
            .zip(told("password "))
            .with_context(|| format!("no administrator is told of in {}", self.log.display()))
    }

    /// Checks that the node still runs and has not logged a panic.
    ///
    /// # Errors
    /// It ended, or panicked; the error has its log.
    pub(crate) fn is_well(&mut self) -> anyhow::Result<()> {
        let log = std::fs::read_to_string(&self.log)?;
        if let Some(status) = self.process.try_wait()? {
            bail!("the server ended with {status}:\n{log}");
        }
        anyhow::ensure!(
            !log.contains("panicked at"),
            "the server panicked; its log: {}\n{log}",
            self.log.display()
        );
        Ok(())
    }

    fn wait(&mut self) -> anyhow::Result<u16> {
        let start = Instant::now();
        loop {
            let log = std::fs::read_to_string(&self.log)?;
            if let Some(port) = port_in(&log) {
                return Ok(port);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended at once with {status}:\n{log}");
            }
            if start.elapsed() > START_DEADLINE {
                bail!("the server did not serve within {START_DEADLINE:?}:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where it writes its log.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program with these settings and no others.
fn command_of(binary: &Path, data: &Path, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        // Settings of the caller's own node are not for this one.
        if ["TIDEGATE_", "MCP_"]
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(data)
        .env("TIDEGATE_DATA_DIR", data)
        .envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

/// The port in a log, once its line is complete.
fn port_in(log: &str) -> Option<u16> {
    let rest = SIGNS
        .iter()
        .find_map(|sign| log.split_once(sign).map(|(_, rest)| rest))?;
    let (line, _) = rest.split_once('\n')?;
    let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_once_its_line_is_complete() {
        assert_eq!(None, port_in("INFO starting\n"));
        assert_eq!(None, port_in("listening 127.0.0.1:37"));
        assert_eq!(Some(37203), port_in("listening 127.0.0.1:37203\n"));
        let log = "INFO starting\nINFO tidegate: serving MCP at http://127.0.0.1:5008/mcp address=x\nmore";
        assert_eq!(Some(5008), port_in(log));
    }
}
