//! Counts that start again after a while: hashes that expire.

use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use tidegate_store::{Counter, Counters, StoreError};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::millis;

pub(crate) struct RedisCounters {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    add: Script,
    read: Script,
}

impl RedisCounters {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            add: Script::new(include_str!("scripts/counter_add.lua")),
            read: Script::new(include_str!("scripts/counter_read.lua")),
        }
    }
}

#[async_trait::async_trait]
impl Counters for RedisCounters {
    /// One script: one round trip. Not repeated, since it would count twice.
    async fn add(&self, name: &str, window: Duration) -> Result<u64, StoreError> {
        let mut script = self.add.key(self.keys.counter(name));
        script.arg(millis(window));
        self.redis
            .query("add to a counter", Repeat::Never, Request::Script(script))
            .await
    }

    /// One script: one round trip.
    async fn read(&self, name: &str) -> Result<Option<Counter>, StoreError> {
        let script = self.read.key(self.keys.counter(name));
        let (count, since_millis): (u64, u64) = self
            .redis
            .query("read a counter", Repeat::Harmless, Request::Script(script))
            .await?;
        Ok((count > 0).then(|| Counter {
            count,
            since_last: Duration::from_millis(since_millis),
        }))
    }

    /// `DEL`: one round trip.
    async fn clear(&self, name: &str) -> Result<(), StoreError> {
        let mut command = redis::cmd("DEL");
        command.arg(self.keys.counter(name));
        self.redis
            .query(
                "clear a counter",
                Repeat::Harmless,
                Request::Command(command),
            )
            .await
    }
}
