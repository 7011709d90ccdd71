use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};

use super::{Caller, eventually};

/// A node: a process of its own. Dropping it kills it, and shows the end of its log when the test fails.
pub(crate) struct Node {
    process: Child,
    log: PathBuf,
    address: String,
}

impl Node {
    /// Starts a process without waiting for it.
    pub(super) fn spawn(log: &Path, environment: &BTreeMap<String, String>) -> Self {
        let file = File::create(log).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_tidegate-with-fixtures"))
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Self {
            process,
            log: log.to_owned(),
            address: String::new(),
        }
    }

    /// Waits until the node serves.
    pub(super) async fn started(&mut self) {
        let address = eventually("the node starts", || {
            if let Some(status) = self.status() {
                panic!("the node ended with {status}:\n{}", self.log());
            }
            let log = self.log();
            let whole = log
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            let address = whole
                .filter_map(|line| line.strip_prefix("listening "))
                .map(|address| address.trim().to_owned())
                .next();
            std::future::ready(address)
        });
        self.address = address.await;
    }

    /// `127.0.0.1:<port>`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that the node has logged.
    pub(crate) fn log(&self) -> String {
        let mut log = String::new();
        File::open(&self.log)
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        log
    }

    /// Somebody without a token.
    pub(crate) fn anyone(&self) -> Caller {
        Caller::new(self.url())
    }

    /// A user of the workspace.
    pub(crate) fn as_user(&self, name: &str) -> Caller {
        self.anyone().user(name)
    }

    /// Ends the process at once (SIGKILL).
    pub(crate) fn kill(&mut self) {
        // Both fail only when the process ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Asks the process to end (SIGTERM).
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Stops the process without ending it (SIGSTOP): the kernel goes on to make connections.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a process that was stopped go on (SIGCONT).
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// How the process ended, or nothing while it runs.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// What `/readyz` answers; nothing when it cannot be asked.
    pub(crate) async fn readiness(&self) -> Option<StatusCode> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let reply = http.get(format!("{}/readyz", self.url())).send().await;
        reply.ok().map(|reply| reply.status())
    }

    /// A whole number of `/metrics`: the sum over all series of this name whose labels contain `labels`.
    /// Panics when there is none.
    pub(crate) async fn metric(&self, name: &str, labels: &str) -> u64 {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let reply = http.get(format!("{}/metrics", self.url())).send().await;
        let text = reply.unwrap().text().await.unwrap();
        let values: Vec<u64> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
            .filter(|(series, _)| series.split('{').next() == Some(name) && series.contains(labels))
            .map(|(_, value)| value.parse::<u64>().unwrap())
            .collect();
        assert!(!values.is_empty(), "no metric {name} of {labels:?}");
        values.iter().sum()
    }

    /// Resident memory in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib * 1024
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(6_000);
            let from = log.ceil_char_boundary(from);
            eprintln!("--- log of the node at {}\n{}", self.address, &log[from..]);
        }
    }
}
