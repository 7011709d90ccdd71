//! Commands beside a node that runs: it follows them, and it runs them for others.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tidegate_testkit::ports::free_port;

const TIDEGATE: &str = env!("CARGO_BIN_EXE_tidegate");
const SERVICE_TOKEN: &str = "a service token of these tests' own";
/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node with an embedded manager in the folder.
struct Node {
    process: Child,
    port: u16,
    /// Kept open, for the node goes on writing.
    _log: BufReader<ChildStderr>,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Node {
    fn start(folder: &Path) -> Self {
        let port = free_port();
        let mut process = Command::new(TIDEGATE)
            .arg("serve")
            .env_clear()
            .env("TIDEGATE_DATA_DIR", folder)
            .env("TIDEGATE_MANAGER__URL", "embedded")
            .env(
                "TIDEGATE_MANAGER__SERVICE_TOKENS",
                format!("[{SERVICE_TOKEN:?}]"),
            )
            .env("TIDEGATE_SERVER__PORT", port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains("serving MCP at") {
            told.clear();
            assert_ne!(0, log.read_line(&mut told).unwrap(), "the node stopped");
        }
        let node = Self {
            process,
            port,
            _log: log,
        };
        assert_eq!(Some(200), node.status());
        node
    }

    /// The status of a `ping` in the embedded workspace.
    fn status(&self) -> Option<u16> {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let line = String::from_utf8_lossy(answer.get(..12)?).into_owned();
        line.strip_prefix("HTTP/1.1 ")?.parse().ok()
    }

    /// How long it takes until a ping has this status.
    fn until(&self, status: u16) -> Duration {
        let start = Instant::now();
        while self.status() != Some(status) {
            assert!(
                start.elapsed() < PATIENCE,
                "the node does not answer {status}"
            );
        }
        start.elapsed()
    }
}

fn run(folder: &Path, environment: &[(&str, String)], line: &str) -> Output {
    Command::new(TIDEGATE)
        .args(line.split_ascii_whitespace())
        .env_clear()
        .env("TIDEGATE_DATA_DIR", folder)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap()
}

fn done(output: &Output) -> Value {
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_running_node_follows_a_command_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    let embedded = [("TIDEGATE_MANAGER__URL", "embedded".to_owned())];
    for (line, status) in [
        (
            "flag set MCP_SERVICE_ENABLED off --workspace demo --json",
            403,
        ),
        (
            "flag clear MCP_SERVICE_ENABLED --workspace demo --json",
            200,
        ),
        ("workspace hibernate demo --json", 403),
        ("workspace wake demo --json", 200),
    ] {
        done(&run(folder.path(), &embedded, line));
        let took = node.until(status);
        assert!(took < Duration::from_secs(1), "{line}: {took:?}");
    }
}

#[test]
fn commands_run_on_another_nodes_manager_for_whoever_has_a_service_token() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path());
    let with = |token: &str| {
        [
            (
                "TIDEGATE_MANAGER__URL",
                format!("http://127.0.0.1:{}", node.port),
            ),
            ("TIDEGATE_MANAGER__TOKEN", token.to_owned()),
        ]
    };
    let remote = |line: &str| run(elsewhere.path(), &with(SERVICE_TOKEN), line);
    let made = done(&remote(
        "user add grace --workspace demo --role viewer --json",
    ));
    assert_eq!("viewer", made["memberships"][0]["role"]);
    let again = remote("user add grace --json");
    assert_eq!(Some(4), again.status.code());
    let embedded = [("TIDEGATE_MANAGER__URL", "embedded".to_owned())];
    let here = done(&run(folder.path(), &embedded, "user show grace --json"));
    assert_eq!(made["id"], here["id"]);

    let stranger = run(
        elsewhere.path(),
        &with("another token of more than thirty-two characters"),
        "user list --json",
    );
    assert_eq!(Some(1), stranger.status.code());
    let told = String::from_utf8_lossy(&stranger.stderr);
    assert!(told.contains("refused the service token"), "{told}");
    assert!(!told.contains("another token"), "{told}");
}
