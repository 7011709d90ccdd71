//! Connections that a slow client cannot hold: each request's head has a time limit, not only the first.
//!
//! actix's own limit covers the first request of a connection; the first byte of a later one ends its
//! keep-alive limit, and what follows may then come as slowly as the client likes ("slow loris"). It also looks at
//! its clock before it looks at the socket: after a process was frozen, it gives up connections whose requests have
//! long been there. Here what has come is read first, and only a client that is waited for runs out of time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::activity::Activity;
use crate::connections::OpenConnection;

/// What the connection waits for from its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// Nothing: a request runs.
    Nothing,
    /// The first byte of a request.
    Request,
    /// The rest of a head whose first bytes came when so many requests had begun.
    Head(u64),
}

/// A client's connection.
pub(crate) struct Connection {
    io: TcpStream,
    open: OpenConnection,
    activity: Arc<Activity>,
    waiting: Waiting,
    limit: Pin<Box<Sleep>>,
    head: Duration,
    idle: Duration,
    /// How many requests had begun when something was last written.
    answered: u64,
    /// Whether the client closed its side, or the connection broke.
    is_over: bool,
    /// Whether the client does not take what is written, so that a part of an answer may still have to go out.
    is_full: bool,
}

/// The answer to a request whose body cannot be read. actix takes chunks that are no chunks for an error of the
/// connection, and closes it without a word.
const UNREADABLE: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The answer to a head that does not end.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

impl Connection {
    /// Gives a head `head` to come, and the client `idle` between requests.
    pub(crate) fn new(io: TcpStream, open: OpenConnection, head: Duration, idle: Duration) -> Self {
        Self {
            io,
            open,
            activity: Arc::default(),
            waiting: Waiting::Nothing,
            limit: Box::pin(tokio::time::sleep(Duration::ZERO)),
            head,
            idle,
            answered: 0,
            is_over: false,
            is_full: false,
        }
    }

    /// Whether a request began that nothing was said to, though the client is there and the server goes on.
    fn owes_an_answer(&self) -> bool {
        let begun = self.activity.begun();
        begun > self.answered
            && !self.is_over
            && !self.open.is_asked_to_close()
            && !std::thread::panicking()
    }

    /// What goes on on it.
    pub(crate) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    /// Ends what is waited for too long; a client that began a head is told (RFC 9110 §15.5.9).
    fn give_up(&mut self) -> io::Error {
        if matches!(self.waiting, Waiting::Head(_)) && !self.owes_an_answer() && !self.is_full {
            // Who does not read does not get it.
            let _ = self.io.try_write(TOO_SLOW);
        }
        self.is_over = true;
        io::ErrorKind::TimedOut.into()
    }

    fn wait(&mut self, waiting: Waiting, limit: Duration, cx: &mut Context<'_>) {
        self.waiting = waiting;
        self.limit.as_mut().reset(Instant::now() + limit);
        // Registers who is to be woken; a limit that was just set is not over.
        let _ = self.limit.as_mut().poll(cx);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let is_running = this.activity.is_running();
        let begun = this.activity.begun();
        let is_complete = matches!(this.waiting, Waiting::Head(before) if before != begun);
        if is_running || is_complete {
            this.waiting = Waiting::Nothing;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.io).poll_read(cx, buffer);
        if read.is_pending()
            && this.waiting != Waiting::Nothing
            && this.limit.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(this.give_up()));
        }
        this.is_over |= match &read {
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if is_running {
            return read;
        }
        match (&read, this.waiting) {
            (Poll::Ready(Ok(())), Waiting::Nothing | Waiting::Request)
                if buffer.filled().len() > before =>
            {
                this.wait(Waiting::Head(begun), this.head, cx);
            }
            // Who connects wants something: the time for a first request begins at once.
            (Poll::Pending, Waiting::Nothing) if begun == 0 => {
                this.wait(Waiting::Request, this.head, cx);
            }
            (Poll::Pending, Waiting::Nothing) => this.wait(Waiting::Request, this.idle, cx),
            _ => {}
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.answered = this.activity.begun();
        let written = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.is_full = written.is_pending();
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.answered = this.activity.begun();
        let written = Pin::new(&mut this.io).poll_write_vectored(cx, parts);
        this.is_full = written.is_pending();
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.owes_an_answer() {
            // Who does not read does not get it.
            let _ = self.io.try_write(UNREADABLE);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::connections::Connections;

    const HEAD: Duration = Duration::from_secs(5);
    const IDLE: Duration = Duration::from_secs(80);

    async fn pair() -> (Connection, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let open = Connections::default().open();
        let connection = Connection::new(accepted.unwrap().0, open, HEAD, IDLE);
        (connection, client.unwrap())
    }

    /// Polls a read that finds nothing, so that its time begins.
    async fn finds_nothing(connection: &mut Connection) {
        let mut bytes = [0; 64];
        let mut read = std::pin::pin!(connection.read(&mut bytes));
        std::future::poll_fn(|cx| {
            assert!(read.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }

    async fn read(connection: &mut Connection) -> io::Result<String> {
        let mut bytes = [0; 64];
        let count = connection.read(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_while_the_process_was_frozen_is_read() {
        let (mut connection, mut client) = pair().await;
        finds_nothing(&mut connection).await;
        client.write_all(b"GET /healthz ").await.unwrap();
        connection.io.readable().await.unwrap();
        tokio::time::advance(Duration::from_mins(10)).await;
        assert_eq!("GET /healthz ", read(&mut connection).await.unwrap());

        // The head has its own time from then on, and what came of it counts in the same way.
        finds_nothing(&mut connection).await;
        client.write_all(b"HTTP/1.1\r\n\r\n").await.unwrap();
        connection.io.readable().await.unwrap();
        tokio::time::advance(Duration::from_mins(10)).await;
        assert_eq!("HTTP/1.1\r\n\r\n", read(&mut connection).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_on_a_new_connection_is_left_after_the_time_of_a_head() {
        let (mut connection, mut client) = pair().await;
        let begun = Instant::now();
        let left = read(&mut connection).await.unwrap_err();
        assert_eq!(io::ErrorKind::TimedOut, left.kind());
        // Time that is paused runs in whole milliseconds.
        assert_eq!(HEAD.as_secs(), begun.elapsed().as_secs());
        drop(connection);
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        assert_eq!("", said);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_end_is_answered_408() {
        let (mut connection, mut client) = pair().await;
        client.write_all(b"GET /healthz ").await.unwrap();
        assert_eq!("GET /healthz ", read(&mut connection).await.unwrap());
        let left = read(&mut connection).await.unwrap_err();
        assert_eq!(io::ErrorKind::TimedOut, left.kind());
        drop(connection);
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        assert!(
            said.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{said}"
        );
    }
}
