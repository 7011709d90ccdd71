//! A private PostgreSQL server for one test run.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::ports::free_port;

/// How the files of a server are made.
const INITDB: [&str; 6] = [
    "-U",
    "postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
];
/// How long a server may take to accept connections.
const START_SECS: u32 = 30;
/// How often a server is started on another port when somebody took the free one first.
const MAX_STARTS: usize = 5;
/// Debian keeps the programs of each version apart, and out of `PATH`.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root; Debian's package makes this user.
const SERVER_USER: &str = "postgres";
/// How long a look for `psql` may take.
const QUERY_DEADLINE: Duration = Duration::from_mins(1);

/// A PostgreSQL server (12 or newer) on a free port of 127.0.0.1, with its files in a temporary folder
/// and nothing synced to disk. Plans are not compiled (`jit`): tables of a few rows that nobody analyzed are guessed to
/// be large, and compiling takes a hundred times longer than the query. The superuser is `postgres`, without a password.
/// Dropping it stops it.
#[derive(Debug)]
pub struct PostgresServer {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl PostgresServer {
    /// Starts a server and waits until it accepts connections.
    ///
    /// # Errors
    /// PostgreSQL is not installed (the error says what to install), or does not start.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("tidegate-postgres-")
            .tempdir()?;
        let mut server = Self {
            programs: programs()?,
            folder,
            port: 0,
        };
        // The server's user works in it.
        fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o777))?;
        server.make_data()?;
        let mut last = None;
        for _ in 0..MAX_STARTS {
            server.port = free_port();
            match server.launch() {
                Ok(()) => return Ok(server),
                Err(err) => last = Some(err),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("PostgreSQL was not started")))
    }

    /// Copies the files of an empty server, which are made by the first who needs them: `initdb` takes ten times
    /// as long.
    fn make_data(&self) -> Result<()> {
        let template = template(&self.programs)?;
        if !template.exists() {
            self.initialize()?;
            let made = self.folder.path().join("template");
            copy(&self.data(), &made)?;
            let renamed = fs::rename(&made, &template);
            // Somebody else may have been faster; the files are the same.
            if !template.exists() {
                renamed?;
            }
            return Ok(());
        }
        copy(&template, &self.data())
    }

    fn initialize(&self) -> Result<()> {
        let mut arguments = vec!["-D".into(), self.data().into()];
        arguments.extend(INITDB.map(OsString::from));
        self.run("initdb", &arguments).map(drop)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `postgresql://postgres@127.0.0.1:<port>/<database>`.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates an empty database and gives its URL.
    ///
    /// # Errors
    /// It exists already.
    pub fn create_database(&self, name: &str) -> Result<String> {
        self.execute("postgres", &format!("CREATE DATABASE \"{name}\""))?;
        Ok(self.url(name))
    }

    /// Runs SQL with `psql`, ending at the first error, and gives what it prints: rows without headers,
    /// `|` between columns, no new line at the end.
    ///
    /// # Errors
    /// A statement failed; the error has PostgreSQL's words.
    pub fn execute(&self, database: &str, sql: &str) -> Result<String> {
        let output = self.psql_command(database).arg("-c").arg(sql).output()?;
        text_of(output, "psql")
    }

    /// Runs a file of SQL with `psql`, likewise.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn load(&self, database: &str, file: &Path) -> Result<String> {
        let output = self.psql_command(database).arg("-f").arg(file).output()?;
        text_of(output, "psql")
    }

    /// Waits until a query of one value gives `expected`.
    ///
    /// # Errors
    /// It did not within a minute.
    pub fn eventually(&self, database: &str, sql: &str, expected: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let got = self.execute(database, sql)?;
            if got.trim() == expected {
                return Ok(());
            }
            if start.elapsed() > QUERY_DEADLINE {
                bail!("{sql} gives {:?}, not {expected:?}", got.trim());
            }
        }
    }

    /// Restarts the server at once, ending all connections in an orderly way (`pg_ctl restart -m fast`).
    ///
    /// # Errors
    /// It does not start again.
    pub fn restart_fast(&self) -> Result<()> {
        self.pg_ctl("fast", "restart")
    }

    /// Stops the server, ending all connections; [`Self::start_again`] starts it.
    ///
    /// # Errors
    /// It does not run.
    pub fn stop(&self) -> Result<()> {
        self.pg_ctl("fast", "stop")
    }

    /// Starts the server that was stopped, on the same port.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&self) -> Result<()> {
        self.launch()
    }

    /// Stops all of the server's processes where they are: it takes connections and says nothing.
    ///
    /// # Errors
    /// It does not run.
    pub fn pause(&self) -> Result<()> {
        // The postmaster first, so that it starts no process meanwhile.
        self.signal("-STOP", true)?;
        self.signal("-STOP", false)
    }

    /// Lets the server that was paused go on.
    ///
    /// # Errors
    /// It does not run.
    pub fn resume(&self) -> Result<()> {
        self.signal("-CONT", false)?;
        self.signal("-CONT", true)
    }

    fn signal(&self, signal: &str, to_postmaster: bool) -> Result<()> {
        let told = fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = told.lines().next().context("the server has no pid")?;
        let output = if to_postmaster {
            Command::new("kill").args([signal, pid]).output()?
        } else {
            Command::new("pkill").args([signal, "-P", pid]).output()?
        };
        text_of(output, "kill").map(drop)
    }

    fn pg_ctl(&self, mode: &str, command: &str) -> Result<()> {
        let arguments = [
            "-D".into(),
            self.data().into(),
            "-l".into(),
            self.folder.path().join("log").into(),
            "-w".into(),
            "-m".into(),
            mode.into(),
            command.into(),
        ];
        self.run("pg_ctl", &arguments).map(drop)
    }

    fn psql_command(&self, database: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-h", "127.0.0.1", "-U", "postgres", "-d", database])
            .arg("-p")
            .arg(self.port.to_string());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn launch(&self) -> Result<()> {
        let settings = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 \
             -c shared_buffers=32MB -c autovacuum=off -c jit=off",
            self.port
        );
        self.run(
            "pg_ctl",
            &[
                "-D".into(),
                self.data().into(),
                "-l".into(),
                self.folder.path().join("log").into(),
                "-w".into(),
                "-t".into(),
                START_SECS.to_string().into(),
                "-o".into(),
                settings.into(),
                "start".into(),
            ],
        )
        .map(drop)
    }

    /// Runs one of PostgreSQL's programs, as its user where we are root.
    fn run(&self, program: &str, arguments: &[OsString]) -> Result<String> {
        let mut command = as_server_user(&self.programs.join(program));
        // A server that inherits our pipe would keep it open, and us waiting for its end.
        let log = fs::File::create(self.folder.path().join(format!("{program}.out")))?;
        let status = command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .status()
            .with_context(|| format!("could not run {program}"))?;
        let said = fs::read_to_string(self.folder.path().join(format!("{program}.out")))?;
        if !status.success() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            bail!("{program} failed: {said}{log}");
        }
        Ok(said)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Fails only when the server is gone already.
        let _ = self.run(
            "pg_ctl",
            &[
                "-D".into(),
                self.data().into(),
                "-m".into(),
                "immediate".into(),
                "-w".into(),
                "stop".into(),
            ],
        );
    }
}

