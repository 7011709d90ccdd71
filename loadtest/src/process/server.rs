//! A server as a child process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use tidegate_testkit::ports::free_port;
use tidegate_types::ExposeSecret as _;

use super::{http, usage};
use crate::address::LoopbackUrl;
use crate::token::{AUDIENCE, ISSUER, TokenMint};

/// An embedded workspace that is made first takes a while.
const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// How Tidegate is set up to be measured: JWT, rights, limits, audit and metrics are on. The limits are
/// checked on every call and never reached.
#[derive(Debug, Clone)]
pub(crate) struct Setup(BTreeMap<&'static str, String>);

impl Setup {
    /// With everything on that production has on.
    pub(crate) fn new(data_dir: &Path, mint: &TokenMint, statsd: &str) -> Self {
        let mut settings: BTreeMap<&'static str, String> = [
            ("TIDEGATE_TELEMETRY__LOG__LEVEL", "warn"),
            ("TIDEGATE_AUTH__ENABLED", "true"),
            ("TIDEGATE_AUTH__JWT__ALGORITHM", "HS256"),
            ("TIDEGATE_AUTH__JWT__ISSUER", ISSUER),
            ("TIDEGATE_AUTH__JWT__AUDIENCE", AUDIENCE),
            ("TIDEGATE_LIMITS__TENANT__PER_MINUTE", "1000000000"),
            ("TIDEGATE_LIMITS__TENANT__BURST", "100000000"),
            ("TIDEGATE_LIMITS__USER__PER_MINUTE", "1000000000"),
            ("TIDEGATE_LIMITS__USER__BURST", "100000000"),
            ("TIDEGATE_LIMITS__CLIENT__PER_MINUTE", "1000000000"),
            ("TIDEGATE_LIMITS__CLIENT__BURST", "100000000"),
            ("TIDEGATE_LIMITS__TOOL__PER_MINUTE", "1000000000"),
            ("TIDEGATE_LIMITS__TOOL__BURST", "100000000"),
        ]
        .map(|(key, value)| (key, value.to_owned()))
        .into();
        settings.insert("TIDEGATE_DATA_DIR", data_dir.display().to_string());
        settings.insert(
            "TIDEGATE_AUTH__JWT__SECRET",
            mint.secret().expose_secret().to_owned(),
        );
        settings.insert("TIDEGATE_TELEMETRY__STATSD__ADDRESS", statsd.to_owned());
        Self(settings)
    }

    /// With an authorization server of its own and everything else as in [`Self::new`]. Its limits by address are out
    /// of the way, since everybody comes from one.
    pub(crate) fn with_own_tokens(data_dir: &Path) -> Self {
        const ROOM: &str = "100000000";
        let mut setup = Self::without_authentication(data_dir)
            .with("TIDEGATE_AUTH__ENABLED", "true")
            .with("TIDEGATE_OAUTH__REGISTRATION__PER_ADDRESS_PER_DAY", "1000");
        for key in [
            "TIDEGATE_OAUTH__LIMITS__AUTHORIZE__PER_MINUTE",
            "TIDEGATE_OAUTH__LIMITS__AUTHORIZE__BURST",
            "TIDEGATE_OAUTH__LIMITS__TOKEN__PER_MINUTE",
            "TIDEGATE_OAUTH__LIMITS__TOKEN__BURST",
            "TIDEGATE_OAUTH__LIMITS__TOKEN_OF_CLIENT__PER_MINUTE",
            "TIDEGATE_OAUTH__LIMITS__TOKEN_OF_CLIENT__BURST",
        ] {
            setup = setup.with(key, ROOM);
        }
        setup
    }

    /// As the development user, and everything else as in [`Self::new`].
    pub(crate) fn without_authentication(data_dir: &Path) -> Self {
        let mint = TokenMint::random();
        let Self(mut settings) = Self::new(data_dir, &mint, "");
        settings.retain(|key, _| !key.starts_with("TIDEGATE_AUTH__"));
        settings.insert("TIDEGATE_AUTH__DEVELOPMENT_USER", "admin".to_owned());
        Self(settings)
    }

    /// With one more setting.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.0.insert(key, value.into());
        self
    }

    /// Gives these settings and no others to a program: nothing of the caller's environment changes what is measured.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env_clear().envs(&self.0);
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    url: LoopbackUrl,
    started_in: Duration,
}

impl Server {
    /// Starts Tidegate and waits until it is ready.
    ///
    /// # Errors
    /// It does not start, or is not ready in time.
    pub(crate) fn tidegate(binary: &Path, setup: &Setup) -> anyhow::Result<Self> {
        let port = free_port();
        let mut command = Command::new(binary);
        setup.apply(&mut command);
        command
            .env("TIDEGATE_SERVER__PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self::start(command, port).with_context(|| format!("cannot start {}", binary.display()))
    }

    /// Starts Tidegate for the first time, and returns what it told the operator on standard error until it was ready.
    ///
    /// # Errors
    /// As [`Self::tidegate`].
    pub(crate) fn tidegate_and_its_words(
        binary: &Path,
        setup: &Setup,
    ) -> anyhow::Result<(Self, String)> {
        let port = free_port();
        let words = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(binary);
        setup.apply(&mut command);
        command
            .env("TIDEGATE_SERVER__PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(words.reopen()?);
        let started = Self::start(command, port);
        let words = std::fs::read_to_string(words.path())?;
        let server =
            started.with_context(|| format!("cannot start {}: {words}", binary.display()))?;
        Ok((server, words))
    }

    /// Starts the floor: this program again.
    ///
    /// # Errors
    /// As [`Self::tidegate`].
    pub(crate) fn floor() -> anyhow::Result<Self> {
        let port = free_port();
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["floor", "--port", &port.to_string()])
            .stdin(Stdio::null());
        Self::start(command, port).context("cannot start the floor")
    }

    fn start(mut command: Command, port: u16) -> anyhow::Result<Self> {
        let url = LoopbackUrl::of_port(port);
        let began = Instant::now();
        let child = command.spawn()?;
        let mut server = Self {
            child,
            url,
            started_in: Duration::ZERO,
        };
        while began.elapsed() < START_LIMIT {
            if http::get(&server.url, "/readyz").is_ok_and(|reply| reply.status == 200) {
                server.started_in = began.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("it ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("it was not ready in {} s", START_LIMIT.as_secs())
    }

    /// Where it listens.
    pub(crate) const fn url(&self) -> &LoopbackUrl {
        &self.url
    }

    /// From its start to its first 200 of `/readyz`.
    pub(crate) const fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its CPU time so far.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        usage::cpu_of_process(self.pid())
    }

    /// Its memory.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn rss_bytes(&self) -> anyhow::Result<u64> {
        usage::rss_bytes(self.pid())
    }

    /// Lets it end by itself, so that its data are whole for the next one.
    pub(crate) fn stop(mut self) {
        let pid = i32::try_from(self.pid())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let began = Instant::now();
        while began.elapsed() < STOP_LIMIT && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
