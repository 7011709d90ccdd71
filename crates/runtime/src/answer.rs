//! What the edge gets back for one message.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use tidegate_protocol::{RequestId, RpcError};
use tidegate_types::{ScopeSet, ServiceCode, SessionId};

/// One frame of an event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Tells the client where to resume; carries no message.
    Priming {
        /// The event's id.
        id: String,
    },
    /// One JSON-RPC message.
    Message {
        /// The event's id, where the stream can be resumed.
        id: Option<String>,
        /// The message.
        data: Bytes,
    },
}

/// An event stream. Dropping it is the client's disconnect.
pub type FrameStream = Pin<Box<dyn Stream<Item = Frame> + Send>>;

/// The answer to one POST or GET.
pub enum Answer {
    /// A finished JSON-RPC message: 200.
    Json(Bytes),
    /// The same, and when to try again: 200 with `Retry-After`.
    TryLater {
        /// The message.
        body: Bytes,
        /// After how many seconds it may be sent again.
        retry_after_secs: u64,
    },
    /// A stream of messages: 200.
    Stream(FrameStream),
    /// Taken, nothing to say: 202.
    Accepted,
    /// The answer to `initialize`, with the new session.
    Initialized {
        /// The message.
        body: Bytes,
        /// For `Mcp-Session-Id`.
        session: SessionId,
    },
    /// Not done.
    Refused(Refused),
}

/// Why a message was not served, decided before anything was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The kind of failure, which the edge turns into a status.
    pub code: ServiceCode,
    /// The request's id, where there is one.
    pub id: Option<RequestId>,
    /// The body.
    pub error: RpcError,
    /// When to try again.
    pub retry_after_secs: Option<u64>,
    /// Where the token lacks a scope: all that a client should ask for, which is what the operation needs and what the
    /// token has, since a new token takes the place of the old.
    pub needs_scope: Option<ScopeSet>,
}

impl Refused {
    /// A refusal without anything special.
    pub fn new(code: ServiceCode, id: Option<&RequestId>, error: RpcError) -> Self {
        Self {
            code,
            id: id.cloned(),
            error,
            retry_after_secs: None,
            needs_scope: None,
        }
    }

    /// `-31029`: try again in `retry_after_secs`.
    pub fn later(
        code: ServiceCode,
        id: Option<&RequestId>,
        message: impl Into<String>,
        retry_after_secs: u64,
    ) -> Self {
        let error = RpcError::new(RpcError::TRY_LATER, message)
            .with_data(serde_json::json!({ "retryAfterSeconds": retry_after_secs }));
        Self {
            retry_after_secs: Some(retry_after_secs),
            ..Self::new(code, id, error)
        }
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
