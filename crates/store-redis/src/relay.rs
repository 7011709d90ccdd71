//! Signals between nodes, by publish/subscribe.
//!
//! [`RedisRelay`] publishes through the pool. One task, started with it and ended with it, owns the
//! connection that subscribes and the list of topics. When that connection breaks, the task makes
//! another with back-off, subscribes to all topics again and says `Gap`.
//!
//! A server that is not the primary any more goes on to answer, and hears nothing of what is published at the new one.
//! So another connection takes the place of the old one when commands find that out, and now and then in any case.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, Msg, RedisError};
use tidegate_store::{
    Relay, RelayEvent, RelayStream, Signal, SignalQueue, StoreError, StoreErrorKind, Topic,
};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::RedisSettings;
use crate::connections::{Connections, Repeat, Request};
use crate::keys::Keys;
use crate::wire::{decode, encode};

/// Signals that wait for the node to read them.
const MAX_WAITING_SIGNALS: usize = 4_096;

/// Wishes that wait for the task.
const MAX_WAITING_WISHES: usize = 1_024;

/// Topics of one node.
const MAX_TOPICS: usize = 65_536;

/// Channels in one `SUBSCRIBE` when a connection is made.
const CHANNELS_A_COMMAND: usize = 500;

/// A connection on which nothing came for so long is asked for a sign of life.
const SILENCE: Duration = Duration::from_secs(2);

/// Pauses between attempts to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How often the node asks whether the server that it publishes to takes writes, for nodes that write seldom.
const PRIMARY_CHECK: Duration = Duration::from_secs(5);

/// How soon another connection takes the place of one that did so just now, or could not.
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);

const SUBSCRIBE: &str = "subscribe to a topic";
const UNSUBSCRIBE: &str = "unsubscribe from a topic";

pub(crate) struct RedisRelay {
    redis: Arc<Connections>,
    keys: Arc<Keys>,
    queue: Arc<SignalQueue>,
    wishes: mpsc::Sender<Wish>,
    command_timeout: Duration,
    is_connected: Arc<AtomicBool>,
    /// End with the relay.
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// What a caller wants of the task, and where it waits for the outcome.
struct Wish {
    kind: WishKind,
    done: oneshot::Sender<Result<(), StoreErrorKind>>,
}

enum WishKind {
    Subscribe(String, Topic),
    Unsubscribe(String),
}

impl RedisRelay {
    pub(crate) fn start(
        settings: &RedisSettings,
        client: Client,
        redis: Arc<Connections>,
        keys: Arc<Keys>,
    ) -> Self {
        let queue = Arc::new(SignalQueue::new(MAX_WAITING_SIGNALS));
        let (wishes, receiver) = mpsc::channel(MAX_WAITING_WISHES);
        let is_connected = Arc::new(AtomicBool::new(false));
        let subscriber = Subscriber {
            client,
            moved: redis.moved(),
            max_age: settings.max_connection_age,
            connect_timeout: settings.connect_timeout,
            command_timeout: settings.command_timeout,
            topics: HashMap::new(),
            wishes: receiver,
            queue: Arc::clone(&queue),
            is_connected: Arc::clone(&is_connected),
        };
        let check = check_primary(Arc::clone(&redis), keys.primary());
        Self {
            redis,
            keys,
            queue,
            wishes,
            command_timeout: settings.command_timeout,
            is_connected,
            _tasks: [
                AbortOnDropHandle::new(tokio::spawn(subscriber.run())),
                AbortOnDropHandle::new(tokio::spawn(check)),
            ],
        }
    }

    async fn wish(&self, operation: &'static str, kind: WishKind) -> Result<(), StoreError> {
        let (done, outcome) = oneshot::channel();
        let asked = async {
            self.wishes
                .send(Wish { kind, done })
                .await
                .map_err(|_| StoreErrorKind::Unavailable)?;
            outcome.await.unwrap_or(Err(StoreErrorKind::Unavailable))
        };
        timeout(self.command_timeout, asked)
            .await
            .unwrap_or(Err(StoreErrorKind::Timeout))
            .map_err(|kind| StoreError {
                operation,
                kind,
                source: None,
            })
    }
}

#[async_trait::async_trait]
impl Relay for RedisRelay {
    /// `PUBLISH`: one round trip. Repeated when the connection breaks, since a signal is only a hint.
    async fn publish(&self, topic: &Topic, signal: &Signal) -> Result<(), StoreError> {
        let mut command = redis::cmd("PUBLISH");
        command.arg(self.keys.channel(topic)).arg(encode(signal));
        self.redis
            .query(
                "publish a signal",
                Repeat::Harmless,
                Request::Command(command),
            )
            .await
    }

