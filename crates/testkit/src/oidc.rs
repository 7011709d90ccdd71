//! A real OpenID provider (node-oidc-provider, which is certified) of its own for each test, and as much of a browser as
//! its pages need.

mod browser;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

pub use browser::Browser;

use crate::ports::free_port;

/// Where its script, package and lock files are.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oidc");

/// The provider, which ends with this.
#[derive(Debug)]
pub struct OidcProvider {
    process: Child,
    port: u16,
    settings: Value,
}

impl OidcProvider {
    /// Starts it with settings, an object as `provider.mjs` describes it. Installs it first where that was not done.
    ///
    /// # Panics
    /// Node.js or npm is missing, or it does not start.
    pub fn start(settings: Value) -> Self {
        let port = free_port();
        Self {
            process: run(port, &settings),
            port,
            settings,
        }
    }

    /// Its identifier, at a free port of 127.0.0.1.
    pub fn issuer(&self) -> String {
        issuer_of(self.port)
    }

    /// Starts it again at the same place, with new keys and without memory.
    pub fn restart(&mut self) {
        self.stop();
        self.process = run(self.port, &self.settings);
    }

    /// Starts it again with another value of a setting.
    pub fn restart_with(&mut self, setting: &str, value: Value) {
        self.settings[setting] = value;
        self.restart();
    }

    /// Ends it.
    pub fn stop(&mut self) {
        // Both fail only when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        self.stop();
    }
}

fn issuer_of(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn run(port: u16, settings: &Value) -> Child {
    let mut settings = settings.clone();
    settings["issuer"] = json!(issuer_of(port));
    settings["port"] = json!(port);
    let mut process = Command::new("node")
        .arg("provider.mjs")
        .arg(settings.to_string())
        .current_dir(installed())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test starts node: install Node.js 22 or newer");
    let said = process.stdout.take().expect("its output is piped");
    let said = BufReader::new(said).lines();
    let is_listening = said.map_while(Result::ok).any(|line| line == "listening");
    assert!(is_listening, "node ended before it listened");
    process
}

/// The folder with the packages, installed once for each content of the lock file.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = scratch().join("oidc-provider");
        let installed = install(&folder);
        installed.unwrap_or_else(|err| panic!("oidc-provider could not be installed: {err}"));
        folder
    })
}

/// `target/tmp`, where the test's own program is below `target`.
fn scratch() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(std::env::temp_dir, |target| target.join("tmp"))
}

fn install(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    // Each test is a process of its own; one of them installs.
    let lock = std::fs::File::create(folder.join("lock"))?;
    lock.lock()?;
    let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    let source = Path::new(SOURCE);
    let wanted = read(source, "package-lock.json");
    if read(folder, "installed.json") != wanted {
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(source.join(name), folder.join(name))?;
        }
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(folder)
            .output()
            .expect(
                "this test installs oidc-provider with npm: apt-get install npm (Debian, Ubuntu)",
            );
        let errors = String::from_utf8_lossy(&installed.stderr);
        assert!(installed.status.success(), "npm ci failed: {errors}");
        std::fs::write(folder.join("installed.json"), wanted)?;
    }
    std::fs::copy(source.join("provider.mjs"), folder.join("provider.mjs"))?;
    Ok(())
}
