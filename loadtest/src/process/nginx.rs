//! nginx in front of several nodes, each request to the next one.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::address::LoopbackUrl;

const START_LIMIT: Duration = Duration::from_secs(10);

/// A running nginx; killed when dropped.
pub(super) struct Nginx {
    child: Child,
    url: LoopbackUrl,
    _folder: TempDir,
}

impl Nginx {
    /// Starts it with connections to the nodes that are kept open.
    ///
    /// # Errors
    /// It is not installed or does not start.
    pub(super) fn start<'u>(nodes: impl Iterator<Item = &'u LoopbackUrl>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut servers = String::new();
        for node in nodes {
            write!(servers, "server {} max_fails=0;", node.socket())?;
        }
        let path = folder.path().display();
        let configuration = format!(
            "daemon off; worker_processes 1; pid {path}/pid; error_log {path}/error.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n\
               access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
               fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n\
               upstream nodes {{ {servers} keepalive 32; }}\n\
               server {{\n\
                 listen 127.0.0.1:{port}; keepalive_requests 1000000;\n\
                 location / {{\n\
                   proxy_pass http://nodes; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
                   proxy_set_header Host $http_host; proxy_buffering off;\n\
                 }}\n\
               }}\n\
             }}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let child = Command::new("nginx")
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
            .context("nginx is not installed: apt-get install nginx-light")?;
        let nginx = Self {
            child,
            url: LoopbackUrl::of_port(port),
            _folder: folder,
        };
        let began = Instant::now();
        while TcpStream::connect(nginx.url.socket()).is_err() {
            if began.elapsed() > START_LIMIT {
                bail!("nginx did not listen within {START_LIMIT:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }

    pub(super) const fn url(&self) -> &LoopbackUrl {
        &self.url
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM reaches its worker as well.
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
