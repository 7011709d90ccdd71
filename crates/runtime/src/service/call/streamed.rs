//! When a call's answer becomes a stream, and how that ends.

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::service::{Core, Outcome};

/// Ends when a call has run so long that its answer should be a stream. The time that it waits for a place to run
/// does not count, since it may still be refused, which needs a status.
pub(crate) async fn takes_long(core: &Core, has_started: &CancellationToken) {
    has_started.cancelled().await;
    tokio::time::sleep(core.settings.sse_after).await;
}

/// The final message of a call, for a stream that has begun.
pub(crate) async fn last_message(running: impl Future<Output = Outcome>) -> Bytes {
    running.await.into_message()
}
