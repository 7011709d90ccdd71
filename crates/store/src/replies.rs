use std::time::Duration;

use bytes::Bytes;

use crate::{SessionKey, StoreError};

/// Clients' answers to requests of the server (elicitation, sampling, roots), posted to any node and
/// awaited on one.
///
/// Redis: string `tg:{<workspace>}:reply:<user>:<session>:<request>`, expiring; taken with `GETDEL`.
#[async_trait::async_trait]
pub trait ClientReplies: Send + Sync {
    /// Keeps the reply until it is taken or `ttl` is over, in the place of an earlier one that was
    /// not taken.
    async fn put(
        &self,
        session: &SessionKey,
        request: &str,
        reply: Bytes,
        ttl: Duration,
    ) -> Result<(), StoreError>;

    /// Removes and returns the reply, at most once across all nodes.
    async fn take(&self, session: &SessionKey, request: &str) -> Result<Option<Bytes>, StoreError>;
}
