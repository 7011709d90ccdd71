//! What a message came to, on its way to the edge.

use bytes::Bytes;
use tidegate_protocol::reply;

use crate::answer::{Answer, Refused};

/// What a message came to.
pub(crate) enum Outcome {
    /// A JSON-RPC message.
    Message(Bytes),
    /// A JSON-RPC message whose call may be tried again then.
    TryLater {
        message: Bytes,
        retry_after_secs: u64,
    },
    /// A refusal with a status of its own.
    Refused(Refused),
}

impl Outcome {
    /// The message, once the status was sent already.
    pub(crate) fn into_message(self) -> Bytes {
        match self {
            Self::Message(message) | Self::TryLater { message, .. } => message,
            Self::Refused(refused) => reply::failure(refused.id.as_ref(), &refused.error),
        }
    }
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Message(message) => Self::Json(message),
            Outcome::TryLater {
                message,
                retry_after_secs,
            } => Self::TryLater {
                body: message,
                retry_after_secs,
            },
            Outcome::Refused(refused) => Self::Refused(refused),
        }
    }
}
