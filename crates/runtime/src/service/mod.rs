//! The use cases: one per protocol method, the same for both eras wherever the protocol is.

mod call;
mod channel;
mod completion;
mod discover;
mod failure;
mod inquiry;
pub(crate) mod legacy;
mod listen;
mod lists;
pub(crate) mod modern;
mod notice;
mod observe;
mod operation;
mod prepare;
mod route;
mod stream_places;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidegate_metastore::Access;
use tidegate_protocol::result::ServerInfo;
use tidegate_protocol::state::StateSealer;
use tidegate_store::SharedState;
use tidegate_token_verifier::{TokenKind, VerifiedToken};
use tidegate_tools::Catalogue;
use tidegate_types::{Clock, NodeId, Principal};
use tokio_util::sync::CancellationToken;

use crate::answer::Refused;
use crate::control::UseCounter;
use crate::executor::Executors;
use crate::session::SessionRegistry;
use crate::settings::NodeSettings;
use crate::workspace::WorkspaceHandle;

pub(crate) use call::InFlight;
pub(crate) use legacy::LegacyPost;
pub(crate) use lists::ListCache;
pub(crate) use modern::ModernPost;
pub(crate) use observe::{Observation, Observer};
pub(crate) use stream_places::StreamPlaces;

/// What a call produced: the result object of its answer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Produced {
    /// The `result`, shaped for the client's revision.
    pub result: Bytes,
    /// Whether the model is told of a failure.
    pub is_error: bool,
    /// Rows that left a database.
    pub rows: Option<u64>,
    /// Whether it may be kept.
    pub may_be_kept: bool,
}

/// Everything that the use cases share.
pub(crate) struct Core {
    pub node_id: NodeId,
    pub catalogue: Arc<Catalogue>,
    pub executors: Arc<Executors>,
    pub sessions: Arc<SessionRegistry>,
    pub state: SharedState,
    pub settings: NodeSettings,
    pub server: ServerInfo,
    pub sealer: StateSealer,
    pub clock: Arc<dyn Clock>,
    pub lists: lists::ListCache,
    pub in_flight: InFlight,
    pub observer: observe::Observer,
    /// Open change streams on this node.
    pub streams: StreamPlaces,
    /// Fires when the node no longer takes requests.
    pub draining: CancellationToken,
    /// Counts what grants are used for.
    pub uses: Arc<UseCounter>,
}

/// Ours, outside the reserved range: the caller may not do this.
const FORBIDDEN: i32 = -31003;

/// Who sends a message, and into which workspace: authenticated and bound.
#[derive(Clone)]
pub(crate) struct Caller {
    pub workspace: WorkspaceHandle,
    pub principal: Arc<Principal>,
    pub access: Arc<Access>,
    /// What they showed.
    pub token: Arc<VerifiedToken>,
    pub trace: TraceParent,
}

impl Caller {
    /// Whether the client itself can do something about a refusal by status, such as to ask its authorization
    /// server for more scopes. Who shows a token that people made can only be told in a result, which its model
    /// reads (ADR 4).
    fn can_act_on_status(&self) -> bool {
        match self.token.kind {
            TokenKind::OAuth | TokenKind::External | TokenKind::Development => true,
            TokenKind::ApiToken | TokenKind::Static => false,
        }
    }
}

/// W3C trace context that came with the HTTP request.
#[derive(Debug, Clone, Default)]
pub struct TraceParent {
    /// `traceparent`.
    pub parent: Option<String>,
    /// `tracestate`.
    pub state: Option<String>,
}

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
            Self::Refused(refused) => {
                tidegate_protocol::reply::failure(refused.id.as_ref(), &refused.error)
            }
        }
    }
}

impl From<Outcome> for crate::Answer {
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

/// How long clients may keep lists and what they read (2026-07-28, `ttlMs`).
#[derive(Debug, Clone, Copy)]
pub struct ClientTtl {
    /// Lists and discovery.
    pub lists: Duration,
    /// `resources/read`.
    pub reads: Duration,
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