    /// `SUBSCRIBE` on the node's one subscribing connection: one round trip, shared with others who
    /// subscribe at the same moment.
    async fn subscribe(&self, topic: &Topic) -> Result<(), StoreError> {
        let channel = self.keys.channel(topic);
        self.wish(SUBSCRIBE, WishKind::Subscribe(channel, topic.clone()))
            .await
    }

    /// `UNSUBSCRIBE`: one round trip. While Redis is away, the topic is forgotten at once.
    async fn unsubscribe(&self, topic: &Topic) -> Result<(), StoreError> {
        self.wish(UNSUBSCRIBE, WishKind::Unsubscribe(self.keys.channel(topic)))
            .await
    }

    fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Acquire)
    }

    fn stream(&self) -> Option<RelayStream> {
        self.queue.stream()
    }
}

/// Writes now and then, so that [`Connections`] finds out when the server is not the primary any more.
async fn check_primary(redis: Arc<Connections>, key: String) {
    loop {
        tokio::time::sleep(PRIMARY_CHECK).await;
        let mut command = redis::cmd("SET");
        command.arg(&key).arg(1).arg("EX").arg(60);
        let written = redis.query::<()>(
            "see whether redis takes writes",
            Repeat::Harmless,
            Request::Command(command),
        );
        if let Err(err) = written.await {
            tracing::debug!(error = &err as &dyn Error, "redis takes no writes");
        }
    }
}

/// The task that owns the subscribing connection.
struct Subscriber {
    client: Client,
    /// Told when commands were answered by a server that is not the primary.
    moved: Arc<Notify>,
    max_age: Duration,
    connect_timeout: Duration,
    command_timeout: Duration,
    /// What this node receives, by channel.
    topics: HashMap<String, Topic>,
    wishes: mpsc::Receiver<Wish>,
    queue: Arc<SignalQueue>,
    /// Whether all topics are received.
    is_connected: Arc<AtomicBool>,
}

/// Why a connection was given up.
enum Lost {
    Closed,
    Silent,
    Failed(RedisError),
}

/// The relay was dropped.
struct Ended;

