//! Finished answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tidegate_store::{CacheKey, MAX_ANSWER_BYTES, ResponseCache, StoreError};
use tidegate_types::Clock;

use crate::expiring_lru::{ExpiringLru, Weigh, after};

/// What an entry costs besides its bytes.
const OVERHEAD_BYTES: usize = 128;

impl Weigh for Bytes {
    fn bytes(&self) -> usize {
        self.len() + OVERHEAD_BYTES
    }
}

pub(crate) struct MemoryCache {
    clock: Arc<dyn Clock>,
    answers: Mutex<ExpiringLru<CacheKey, Bytes>>,
}

impl MemoryCache {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_answers: usize, max_bytes: usize) -> Self {
        Self {
            clock,
            answers: Mutex::new(ExpiringLru::new(max_answers, max_bytes)),
        }
    }
}

#[async_trait::async_trait]
impl ResponseCache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>, StoreError> {
        let now = self.clock.unix_millis();
        Ok(self
            .answers
            .lock()
            .with(key, now, |answer, _| answer.clone()))
    }

    async fn put(&self, key: &CacheKey, answer: Bytes, ttl: Duration) -> Result<(), StoreError> {
        if answer.len() <= MAX_ANSWER_BYTES {
            let now = self.clock.unix_millis();
            self.answers
                .lock()
                .put(key.clone(), answer, after(now, ttl), now);
        }
        Ok(())
    }
}
