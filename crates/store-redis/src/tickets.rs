//! Short-lived values of sign-in and authorization: strings that expire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::Script;
use tidegate_store::{MAX_TICKET_BYTES, StoreError, StoreErrorKind, TicketKind, TicketStore};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::millis;

pub(crate) struct RedisTickets {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    replace: Script,
}

impl RedisTickets {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            replace: Script::new(include_str!("scripts/ticket_replace.lua")),
        }
    }
}

fn check_size(operation: &'static str, value: &Bytes) -> Result<(), StoreError> {
    if value.len() > MAX_TICKET_BYTES {
        return Err(StoreError {
            operation,
            kind: StoreErrorKind::Unavailable,
            source: Some("the ticket is too large".into()),
        });
    }
    Ok(())
}

#[async_trait::async_trait]
impl TicketStore for RedisTickets {
    /// `SET … NX PX`: one round trip. Not repeated, since the second would find what the first put there.
    async fn issue(
        &self,
        kind: TicketKind,
        key: &str,
        value: Bytes,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "issue a ticket";
        check_size(OPERATION, &value)?;
        let mut command = redis::cmd("SET");
        command
            .arg(self.keys.ticket(kind, key))
            .arg(&value[..])
            .arg("NX")
            .arg("PX")
            .arg(millis(ttl));
        let set: Option<String> = self
            .redis
            .query(OPERATION, Repeat::Never, Request::Command(command))
            .await?;
        Ok(set.is_some())
    }

    /// `GET`: one round trip.
    async fn get(&self, kind: TicketKind, key: &str) -> Result<Option<Bytes>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(self.keys.ticket(kind, key));
        self.redis
            .query("read a ticket", Repeat::Harmless, Request::Command(command))
            .await
    }

    /// `GETDEL`: one round trip. Not repeated, since the first may have taken it.
    async fn take(&self, kind: TicketKind, key: &str) -> Result<Option<Bytes>, StoreError> {
        let mut command = redis::cmd("GETDEL");
        command.arg(self.keys.ticket(kind, key));
        self.redis
            .query("take a ticket", Repeat::Never, Request::Command(command))
            .await
    }

    /// One script: one round trip. Not repeated, since the second would find the new value.
    async fn replace(
        &self,
        kind: TicketKind,
        key: &str,
        old: &Bytes,
        new: Bytes,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "replace a ticket";
        check_size(OPERATION, &new)?;
        let mut script = self.replace.key(self.keys.ticket(kind, key));
        script.arg(&old[..]).arg(&new[..]).arg(millis(ttl));
        self.redis
            .query(OPERATION, Repeat::Never, Request::Script(script))
            .await
    }

    /// `PEXPIRE`: one round trip.
    async fn keep(&self, kind: TicketKind, key: &str, ttl: Duration) -> Result<bool, StoreError> {
        let mut command = redis::cmd("PEXPIRE");
        command.arg(self.keys.ticket(kind, key)).arg(millis(ttl));
        self.redis
            .query("keep a ticket", Repeat::Harmless, Request::Command(command))
            .await
    }

    /// `DEL`: one round trip.
    async fn remove(&self, kind: TicketKind, key: &str) -> Result<(), StoreError> {
        let mut command = redis::cmd("DEL");
        command.arg(self.keys.ticket(kind, key));
        self.redis
            .query(
                "remove a ticket",
                Repeat::Harmless,
                Request::Command(command),
            )
            .await
    }
}