impl Subscriber {
    async fn run(mut self) {
        let mut pause = PAUSES.0;
        loop {
            match self.connect().await {
                Ok((sink, stream)) => {
                    tracing::debug!(topics = self.topics.len(), "the relay is connected");
                    pause = PAUSES.0;
                    if !self.topics.is_empty() {
                        // Whatever was published while no connection stood is lost.
                        self.queue.push(RelayEvent::Gap);
                    }
                    self.is_connected.store(true, Ordering::Release);
                    let served = self.serve(sink, stream).await;
                    self.is_connected.store(false, Ordering::Release);
                    match served {
                        Ok(Ended) => return,
                        Err(lost) => {
                            tracing::warn!(reason = %lost, "the connection to Redis for messages between nodes was lost");
                        }
                    }
                }
                Err(lost) => tracing::warn!(
                    reason = %lost,
                    retry_ms = pause.as_millis(),
                    "Redis cannot be reached for messages between nodes (state.redis.url)"
                ),
            }
            if self.refuse_until(Instant::now() + pause).await.is_err() {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Makes a connection that receives all topics.
    async fn connect(&self) -> Result<(PubSubSink, PubSubStream), Lost> {
        let connected = timeout(self.connect_timeout, self.client.get_async_pubsub()).await;
        let (mut sink, stream) = connected
            .map_err(|_| Lost::Silent)?
            .map_err(Lost::Failed)?
            .split();
        let channels: Vec<&String> = self.topics.keys().collect();
        for some in channels.chunks(CHANNELS_A_COMMAND) {
            answered(self.command_timeout, sink.subscribe(some)).await?;
        }
        Ok((sink, stream))
    }

    /// Receives signals and fulfils wishes until the connection is lost.
    async fn serve(
        &mut self,
        mut sink: PubSubSink,
        mut stream: PubSubStream,
    ) -> Result<Ended, Lost> {
        let mut wishes = Vec::new();
        let moved = Arc::clone(&self.moved);
        let mut made = Instant::now();
        let mut renew_at = made + self.max_age;
        loop {
            let quiet_until = Instant::now() + SILENCE;
            tokio::select! {
                message = stream.next() => match message {
                    Some(message) => self.receive(&message),
                    None => return Err(Lost::Closed),
                },
                count = self.wishes.recv_many(&mut wishes, CHANNELS_A_COMMAND) => {
                    if count == 0 {
                        return Ok(Ended);
                    }
                    self.fulfil(&mut sink, &mut wishes).await?;
                }
                () = moved.notified() => renew_at = renew_at.min(made + RENEWAL_PAUSE),
                () = sleep_until(renew_at) => match self.connect().await {
                    Ok(new) => {
                        (sink, stream) = new;
                        made = Instant::now();
                        renew_at = made + self.max_age;
                        // What the old one did not hear is lost.
                        self.queue.push(RelayEvent::Gap);
                    }
                    Err(lost) => {
                        tracing::warn!(reason = %lost, "the relay keeps its old connection: a new one could not be made");
                        renew_at = Instant::now() + RENEWAL_PAUSE;
                    }
                },
                () = sleep_until(quiet_until) => {
                    answered(self.command_timeout, sink.ping::<redis::Value>()).await?;
                }
            }
        }
    }

    fn receive(&self, message: &Msg) {
        let Some(topic) = self.topics.get(message.get_channel_name()) else {
            // It was on its way when the topic was unsubscribed.
            return;
        };
        match decode("read a signal", message.get_payload_bytes()) {
            Ok(signal) => self.queue.push(RelayEvent::Signal(topic.clone(), signal)),
            Err(err) => {
                // A node of another version may send signals that this one does not know.
                tracing::warn!(
                    error = &err as &dyn Error,
                    "could not decode a signal from another node"
                );
                self.queue.push(RelayEvent::Gap);
            }
        }
    }

    /// Carries out wishes in order, those in a row of one kind in one command.
    async fn fulfil(&mut self, sink: &mut PubSubSink, wishes: &mut Vec<Wish>) -> Result<(), Lost> {
        let mut wishes = wishes.drain(..).peekable();
        while let Some(wish) = wishes.next() {
            let is_subscribe = matches!(wish.kind, WishKind::Subscribe(..));
            let mut row = vec![wish];
            while let Some(wish) =
                wishes.next_if(|wish| matches!(wish.kind, WishKind::Subscribe(..)) == is_subscribe)
            {
                row.push(wish);
            }
            self.fulfil_row(sink, row).await?;
        }
        Ok(())
    }

    async fn fulfil_row(&mut self, sink: &mut PubSubSink, row: Vec<Wish>) -> Result<(), Lost> {
        let mut channels = Vec::with_capacity(row.len());
        let mut waiting = Vec::with_capacity(row.len());
        let mut is_subscribe = false;
        for Wish { kind, done } in row {
            match kind {
                WishKind::Subscribe(channel, topic) => {
                    is_subscribe = true;
                    if self.topics.len() >= MAX_TOPICS && !self.topics.contains_key(&channel) {
                        let _ = done.send(Err(StoreErrorKind::Unavailable));
                        continue;
                    }
                    self.topics.insert(channel.clone(), topic);
                    channels.push(channel);
                }
                WishKind::Unsubscribe(channel) => {
                    self.topics.remove(&channel);
                    channels.push(channel);
                }
            }
            waiting.push(done);
        }
        if channels.is_empty() {
            return Ok(());
        }
        let outcome = if is_subscribe {
            answered(self.command_timeout, sink.subscribe(&channels)).await
        } else {
            answered(self.command_timeout, sink.unsubscribe(&channels)).await
        };
        if outcome.is_err() && is_subscribe {
            for channel in &channels {
                self.topics.remove(channel);
            }
        }
        for (done, channel) in waiting.into_iter().zip(channels) {
            let reply = if outcome.is_ok() {
                Ok(())
            } else {
                Err(StoreErrorKind::Timeout)
            };
            // Nobody waits any longer for a subscription: then nobody wants it.
            if done.send(reply).is_err() && is_subscribe && self.topics.remove(&channel).is_some() {
                answered(self.command_timeout, sink.unsubscribe(&channel)).await?;
            }
        }
        outcome
    }

    /// Refuses to subscribe while there is no connection.
    async fn refuse_until(&mut self, end: Instant) -> Result<(), Ended> {
        loop {
            let wish = tokio::select! {
                () = sleep_until(end) => return Ok(()),
                wish = self.wishes.recv() => wish.ok_or(Ended)?,
            };
            let reply = match wish.kind {
                WishKind::Subscribe(..) => Err(StoreErrorKind::Unavailable),
                WishKind::Unsubscribe(channel) => {
                    self.topics.remove(&channel);
                    Ok(())
                }
            };
            // Nobody has to wait for the reply.
            let _ = wish.done.send(reply);
        }
    }
}

async fn answered<T>(
    within: Duration,
    command: impl Future<Output = Result<T, RedisError>>,
) -> Result<(), Lost> {
    match timeout(within, command).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(err)) => Err(Lost::Failed(err)),
        Err(_) => Err(Lost::Silent),
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("redis closed it"),
            Self::Silent => f.write_str("redis did not answer in time"),
            Self::Failed(err) => err.fmt(f),
        }
    }
}
