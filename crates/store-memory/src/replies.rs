//! Clients' answers to requests of the server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tidegate_store::{ClientReplies, SessionKey, StoreError};
use tidegate_types::Clock;

use crate::expiring_lru::{ExpiringLru, after};

pub(crate) struct MemoryReplies {
    clock: Arc<dyn Clock>,
    waiting: Mutex<ExpiringLru<(SessionKey, String), Bytes>>,
}

impl MemoryReplies {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_replies: usize, max_bytes: usize) -> Self {
        Self {
            clock,
            waiting: Mutex::new(ExpiringLru::new(max_replies, max_bytes)),
        }
    }
}

#[async_trait::async_trait]
impl ClientReplies for MemoryReplies {
    async fn put(
        &self,
        session: &SessionKey,
        request: &str,
        reply: Bytes,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        let key = (session.clone(), request.to_owned());
        self.waiting.lock().put(key, reply, after(now, ttl), now);
        Ok(())
    }

    async fn take(&self, session: &SessionKey, request: &str) -> Result<Option<Bytes>, StoreError> {
        let now = self.clock.unix_millis();
        let key = (session.clone(), request.to_owned());
        Ok(self.waiting.lock().take(&key, now))
    }
}
