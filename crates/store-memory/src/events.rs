//! The messages of SSE streams.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_store::{
    EventId, EventPage, EventStore, Retention, StoreError, StoredEvent, StreamKey,
};
use tidegate_types::Clock;

use crate::expiring_lru::{ExpiringLru, Weigh, after};

/// What an event costs besides its bytes.
const EVENT_OVERHEAD_BYTES: usize = 48;

/// What an empty stream costs.
const STREAM_OVERHEAD_BYTES: usize = 256;

/// The kept end of a stream.
struct EventLog {
    events: VecDeque<StoredEvent>,
    last: EventId,
    bytes: usize,
}

impl Weigh for EventLog {
    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl EventLog {
    fn new() -> Self {
        Self {
            events: VecDeque::new(),
            last: EventId::START,
            bytes: STREAM_OVERHEAD_BYTES,
        }
    }

    fn append(&mut self, event: StoredEvent, max_events: usize) -> EventId {
        self.bytes += event.data.len() + EVENT_OVERHEAD_BYTES;
        self.events.push_back(event);
        while self.events.len() > max_events.max(1) {
            if let Some(dropped) = self.events.pop_front() {
                self.bytes -= dropped.data.len() + EVENT_OVERHEAD_BYTES;
            }
        }
        self.last.0 += 1;
        self.last
    }

    fn page(&self, after: EventId, limit: usize) -> EventPage {
        let kept_from = self.last.0 - self.events.len() as u64 + 1;
        let from = (after.0.saturating_add(1)).max(kept_from);
        let skip = usize::try_from(from - kept_from).unwrap_or(usize::MAX);
        let ids = (from..=self.last.0).map(EventId);
        EventPage {
            events: ids
                .zip(self.events.iter().skip(skip).cloned())
                .take(limit)
                .collect(),
            has_gap: after.0.saturating_add(1) < kept_from || after > self.last,
        }
    }
}

pub(crate) struct MemoryEvents {
    clock: Arc<dyn Clock>,
    streams: Mutex<ExpiringLru<StreamKey, EventLog>>,
}

impl MemoryEvents {
    pub(crate) fn new(clock: Arc<dyn Clock>, max_streams: usize, max_bytes: usize) -> Self {
        Self {
            clock,
            streams: Mutex::new(ExpiringLru::new(max_streams, max_bytes)),
        }
    }
}

#[async_trait::async_trait]
impl EventStore for MemoryEvents {
    async fn append(
        &self,
        stream: &StreamKey,
        event: StoredEvent,
        retention: Retention,
    ) -> Result<EventId, StoreError> {
        let now = self.clock.unix_millis();
        let expires = after(now, retention.ttl);
        let mut streams = self.streams.lock();
        let mut event = Some(event);
        let appended = streams.with(stream, now, |log, expires_millis| {
            *expires_millis = expires;
            event
                .take()
                .map(|event| log.append(event, retention.max_events))
        });
        if let Some(id) = appended.flatten() {
            streams.make_room(now);
            return Ok(id);
        }
        let mut log = EventLog::new();
        let id = event.take().map_or(EventId::START, |event| {
            log.append(event, retention.max_events)
        });
        streams.put(stream.clone(), log, expires, now);
        Ok(id)
    }

    async fn read(
        &self,
        stream: &StreamKey,
        after: EventId,
        limit: usize,
    ) -> Result<Option<EventPage>, StoreError> {
        let now = self.clock.unix_millis();
        Ok(self
            .streams
            .lock()
            .with(stream, now, |log, _| log.page(after, limit)))
    }

    async fn remove(&self, streams: &[StreamKey]) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        let mut kept = self.streams.lock();
        for stream in streams {
            kept.take(stream, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tidegate_store::SessionKey;
    use tidegate_types::{ManualClock, UserId};

    use super::*;

    fn stream(n: usize) -> StreamKey {
        let session = SessionKey {
            workspace: "acme".parse().unwrap(),
            user: UserId(1),
            session: format!("session-{n:012}").parse().unwrap(),
        };
        StreamKey {
            session,
            stream: "get".parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn large_events_push_out_the_coldest_streams() {
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let events = MemoryEvents::new(clock, 1_000, 100_000);
        let retention = Retention {
            max_events: 100,
            ttl: Duration::from_hours(1),
        };
        for n in 0..50 {
            let event = StoredEvent {
                data: Bytes::from(vec![b'x'; 9_000]),
                is_last: false,
            };
            events.append(&stream(n), event, retention).await.unwrap();
        }
        assert_eq!(10, events.streams.lock().len());
        assert!(
            events
                .read(&stream(49), EventId::START, 1)
                .await
                .unwrap()
                .is_some()
        );
        let event = StoredEvent {
            data: Bytes::from(vec![b'x'; 90_000]),
            is_last: false,
        };
        events.append(&stream(49), event, retention).await.unwrap();
        assert_eq!(
            1,
            events.streams.lock().len(),
            "an old stream that grows counts too"
        );
    }
}
