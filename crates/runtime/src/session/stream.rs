//! Streams of a session: a pump that keeps a call's messages in the event store, and readers that take
//! them from there. A slow reader therefore costs no memory, and every reader is a resumed one: the first
//! connection reads from the start, a later one from where it stopped, on any node.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use tidegate_store::{
    EventId, Retention, SharedState, Signal, StoreError, StoredEvent, StreamId, StreamKey, Topic,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::answer::{Frame, FrameStream};
use crate::outlet::{Inlet, Outgoing};

/// How long a reader waits for a signal before it looks for itself: signals may be lost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How many events a reader takes at once.
const PAGE: usize = 16;

/// A running call that becomes a stream.
pub(crate) struct CallPump {
    /// What it has sent already.
    pub first: Option<Outgoing>,
    /// What it will send.
    pub inlet: Inlet,
    /// Its final message.
    pub last: BoxFuture<'static, Bytes>,
    /// Whether the stream begins with a priming event, and may be closed to let the client poll.
    pub is_resumable: bool,
}

/// How far a stream is, as its readers on this node see it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The newest event that is known of.
    upto: EventId,
    /// Grows when connections are closed to let the client poll.
    pauses: u64,
    /// Grows when readers should look even without news.
    looks: u64,
    /// Whether a pump of this node will add to it.
    is_pumped: bool,
}

impl Progress {
    /// Of a stream whose pump is here.
    pub(super) fn pumped() -> Self {
        Self {
            is_pumped: true,
            ..Self::default()
        }
    }

    /// Notes an event. `false` when it is no news.
    pub(super) fn reach(&mut self, upto: EventId) -> bool {
        let is_news = upto > self.upto;
        self.upto = self.upto.max(upto);
        is_news
    }

    pub(super) fn look_again(&mut self) {
        self.looks += 1;
    }

    pub(super) fn is_pumped(self) -> bool {
        self.is_pumped
    }
}

/// Moves a call's messages into the event store, in order, the final one last.
pub(super) async fn pump(
    key: StreamKey,
    call: CallPump,
    progress: watch::Sender<Progress>,
    state: SharedState,
    retention: Retention,
) {
    let CallPump {
        first,
        mut inlet,
        mut last,
        is_resumable,
    } = call;
    let log = Log {
        key,
        progress,
        state,
        retention,
        is_resumable,
    };
    if let Err(err) = log.keep_all(first, &mut inlet, &mut last).await {
        tracing::warn!(
            error = &err as &dyn std::error::Error,
            "a stream ends early because its events cannot be kept"
        );
    }
    log.progress
        .send_modify(|progress| progress.is_pumped = false);
}

struct Log {
    key: StreamKey,
    progress: watch::Sender<Progress>,
    state: SharedState,
    retention: Retention,
    is_resumable: bool,
}

impl Log {
    async fn keep_all(
        &self,
        first: Option<Outgoing>,
        inlet: &mut Inlet,
        last: &mut BoxFuture<'static, Bytes>,
    ) -> Result<(), StoreError> {
        if self.is_resumable {
            self.keep(Bytes::new(), false).await?;
        }
        if let Some(first) = first {
            self.take(first).await?;
        }
        let body = loop {
            tokio::select! {
                biased;
                Some(outgoing) = inlet.recv() => self.take(outgoing).await?,
                body = &mut *last => break body,
            }
        };
        while let Ok(outgoing) = inlet.try_recv() {
            self.take(outgoing).await?;
        }
        self.keep(body, true).await
    }

    async fn take(&self, outgoing: Outgoing) -> Result<(), StoreError> {
        match outgoing {
            Outgoing::Message(message) => self.keep(message, false).await,
            Outgoing::CloseConnection => {
                if self.is_resumable {
                    self.progress.send_modify(|progress| progress.pauses += 1);
                }
                Ok(())
            }
        }
    }

    async fn keep(&self, data: Bytes, is_last: bool) -> Result<(), StoreError> {
        let upto = self
            .state
            .events
            .append(&self.key, StoredEvent { data, is_last }, self.retention)
            .await?;
        self.progress.send_modify(|progress| {
            progress.reach(upto);
        });
        if self.state.is_shared {
            let topic = Topic::Session(self.key.session.clone());
            let signal = Signal::EventsAppended {
                stream: self.key.stream.clone(),
                upto,
            };
            // Readers elsewhere look for themselves after a while.
            if let Err(err) = self.state.relay.publish(&topic, &signal).await {
                tracing::debug!(error = &err as &dyn std::error::Error, "a signal was lost");
            }
        }
        Ok(())
    }
}

/// Reads a stream from after `after` to its end.
pub(super) fn reader(
    key: StreamKey,
    after: EventId,
    progress: watch::Receiver<Progress>,
    state: SharedState,
    ended: CancellationToken,
) -> FrameStream {
    let pauses = progress.borrow().pauses;
    let reader = Reader {
        key,
        after,
        pauses,
        progress,
        state,
        ended,
        frames: VecDeque::new(),
        is_done: false,
    };
    Box::pin(stream::unfold(reader, Reader::next))
}

struct Reader {
    key: StreamKey,
    after: EventId,
    pauses: u64,
    progress: watch::Receiver<Progress>,
    state: SharedState,
    ended: CancellationToken,
    frames: VecDeque<Frame>,
    is_done: bool,
}

impl Reader {
    async fn next(mut self) -> Option<(Frame, Self)> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some((frame, self));
            }
            if self.is_done {
                return None;
            }
            let seen = *self.progress.borrow_and_update();
            match self.state.events.read(&self.key, self.after, PAGE).await {
                Ok(Some(page)) if page.has_gap => {
                    tracing::debug!("a reader was too slow for its stream");
                    return None;
                }
                Ok(Some(page)) if !page.events.is_empty() => {
                    self.take(page.events);
                    continue;
                }
                Ok(_) => {}
                Err(err) => {
                    tracing::warn!(
                        error = &err as &dyn std::error::Error,
                        "a stream cannot be read"
                    );
                    return None;
                }
            }
            if seen.pauses != self.pauses || !self.wait().await {
                return None;
            }
        }
    }

    fn take(&mut self, events: Vec<(EventId, StoredEvent)>) {
        for (event, StoredEvent { data, is_last }) in events {
            self.after = event;
            self.is_done |= is_last;
            let id = EventPlace {
                stream: self.key.stream.clone(),
                event,
            }
            .to_string();
            let frame = if data.is_empty() {
                Frame::Priming { id }
            } else {
                Frame::Message { id: Some(id), data }
            };
            self.frames.push_back(frame);
        }
    }

    /// Waits for news. `false` when none can come.
    async fn wait(&mut self) -> bool {
        tokio::select! {
            () = self.ended.cancelled() => false,
            changed = self.progress.changed() => {
                if changed.is_err() {
                    // The actor let go of the stream; whatever comes is in the store.
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                true
            }
            () = tokio::time::sleep(LOOK_EVERY) => true,
        }
    }
}

/// A place in a stream of a session, as it stands in SSE ids: `<stream>.<event>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventPlace {
    pub stream: StreamId,
    pub event: EventId,
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stream.as_str(), self.event)
    }
}

impl FromStr for EventPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (stream, event) = text
            .split_once('.')
            .ok_or("an event id has the form <stream>.<number>")?;
        let event = event
            .parse()
            .map_err(|_| "an event id ends with a number")?;
        Ok(Self {
            stream: stream.parse()?,
            event: EventId(event),
        })
    }
}
