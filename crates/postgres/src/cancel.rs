//! Telling a server to stop what a connection does (PostgreSQL manual §55.2.8).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{CancelToken, Client};

use crate::{Connector, Route};

/// A cancel request is one short connection; what it is to stop is over for us anyway.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tells the server to stop what a connection does.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    connector: Arc<Connector>,
    route: Route,
}

impl Canceller {
    /// Stops what runs on the connection of `client`, which `connector` made by this route.
    pub fn new(client: &Client, connector: Arc<Connector>, route: Route) -> Self {
        Self {
            token: client.cancel_token(),
            connector,
            route,
        }
    }

    /// Returns when the server was told, or cannot be within 5 s. Whether anything was stopped, nobody says.
    pub async fn cancel(&self) {
        let sent = self.connector.cancel(&self.token, &self.route);
        match tokio::time::timeout(TIMEOUT, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => tracing::debug!(error = %err, "could not cancel a statement"),
            Err(_) => tracing::debug!("cancelling a statement took too long"),
        }
    }
}

/// A stream that is closed only after the other side closed it, which servers do once they have passed a request to
/// cancel on. PgBouncer drops the request of a client that leaves before that; and without a pooler, a request that is
/// still under way could stop the statement after the one that it was meant for.
pub(crate) struct ClosedByServer<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for ClosedByServer<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClosedByServer<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut space = [0; 64];
        loop {
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut self.0).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                // It says nothing, and an end that is not orderly is an end as well.
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}
