//! Reachability.

use std::sync::Arc;

use tidegate_store::{StoreError, StoreHealth};

use crate::connections::{Connections, Repeat, Request};

pub(crate) struct RedisHealth {
    redis: Arc<Connections>,
}

impl RedisHealth {
    pub(crate) fn new(redis: Arc<Connections>) -> Self {
        Self { redis }
    }
}

#[async_trait::async_trait]
impl StoreHealth for RedisHealth {
    /// `PING`.
    async fn ping(&self) -> Result<(), StoreError> {
        let request = Request::Command(redis::cmd("PING"));
        self.redis
            .query("ping redis", Repeat::Harmless, request)
            .await
    }
}
