use std::pin::Pin;

use futures_util::Stream;
use serde::{Deserialize, Serialize};
use tidegate_types::WorkspaceSlug;

use crate::{EventId, SessionKey, StoreError, StreamId};

/// Whom a signal concerns. A node subscribes to the topics that it has streams or caches for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Topic {
    /// Everybody in a workspace.
    Workspace(WorkspaceSlug),
    /// One legacy session.
    Session(SessionKey),
}

/// A hint that something happened. The truth lies in a store, so a lost signal delays and never loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The workspace's change log grew.
    Changed,
    /// A stream of the session has events up to this one.
    EventsAppended {
        /// The stream.
        stream: StreamId,
        /// The newest event.
        upto: EventId,
    },
    /// The client answered a request of the server.
    ReplyArrived {
        /// The request's id.
        request: String,
    },
    /// The client no longer wants the answer to a request.
    CancelRequested {
        /// The request's id as JSON text.
        request: String,
    },
    /// The session ended.
    SessionEnded,
}

/// What a relay stream yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayEvent {
    /// A signal of a topic that this node subscribes to.
    Signal(Topic, Signal),
    /// Signals may have been lost: read every log from the last known place.
    Gap,
}

/// All signals for this node, one stream a node.
pub type RelayStream = Pin<Box<dyn Stream<Item = RelayEvent> + Send>>;

/// Signals between nodes. Delivery is at most once.
///
/// Redis: publish/subscribe on channels `tg:{<workspace>}:relay` and
/// `tg:{<workspace>}:relay:<user>:<session>`, JSON [`Signal`].
#[async_trait::async_trait]
pub trait Relay: Send + Sync {
    /// Tells every node that subscribes to `topic`, this one included.
    async fn publish(&self, topic: &Topic, signal: &Signal) -> Result<(), StoreError>;

    /// Starts to receive `topic`. When this returns, later signals arrive (or a [`RelayEvent::Gap`]).
    /// Subscribing again changes nothing: subscriptions are not counted.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: the topic is not received.
    async fn subscribe(&self, topic: &Topic) -> Result<(), StoreError>;

    /// Stops receiving `topic`.
    async fn unsubscribe(&self, topic: &Topic) -> Result<(), StoreError>;

    /// Whether signals of other nodes arrive now, as far as is known without asking. While they do not, a node serves
    /// what it reads itself, later than others.
    fn is_connected(&self) -> bool;

    /// The node's stream of signals. May be taken once; the second caller gets `None`.
    fn stream(&self) -> Option<RelayStream>;
}
