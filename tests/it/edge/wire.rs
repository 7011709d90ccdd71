use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Node, PATIENCE};

pub(crate) const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// A bare connection, for what no HTTP client would send.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn open(node: &Node) -> Self {
        Self(TcpStream::connect(node.address()).await.unwrap())
    }

    /// Sends; `false` when the other side has closed.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends `piece` again and again until the other side closes; how often it was sent.
    pub(crate) async fn trickle(&mut self, piece: &str, pause: Duration) -> u32 {
        let mut sent = 0;
        let mut answer = [0; 1024];
        loop {
            tokio::select! {
                read = self.0.read(&mut answer) => {
                    if read.is_err() || read.is_ok_and(|read| read == 0) {
                        return sent;
                    }
                }
                () = tokio::time::sleep(pause) => {
                    assert!(pause * sent < PATIENCE, "the connection is still open");
                    if self.0.write_all(piece.as_bytes()).await.is_err() {
                        return sent;
                    }
                    sent += 1;
                }
            }
        }
    }

    /// What comes until the head of an answer and its announced body are whole.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.read(true).await
    }

    /// `has_body`: not to HEAD, whose answer announces a body that does not come (RFC 9110 §9.3.2).
    async fn read(&mut self, has_body: bool) -> Answer {
        let mut bytes = Vec::new();
        let reading = async {
            loop {
                if let Some(answer) = Answer::parse(&bytes, has_body) {
                    return answer;
                }
                let mut more = [0; 4096];
                let read = self.0.read(&mut more).await.unwrap_or(0);
                assert!(
                    read > 0,
                    "closed after {:?}",
                    String::from_utf8_lossy(&bytes)
                );
                bytes.extend_from_slice(&more[..read]);
            }
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("an answer comes")
    }

    /// Waits until the other side closes.
    pub(crate) async fn closed(&mut self) {
        let reading = async {
            let mut rest = [0; 4096];
            while self.0.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the connection is closed");
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn parse(bytes: &[u8], has_body: bool) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let head = head.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let status = head.split(' ').nth(1)?.parse().ok()?;
        (!has_body || body.len() >= length).then(|| Self {
            status,
            head: head.clone(),
            body: body.to_owned(),
        })
    }
}

/// One request on a connection of its own. `headers` is whole lines, `Host` among them.
pub(crate) async fn send(node: &Node, start: &str, headers: &str, body: &str) -> Answer {
    let mut wire = Wire::open(node).await;
    let length = body.len();
    wire.send(format!(
        "{start} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ))
    .await;
    wire.read(!start.starts_with("HEAD ")).await
}

/// A POST of [`PING`] from this machine with other headers besides.
pub(crate) async fn ping(node: &Node, headers: &str) -> Answer {
    let headers = format!("Host: localhost\r\nContent-Type: application/json\r\n{headers}");
    send(node, "POST /mcp", &headers, PING).await
}
