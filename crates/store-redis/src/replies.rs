//! Clients' answers to requests of the server: strings that expire and are taken once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidegate_store::{ClientReplies, SessionKey, StoreError};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::millis;

pub(crate) struct RedisReplies {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
}

impl RedisReplies {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self { redis, keys }
    }
}

#[async_trait::async_trait]
impl ClientReplies for RedisReplies {
    /// `SET … PX`: one round trip. Not repeated, since the first one may have been taken meanwhile.
    async fn put(
        &self,
        session: &SessionKey,
        request: &str,
        reply: Bytes,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let mut command = redis::cmd("SET");
        command
            .arg(self.keys.reply(session, request))
            .arg(&reply[..])
            .arg("PX")
            .arg(millis(ttl));
        self.redis
            .query(
                "keep a client's reply",
                Repeat::Never,
                Request::Command(command),
            )
            .await
    }

    /// `GETDEL`: one round trip.
    async fn take(&self, session: &SessionKey, request: &str) -> Result<Option<Bytes>, StoreError> {
        let mut command = redis::cmd("GETDEL");
        command.arg(self.keys.reply(session, request));
        self.redis
            .query(
                "take a client's reply",
                Repeat::Never,
                Request::Command(command),
            )
            .await
    }
}
