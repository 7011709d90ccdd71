//! Reading as slowly as a client can: through a small receive buffer, a few bytes at a time. A usual HTTP
//! client would read ahead, and the server would notice nothing.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::address::LoopbackUrl;
use crate::process::head;
use crate::scenario::SlowReading;

const RECEIVE_BUFFER_BYTES: u32 = 4096;
const LIMIT: Duration = Duration::from_mins(1);

/// A connection that takes little at a time.
///
/// # Errors
/// The server does not take it.
pub(crate) async fn connect(url: &LoopbackUrl) -> anyhow::Result<TcpStream> {
    let address = url.socket();
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    Ok(socket.connect(address).await?)
}

/// Posts, and reads the answer slowly. Returns its status and body.
///
/// # Errors
/// The connection ends early, or after a minute.
pub(super) async fn post(
    url: &LoopbackUrl,
    headers: &[(&'static str, String)],
    body: &str,
    reading: SlowReading,
) -> anyhow::Result<(u16, String)> {
    let request = format!(
        "{}Connection: close\r\n\r\n{body}",
        head(url, "/mcp", headers, body.len())
    );
    let exchange = async {
        let mut stream = connect(url).await?;
        stream.write_all(request.as_bytes()).await?;
        let (mut answer, mut some) = (Vec::new(), vec![0; reading.bytes.max(1)]);
        loop {
            let count = stream.read(&mut some).await?;
            if count == 0 {
                break;
            }
            answer.extend_from_slice(&some[..count]);
            tokio::time::sleep(Duration::from_millis(reading.pause_ms)).await;
        }
        anyhow::Ok(answer)
    };
    let answer = tokio::time::timeout(LIMIT, exchange)
        .await
        .context("no answer in time")??;
    let answer = String::from_utf8(answer).context("the answer is not UTF-8")?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer was cut off")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("the answer has no status")?;
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    ensure!(
        length.is_none_or(|length: usize| length == body.len()),
        "the answer was cut off"
    );
    Ok((status, body.to_owned()))
}
