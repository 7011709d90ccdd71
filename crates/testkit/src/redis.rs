//! A private Redis server for one test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::ports::free_port;

/// How long a server may take to answer its first command.
const START_DEADLINE: Duration = Duration::from_secs(10);

/// How often a server is started on another port when somebody took the free one first.
const MAX_STARTS: usize = 5;

/// A `redis-server` (7.0 or newer) on a free port of 127.0.0.1, with its files in a temporary folder
/// and nothing written to disk. Dropping it kills it, paused or not.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    folder: TempDir,
    is_cluster: bool,
    /// Further arguments of its command line.
    arguments: Vec<String>,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// `redis-server` is not installed (the error says what to install), or does not start.
    pub fn start() -> Result<Self> {
        Self::start_as(false, Vec::new())
    }

    /// Starts a server with further arguments of its command line, such as `--requirepass`.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub fn start_with(arguments: &[&str]) -> Result<Self> {
        Self::start_as(false, arguments.iter().map(ToString::to_string).collect())
    }

    /// Starts a server that speaks TLS on a second port, which is returned too. `asks` says whether it wants a
    /// certificate of its clients.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub fn start_tls(certificates: &Certificates, asks: bool) -> Result<(Self, u16)> {
        let port = free_port();
        let path = |file: std::path::PathBuf| file.display().to_string();
        let arguments = [
            ("--tls-port", port.to_string()),
            ("--tls-ca-cert-file", path(certificates.ca())),
            ("--tls-cert-file", path(certificates.server())),
            ("--tls-key-file", path(certificates.server_key())),
            (
                "--tls-auth-clients",
                if asks { "yes" } else { "no" }.to_owned(),
            ),
        ];
        let arguments = arguments
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect();
        Ok((Self::start_as(false, arguments)?, port))
    }

    /// Starts a cluster of one node that owns every slot: it serves any client, and refuses commands
    /// and scripts whose keys lie in different slots.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub fn start_cluster() -> Result<Self> {
        Self::start_as(true, Vec::new())
    }

    fn start_as(is_cluster: bool, arguments: Vec<String>) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("tidegate-redis-")
            .tempdir()?;
        let mut server = Self {
            port: 0,
            folder,
            is_cluster,
            arguments,
            process: None,
        };
        let mut last = None;
        for _ in 0..MAX_STARTS {
            server.port = free_port();
            match server.run() {
                Ok(()) => return Ok(server),
                Err(err) => last = Some(err),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("redis-server was not started")))
    }

    /// `redis://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The TCP port, which stays the same over [`RedisServer::restart_empty`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the process without ending it (SIGSTOP): connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused server go on (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Kills the server (SIGKILL) and waits for its end: connections break, new ones are refused.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Both fail only when the process ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Kills the server if it runs, and starts it on the same port without any data.
    ///
    /// # Errors
    /// Something else took the port, or the server does not start.
    pub fn restart_empty(&mut self) -> Result<()> {
        self.kill();
        self.run()
    }

    /// Sends one command of words without spaces, and returns the raw start of the reply.
    ///
    /// # Errors
    /// The server does not answer within a second.
    pub fn command(&self, line: &str) -> Result<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        let mut reply = vec![0; 64 * 1024];
        let length = stream.read(&mut reply)?;
        Ok(String::from_utf8_lossy(&reply[..length]).into_owned())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let process = self.process.as_ref().context("redis-server does not run")?;
        let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("redis-server has no process id")?, signal)?;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.arguments);
        if self.is_cluster {
            // The nodes file of an earlier run would bring its slots back.
            let _ = std::fs::remove_file(self.folder.path().join("nodes.conf"));
            let bus_port = free_port().to_string();
            command.args(["--cluster-enabled", "yes", "--cluster-port", &bus_port]);
        }
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => bail!(
                "redis-server is not installed, and this test needs it (7.0 or newer): \
                 apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS)"
            ),
            Err(err) => return Err(err).context("could not start redis-server"),
        };
        self.process = Some(process);
        self.wait_for("PING", "+PONG")?;
        if self.is_cluster {
            self.command("CLUSTER ADDSLOTSRANGE 0 16383")?;
            self.wait_for("CLUSTER INFO", "cluster_state:ok")?;
        }
        Ok(())
    }

    fn wait_for(&mut self, command: &str, answer: &str) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            if self
                .command(command)
                .is_ok_and(|reply| reply.contains(answer))
            {
                return Ok(());
            }
            if let Some(status) = self
                .process
                .as_mut()
                .and_then(|process| process.try_wait().ok()?)
            {
                bail!("redis-server ended at once with {status}");
            }
            if Instant::now() > deadline {
                bail!("redis-server did not answer {command} within {START_DEADLINE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
