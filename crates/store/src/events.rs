use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{StoreError, StreamKey};

/// Names one SSE stream within its session: 1 to 40 of a-z, 0-9 and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamId(String);

impl StreamId {
    /// The stream's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err("a stream id has 1 to 40 of a-z, 0-9 and -")
        }
    }
}

impl TryFrom<String> for StreamId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(id: StreamId) -> String {
        id.0
    }
}

/// The place of an event in its stream: 1, 2, 3, … without gaps while the stream lives.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl EventId {
    /// Before the first event.
    pub const START: Self = Self(0);
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// A JSON-RPC message, or empty for a priming event.
    pub data: Bytes,
    /// Whether the stream ends with this event.
    pub is_last: bool,
}

/// How much of a stream is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Older events are dropped above this number.
    pub max_events: usize,
    /// A stream without a new event for so long is gone.
    pub ttl: Duration,
}

/// Events after a place in a stream, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events, oldest first.
    pub events: Vec<(EventId, StoredEvent)>,
    /// Whether events between the place asked for and the first one here were dropped, or the stream
    /// ends before that place.
    pub has_gap: bool,
}

/// The messages of SSE streams, kept so that a client resumes on any node (`Last-Event-ID`).
///
/// Redis: stream `tg:{<workspace>}:events:<user>:<session>:<stream>`, ids `0-<n>` (Redis 7 or newer
/// counts them), `MAXLEN`, expiring.
#[async_trait::async_trait]
pub trait EventStore: Send + Sync {
    /// Appends an event and returns its place.
    async fn append(
        &self,
        stream: &StreamKey,
        event: StoredEvent,
        retention: Retention,
    ) -> Result<EventId, StoreError>;

    /// Up to `limit` events after `after`. `None`: no such stream, or it expired.
    async fn read(
        &self,
        stream: &StreamKey,
        after: EventId,
        limit: usize,
    ) -> Result<Option<EventPage>, StoreError>;

    /// Drops all streams of the session that `stream`s name.
    async fn remove(&self, streams: &[StreamKey]) -> Result<(), StoreError>;
}
