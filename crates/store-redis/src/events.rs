//! The messages of SSE streams: Redis streams with ids `0-1`, `0-2`, … that expire.
//!
//! An entry has the fields `d`, the event's data, and `l`, present when the stream ends with it.

use std::sync::Arc;

use bytes::Bytes;
use redis::Script;
use tidegate_store::{
    EventId, EventPage, EventStore, Retention, StoreError, StoredEvent, StreamKey,
};

use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::{corrupt, millis};

/// An entry of a stream: its id, and its fields and values in turn.
pub(crate) type Entry = (String, Vec<Bytes>);

/// The number in an id `0-<n>`.
pub(crate) fn place(operation: &'static str, id: &str) -> Result<u64, StoreError> {
    id.strip_prefix("0-")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| corrupt(operation, "a stream's entry has an id that is not ours"))
}

/// The value of a field of an entry.
pub(crate) fn field<'a>(entry: &'a Entry, name: &str) -> Option<&'a Bytes> {
    entry
        .1
        .chunks_exact(2)
        .find(|pair| pair[0] == name.as_bytes())
        .map(|pair| &pair[1])
}

pub(crate) struct RedisEvents {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    read: Script,
}

impl RedisEvents {
    pub(crate) fn new(redis: Arc<Connections>, keys: Arc<Keys>) -> Self {
        Self {
            redis,
            keys,
            read: Script::new(include_str!("scripts/log_read.lua")),
        }
    }
}

fn event(operation: &'static str, entry: &Entry) -> Result<(EventId, StoredEvent), StoreError> {
    let id = EventId(place(operation, &entry.0)?);
    let data = field(entry, "d").ok_or_else(|| corrupt(operation, "an event has no data"))?;
    Ok((
        id,
        StoredEvent {
            data: data.clone(),
            is_last: field(entry, "l").is_some(),
        },
    ))
}

#[async_trait::async_trait]
impl EventStore for RedisEvents {
    /// `XADD … MAXLEN` and `PEXPIRE` in one transaction: one round trip. Not repeated, since the event
    /// would come twice.
    async fn append(
        &self,
        stream: &StreamKey,
        event: StoredEvent,
        retention: Retention,
    ) -> Result<EventId, StoreError> {
        const OPERATION: &str = "append an event";
        let key = self.keys.events(stream);
        let mut transaction = redis::pipe();
        transaction.atomic();
        transaction
            .cmd("XADD")
            .arg(&key)
            .arg("MAXLEN")
            .arg(retention.max_events.max(1))
            .arg("0-*")
            .arg("d")
            .arg(&event.data[..]);
        if event.is_last {
            transaction.arg("l").arg("1");
        }
        transaction
            .cmd("PEXPIRE")
            .arg(&key)
            .arg(millis(retention.ttl))
            .ignore();
        let (id,): (String,) = self
            .redis
            .query(OPERATION, Repeat::Never, Request::Transaction(transaction))
            .await?;
        Ok(EventId(place(OPERATION, &id)?))
    }

    /// One script: one round trip.
    async fn read(
        &self,
        stream: &StreamKey,
        after: EventId,
        limit: usize,
    ) -> Result<Option<EventPage>, StoreError> {
        const OPERATION: &str = "read events";
        let mut script = self.read.key(self.keys.events(stream));
        script.arg(after.0).arg(limit);
        let page: Option<(String, Vec<Entry>)> = self
            .redis
            .query(OPERATION, Repeat::Harmless, Request::Script(script))
            .await?;
        let Some((last, entries)) = page else {
            return Ok(None);
        };
        let events = entries
            .iter()
            .map(|entry| event(OPERATION, entry))
            .collect::<Result<Vec<_>, _>>()?;
        let has_gap = match events.first() {
            Some((first, _)) => first.0 > after.0.saturating_add(1),
            None => place(OPERATION, &last)? < after.0,
        };
        Ok(Some(EventPage { events, has_gap }))
    }

    /// `DEL`, one command a workspace: one round trip for the streams of one session.
    async fn remove(&self, streams: &[StreamKey]) -> Result<(), StoreError> {
        // Keys of two workspaces may lie in two slots of a cluster.
        for of_one in streams.chunk_by(|a, b| a.session.workspace == b.session.workspace) {
            let mut command = redis::cmd("DEL");
            for stream in of_one {
                command.arg(self.keys.events(stream));
            }
            let request = Request::Command(command);
            self.redis
                .query::<()>("remove events", Repeat::Harmless, request)
                .await?;
        }
        Ok(())
    }
}
