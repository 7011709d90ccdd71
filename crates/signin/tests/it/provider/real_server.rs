//! A node-oidc-provider of its own for each test.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// Where its package and lock files are.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc");

pub(crate) struct RealProvider {
    process: Child,
    port: u16,
    accounts: Value,
    methods: Vec<String>,
}

impl RealProvider {
    /// Starts it with these people (claims by their names), and the clients of [`clients`].
    pub(crate) fn start(accounts: Value) -> Self {
        let methods = ["client_secret_basic", "client_secret_post", "none"];
        Self::start_with(accounts, &methods)
    }

    /// As [`RealProvider::start`], for clients that prove who they are by these methods.
    pub(crate) fn start_with(accounts: Value, methods: &[&str]) -> Self {
        let port = free_port();
        let methods: Vec<String> = methods.iter().map(|method| (*method).to_owned()).collect();
        Self {
            process: run(port, &accounts, &methods),
            port,
            accounts,
            methods,
        }
    }

    pub(crate) fn issuer(&self) -> String {
        issuer_of(self.port)
    }

    /// Starts it again at the same place, with new keys and without memory.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.process = run(self.port, &self.accounts, &self.methods);
    }

    /// Starts it again with other claims.
    pub(crate) fn set_people(&mut self, accounts: Value) {
        self.accounts = accounts;
        self.restart();
    }

    pub(crate) fn stop(&mut self) {
        // Both fail only when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        self.stop();
    }
}

fn issuer_of(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn run(port: u16, accounts: &Value, methods: &[String]) -> Child {
    let settings = json!({
        "issuer": issuer_of(port),
        "port": port,
        "accounts": accounts,
        "clients": clients(methods),
        "methods": methods,
    });
    let mut process = Command::new("node")
        .arg("provider.mjs")
        .arg(settings.to_string())
        .current_dir(installed())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test starts node: install Node.js 20 or newer");
    let said = BufReader::new(process.stdout.take().unwrap()).lines();
    let is_listening = said.map_while(Result::ok).any(|line| line == "listening");
    assert!(is_listening, "node ended before it listened");
    process
}

/// `basic`, `post`, `public`, and `symmetric`, whose ID tokens are signed with its secret.
fn clients(methods: &[String]) -> Value {
    let client = |id: &str, method: &str, algorithm: &str| {
        let mut client = json!({
            "client_id": id,
            "token_endpoint_auth_method": method,
            "id_token_signed_response_alg": algorithm,
            "redirect_uris": ["https://tide.test/sign-in/real/callback"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        });
        if method != "none" {
            client["client_secret"] = json!("a secret: 100% + of 42 characters & more");
        }
        client
    };
    [
        ("basic", "client_secret_basic", "RS256"),
        ("post", "client_secret_post", "ES256"),
        ("public", "none", "ES256"),
        ("symmetric", "client_secret_basic", "HS256"),
    ]
    .into_iter()
    .filter(|(_, method, _)| methods.iter().any(|taken| taken == method))
    .map(|(id, method, algorithm)| client(id, method, algorithm))
    .collect()
}

/// The folder with the packages, installed once for each content of the lock file.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-provider");
        std::fs::create_dir_all(&folder).unwrap();
        // Each test is a process of its own; one of them installs.
        let lock = std::fs::File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
        let source = Path::new(SOURCE);
        let wanted = read(source, "package-lock.json");
        if read(&folder, "installed.json") != wanted {
            for name in ["package.json", "package-lock.json"] {
                std::fs::copy(source.join(name), folder.join(name)).unwrap();
            }
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(&folder)
                .output()
                .expect("this test installs oidc-provider with npm: apt-get install npm (Debian, Ubuntu)");
            let errors = String::from_utf8_lossy(&installed.stderr);
            assert!(installed.status.success(), "npm ci failed: {errors}");
            std::fs::write(folder.join("installed.json"), wanted).unwrap();
        }
        std::fs::copy(source.join("provider.mjs"), folder.join("provider.mjs")).unwrap();
        folder
    })
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
