//! Finished answers: strings that expire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidegate_store::{CacheKey, MAX_ANSWER_BYTES, ResponseCache, StoreError};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::millis;

pub(crate) struct RedisCache {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
}

impl RedisCache {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self { redis, keys }
    }
}

#[async_trait::async_trait]
impl ResponseCache for RedisCache {
    /// `GET`: one round trip.
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(self.keys.cache(key));
        self.redis
            .query(
                "read a cached answer",
                Repeat::Harmless,
                Request::Command(command),
            )
            .await
    }

    /// `SET … PX`: one round trip.
    async fn put(&self, key: &CacheKey, answer: Bytes, ttl: Duration) -> Result<(), StoreError> {
        if answer.len() > MAX_ANSWER_BYTES {
            return Ok(());
        }
        let mut command = redis::cmd("SET");
        command
            .arg(self.keys.cache(key))
            .arg(&answer[..])
            .arg("PX")
            .arg(millis(ttl));
        self.redis
            .query(
                "cache an answer",
                Repeat::Harmless,
                Request::Command(command),
            )
            .await
    }
}
