use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tidegate_testkit::ports::free_port;

use super::{Caller, Node, eventually};

/// An nginx that sends each request to the next node, without stickiness and without retries.
pub(crate) struct Nginx {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Nginx {
    /// Starts it in front of these nodes.
    pub(crate) async fn start(nodes: &[Node]) -> Self {
        let (folder, port) = place();
        let servers = nodes.iter().fold(String::new(), |mut servers, node| {
            write!(servers, "server {};", node.address()).unwrap();
            servers
        });
        let path = folder.path().display();
        // One worker, so that the turns are strict.
        let configuration = format!(
            "daemon off; worker_processes 1; pid {path}/pid; error_log {path}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{\n\
               access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
               fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n\
               upstream nodes {{ {servers} }}\n\
               server {{\n\
                 listen 127.0.0.1:{port};\n\
                 location / {{\n\
                   proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
                   proxy_set_header Host $http_host; proxy_buffering off; proxy_read_timeout 60s;\n\
                   proxy_next_upstream off;\n\
                 }}\n\
               }}\n\
             }}\n"
        );
        Self::run(folder, port, &configuration).await
    }

    /// Starts it with the configuration that is shipped, with addresses in the place of Docker's names.
    pub(crate) async fn start_shipped(nodes: &[Node]) -> Self {
        let (folder, port) = place();
        let path = folder.path().display();
        let shipped = include_str!("../../../deploy/nginx/nginx.conf");
        let mut configuration = String::from("daemon off;\n");
        for line in shipped.lines() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("resolver ") || trimmed.starts_with("zone ") {
                continue;
            }
            if let Some(rest) = trimmed.strip_prefix("server tidegate:5008 resolve ") {
                for node in nodes {
                    writeln!(configuration, "server {} {rest}", node.address()).unwrap();
                }
                continue;
            }
            let line = line
                .replace("/tmp/", &format!("{path}/"))
                .replace("/dev/stdout", &format!("{path}/access.log"))
                .replace("error_log stderr", &format!("error_log {path}/error.log"))
                .replace("listen 8080", &format!("listen 127.0.0.1:{port}"))
                .replace("worker_connections 16384", "worker_connections 1024");
            configuration.push_str(&line);
            configuration.push('\n');
        }
        Self::run(folder, port, &configuration).await
    }

    async fn run(folder: TempDir, port: u16, configuration: &str) -> Self {
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let process = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed: apt-get install nginx-light");
        let nginx = Self {
            process,
            port,
            folder,
        };
        eventually("nginx listens", async || {
            tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .ok()
        })
        .await;
        nginx
    }

    /// What it says about errors.
    pub(crate) fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    /// A user behind it.
    pub(crate) fn as_user(&self, name: &str) -> Caller {
        Caller::new(format!("http://127.0.0.1:{}", self.port)).user(name)
    }
}

/// Where its files go, and a free port.
fn place() -> (TempDir, u16) {
    let folder = tempfile::Builder::new()
        .prefix("tidegate-nginx-")
        .tempdir()
        .unwrap();
    (folder, free_port())
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM, since the master has a worker to take along.
        let pid = i32::try_from(self.process.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}
