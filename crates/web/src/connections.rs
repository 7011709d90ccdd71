//! Open connections: a shutdown waits for the last one, and asks those to go that have no request.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

/// Counts connections from their first byte to their end.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: watch::Sender<usize>,
    are_idle_closed: watch::Sender<bool>,
}

impl Default for Connections {
    fn default() -> Self {
        Self(Arc::new(Inner {
            open: watch::Sender::new(0),
            are_idle_closed: watch::Sender::new(false),
        }))
    }
}

impl Connections {
    /// Counts one until the guard is dropped.
    pub(crate) fn open(&self) -> OpenConnection {
        self.0.open.send_modify(|count| *count += 1);
        OpenConnection(self.clone())
    }

    /// Closes connections without a request, and the others after their answer.
    pub fn close_idle(&self) {
        self.0.are_idle_closed.send_replace(true);
    }

    /// Ends when idle connections are to be closed.
    pub(crate) fn until_idle_close(&self) -> impl Future<Output = ()> + use<> {
        let mut are_idle_closed = self.0.are_idle_closed.subscribe();
        async move {
            // The sender lives as long as anybody who could close; without it nobody does.
            if are_idle_closed.wait_for(|closed| *closed).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until none is open.
    pub async fn none(&self) {
        // The sender is ours, so the wait cannot fail.
        let _ = self.0.open.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct OpenConnection(Connections);

impl OpenConnection {
    /// Whether the server closes its connections.
    pub(crate) fn is_asked_to_close(&self) -> bool {
        *self.0.0.are_idle_closed.borrow()
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.open.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn there_is_none_when_the_last_one_is_gone() {
        let connections = Connections::default();
        connections.none().await;
        let (first, second) = (connections.open(), connections.open());
        drop(first);
        assert!(connections.none().now_or_never().is_none());
        drop(second);
        connections.none().await;
    }

    #[tokio::test]
    async fn those_that_come_later_are_closed_as_well() {
        let connections = Connections::default();
        let before = connections.until_idle_close();
        assert!(connections.until_idle_close().now_or_never().is_none());
        connections.close_idle();
        before.await;
        connections.until_idle_close().await;
    }
}
