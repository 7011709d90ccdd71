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
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::answer::{Frame, FrameStream};
use crate::outlet::{Inlet, Outgoing};

/// How long a reader waits for a signal before it looks for itself: signals may be lost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often a pump tells the other nodes that it lives, also where its call says nothing.
const BEAT_EVERY: Duration = LOOK_EVERY;

/// A reader that heard nothing of another node's pump for so long takes its node for dead: it ends the
/// stream, so that its client does not wait for an answer that nobody will give. A beat may be lost.
const LOST_AFTER: Duration = Duration::from_secs(12);

/// How long an event that cannot be kept is tried again, and the pause between: the store may come back, and
/// a client that resumes the stream waits for its end.
const KEEP_WITHIN: Duration = Duration::from_mins(1);
const KEEP_PAUSE: Duration = Duration::from_millis(250);

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
    /// The newest event when connections were closed to let the client poll.
    paused_at: EventId,
    /// Grows when readers should look even without news.
    looks: u64,
    /// Grows at every sign of life of a pump elsewhere.
    beats: u64,
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

    /// Notes a signal of a pump. `false` when readers here need not know.
    pub(super) fn beat(&mut self, upto: EventId) -> bool {
        let is_news = self.reach(upto);
        if !self.is_pumped {
            self.beats += 1;
        }
        is_news || !self.is_pumped
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
    let mut log = Log {
        key,
        progress,
        state,
        retention,
        is_resumable,
        kept: EventId::START,
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
    /// The newest event that is there.
    kept: EventId,
}

impl Log {
    async fn keep_all(
        &mut self,
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
                () = tokio::time::sleep(BEAT_EVERY) => self.tell(self.kept).await,
            }
        };
        while let Ok(outgoing) = inlet.try_recv() {
            self.take(outgoing).await?;
        }
        self.keep(body, true).await
    }

    async fn take(&mut self, outgoing: Outgoing) -> Result<(), StoreError> {
        match outgoing {
            Outgoing::Message(message) => self.keep(message, false).await,
            Outgoing::CloseConnection => {
                if self.is_resumable {
                    self.progress
                        .send_modify(|progress| progress.paused_at = progress.upto);
                }
                Ok(())
            }
        }
    }

    async fn keep(&mut self, data: Bytes, is_last: bool) -> Result<(), StoreError> {
        let upto = self.append(&StoredEvent { data, is_last }).await?;
        self.kept = upto;
        self.progress.send_modify(|progress| {
            progress.reach(upto);
        });
        self.tell(upto).await;
        Ok(())
    }

    /// Tells the other nodes how far the stream is.
    async fn tell(&self, upto: EventId) {
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
    }

    /// Appends an event, as often as it takes.
    ///
    /// # Errors
    /// The store's, when it stayed away for [`KEEP_WITHIN`].
    async fn append(&self, event: &StoredEvent) -> Result<EventId, StoreError> {
        let give_up = Instant::now() + KEEP_WITHIN;
        loop {
            let appended = self
                .state
                .events
                .append(&self.key, event.clone(), self.retention);
            match appended.await {
                Ok(upto) => return Ok(upto),
                Err(err) if Instant::now() >= give_up => return Err(err),
                Err(err) => tracing::debug!(
                    error = &err as &dyn std::error::Error,
                    "an event is kept later"
                ),
            }
            tokio::time::sleep(KEEP_PAUSE).await;
            // After a time-out it may be there all the same. Nobody else appends to this stream.
            let read = self.state.events.read(&self.key, self.kept, 1).await;
            if let Ok(Some(page)) = read
                && let Some((upto, _)) = page.events.first()
            {
                return Ok(*upto);
            }
        }
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
    let Progress { is_pumped, .. } = *progress.borrow();
    let reader = Reader {
        key,
        after,
        start: after,
        was_pumped: is_pumped,
        heard: (Instant::now(), 0),
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
    /// Where it began: a pause before that is over.
    start: EventId,
    /// Whether the stream's pump was on this node.
    was_pumped: bool,
    /// When the pump last gave a sign of life, and how many beats there were then.
    heard: (Instant, u64),
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
                Ok(Some(mut page)) if !page.events.is_empty() => {
                    if page.has_gap {
                        // Progress and logs are lost on a reader that is too slow. The result is not.
                        tracing::debug!("a reader was too slow for its stream");
                    }
                    if let Some(pause) = self.pause() {
                        page.events.retain(|(event, _)| *event <= pause);
                        if page.events.is_empty() {
                            return None;
                        }
                    }
                    self.take(page.events);
                    continue;
                }
                // The store was emptied.
                Ok(Some(page)) if page.has_gap => return None,
                Ok(_) => {}
                Err(err) => {
                    tracing::warn!(
                        error = &err as &dyn std::error::Error,
                        "a stream cannot be read"
                    );
                    return None;
                }
            }
            if seen.beats != self.heard.1 {
                self.heard = (Instant::now(), seen.beats);
            }
            let is_abandoned = if self.was_pumped {
                !seen.is_pumped
            } else {
                self.heard.0.elapsed() > LOST_AFTER
            };
            let is_paused = self.pause().is_some_and(|pause| self.after >= pause);
            if is_abandoned || is_paused || !self.wait().await {
                return None;
            }
        }
    }

    /// The event after which the connection is closed to let the client poll; it goes on with the next one.
    fn pause(&self) -> Option<EventId> {
        let paused_at = self.progress.borrow().paused_at;
        (self.start < paused_at).then_some(paused_at)
    }

    fn take(&mut self, events: Vec<(EventId, StoredEvent)>) {
        self.heard.0 = Instant::now();
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
