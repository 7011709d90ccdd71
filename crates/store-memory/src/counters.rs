//! Counts that start again after a while.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_store::{Counter, Counters, StoreError};
use tidegate_types::Clock;

use crate::expiring_lru::{ExpiringLru, Weigh, after};

struct Count {
    so_far: u64,
    last_millis: i64,
    name_bytes: usize,
}

impl Weigh for Count {
    fn bytes(&self) -> usize {
        self.name_bytes
    }
}

pub(crate) struct MemoryCounters {
    clock: Arc<dyn Clock>,
    counts: Mutex<ExpiringLru<String, Count>>,
}

impl MemoryCounters {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_counters: usize, max_bytes: usize) -> Self {
        Self {
            clock,
            counts: Mutex::new(ExpiringLru::new(max_counters, max_bytes)),
        }
    }
}

#[async_trait::async_trait]
impl Counters for MemoryCounters {
    async fn add(&self, name: &str, window: Duration) -> Result<u64, StoreError> {
        let now = self.clock.unix_millis();
        let name = name.to_owned();
        let expires = after(now, window);
        let mut counts = self.counts.lock();
        let counted = counts.with(&name, now, |count, expires_millis| {
            count.so_far = count.so_far.saturating_add(1);
            count.last_millis = now;
            *expires_millis = expires;
            count.so_far
        });
        if let Some(count) = counted {
            return Ok(count);
        }
        let first = Count {
            so_far: 1,
            last_millis: now,
            name_bytes: name.len(),
        };
        counts.put(name, first, expires, now);
        Ok(1)
    }

    async fn read(&self, name: &str) -> Result<Option<Counter>, StoreError> {
        let now = self.clock.unix_millis();
        let counts = self.counts.lock();
        Ok(counts.peek(&name.to_owned(), now).map(|count| {
            let since = u64::try_from(now.saturating_sub(count.last_millis)).unwrap_or(0);
            Counter {
                count: count.so_far,
                since_last: Duration::from_millis(since),
            }
        }))
    }

    async fn clear(&self, name: &str) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        self.counts.lock().take(&name.to_owned(), now);
        Ok(())
    }
}
