//! The way from a running call to its client: a bounded queue that never makes the call wait.

use bytes::Bytes;
use tokio::sync::mpsc;

/// How many messages of one call may wait for the client.
pub(crate) const OUTLET_CAPACITY: usize = 64;

/// A message that may be lost is, above this size: so what waits for a client has a bound in bytes.
const MAX_LOSSY_BYTES: usize = 64 * 1024;

/// What a running call sends before its result.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A notification or a request of the server.
    Message(Bytes),
    /// Let the client poll (SEP-1699).
    CloseConnection,
}

/// Sends to the client of one call.
#[derive(Debug, Clone)]
pub(crate) struct Outlet(mpsc::Sender<Outgoing>);

/// What arrives from a running call.
pub(crate) type Inlet = mpsc::Receiver<Outgoing>;

impl Outlet {
    /// Both ends.
    pub(crate) fn new() -> (Self, Inlet) {
        let (sender, receiver) = mpsc::channel(OUTLET_CAPACITY);
        (Self(sender), receiver)
    }

    /// Sends what may be lost: progress, logs. `false` when it is too large, or the client reads too slowly
    /// or is gone.
    pub(crate) fn try_send(&self, message: Bytes) -> bool {
        message.len() <= MAX_LOSSY_BYTES && self.0.try_send(Outgoing::Message(message)).is_ok()
    }

    /// Sends what must arrive. `false` when the client is gone.
    pub(crate) async fn send(&self, message: Bytes) -> bool {
        self.0.send(Outgoing::Message(message)).await.is_ok()
    }

    /// Asks for the connection to be closed, the stream to live on.
    pub(crate) fn close_connection(&self) {
        // A full queue means that the client is far behind; it will not miss the pause.
        let _ = self.0.try_send(Outgoing::CloseConnection);
    }
}
