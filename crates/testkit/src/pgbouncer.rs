//! A PgBouncer between a test and its PostgreSQL.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::ports::free_port;
use crate::postgres::as_server_user;

const START_DEADLINE: Duration = Duration::from_secs(10);
/// Debian keeps it out of the `PATH` of users.
const DEBIAN_PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A PgBouncer in transaction mode on a free port of 127.0.0.1: each transaction gets another of a few connections to
/// the server. Dropping it ends it.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    process: Child,
    folder: TempDir,
}

impl PgBouncer {
    /// Starts one before the server on a port of 127.0.0.1. `settings` are further lines of its section `[pgbouncer]`.
    ///
    /// # Errors
    /// PgBouncer is not installed (the error says what to install), or does not start.
    pub fn start(server_port: u16, settings: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("tidegate-pgbouncer-")
            .tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let port = free_port();
        let users = folder.path().join("users");
        fs::write(&users, "\"postgres\" \"\"\n")?;
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 3\n\
             {settings}\n",
            users.display(),
        );
        fs::write(&file, text)?;
        let program = Path::new(DEBIAN_PROGRAM);
        let program = if program.exists() {
            program
        } else {
            Path::new("pgbouncer")
        };
        let log = fs::File::create(folder.path().join("log"))?;
        let started = as_server_user(program)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        let process = started.context("pgbouncer is not installed: apt-get install pgbouncer")?;
        let mut bouncer = Self {
            port,
            process,
            folder,
        };
        bouncer.wait()?;
        Ok(bouncer)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `postgresql://postgres@127.0.0.1:<port>/<database>`.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.process.try_wait()? {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("pgbouncer ended with {status}: {log}");
            }
            if begun.elapsed() > START_DEADLINE {
                bail!("pgbouncer does not listen");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // Both fail only when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
