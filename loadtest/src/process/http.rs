//! Single requests over fresh connections, where nothing is measured but the answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::address::LoopbackUrl;

const LIMIT: Duration = Duration::from_secs(30);

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: String,
}

/// `GET`.
///
/// # Errors
/// No connection, or no HTTP.
pub(crate) fn get(url: &LoopbackUrl, path: &str) -> anyhow::Result<Reply> {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        url.authority()
    );
    exchange(url, head.as_bytes())
}

/// `POST` with these headers.
///
/// # Errors
/// As [`get`].
pub(crate) fn post(
    url: &LoopbackUrl,
    path: &str,
    headers: &[(&'static str, String)],
    body: &str,
) -> anyhow::Result<Reply> {
    let mut request = head(url, path, headers, body.len());
    request.push_str("Connection: close\r\n\r\n");
    request.push_str(body);
    exchange(url, request.as_bytes())
}

/// The head of a POST, without the empty line that ends it.
pub(crate) fn head(
    url: &LoopbackUrl,
    path: &str,
    headers: &[(&'static str, String)],
    body_bytes: usize,
) -> String {
    use std::fmt::Write as _;
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {body_bytes}\r\n",
        url.authority()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head
}

fn exchange(url: &LoopbackUrl, request: &[u8]) -> anyhow::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&url.socket(), LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).context("the answer is not UTF-8")?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no end of its head")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("the answer has no status")?;
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        bail!("the answer is a stream");
    }
    Ok(Reply {
        status,
        body: body.to_owned(),
    })
}