/// Where the files of an empty server are kept, in a folder that nobody else can write to. Another version of PostgreSQL
/// has a template of its own.
fn template(programs: &Path) -> Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let folder = std::env::temp_dir().join(format!("tidegate-templates-{user}"));
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    let is_ours = fs::symlink_metadata(&folder).is_ok_and(|found| {
        found.is_dir() && found.uid() == user && found.mode().trailing_zeros() >= 6
    });
    if !is_ours {
        made.with_context(|| format!("{} is not ours alone", folder.display()))?;
    }
    let changed = fs::metadata(programs.join("initdb"))?.mtime();
    let mut hasher = DefaultHasher::new();
    (programs, changed, INITDB).hash(&mut hasher);
    Ok(folder.join(format!("postgres-{:x}", hasher.finish())))
}

/// Copies a folder with its owners and modes.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let output = Command::new("cp").arg("-a").args([from, to]).output()?;
    text_of(output, "cp").map(drop)
}

/// A program, as PostgreSQL's user where we are root.
pub(crate) fn as_server_user(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid",
            SERVER_USER,
            "--regid",
            SERVER_USER,
            "--init-groups",
        ])
        .arg(program);
    command
}

fn text_of(output: Output, program: &str) -> Result<String> {
    if !output.status.success() {
        bail!(
            "{program} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// The folder of `initdb` and `pg_ctl`: of the newest version on Debian, else from `PATH`.
fn programs() -> Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_FOLDER)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").exists())
        .collect();
    versions.sort();
    if let Some((_, folder)) = versions.pop() {
        return Ok(folder);
    }
    let found = Command::new("pg_config").arg("--bindir").output();
    let folder = match found {
        Ok(output) if output.status.success() => {
            PathBuf::from(String::from_utf8(output.stdout)?.trim())
        }
        _ => PathBuf::new(),
    };
    if folder.join("initdb").exists() {
        return Ok(folder);
    }
    bail!("PostgreSQL is not installed: apt-get install postgresql");
}
