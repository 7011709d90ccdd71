//! The use cases: one per protocol method, the same for both eras wherever the protocol is.

mod call;
mod caller;
mod channel;
mod client_ttl;
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
mod on_connection;
mod operation;
mod outcome;
mod prepare;
mod route;
mod stream_places;

use std::sync::Arc;

use tidegate_protocol::result::ServerInfo;
use tidegate_protocol::state::StateSealer;
use tidegate_store::SharedState;
use tidegate_tools::Catalogue;
use tidegate_types::{Clock, NodeId};
use tokio_util::sync::CancellationToken;

use crate::control::UseCounter;
use crate::executor::Executors;
use crate::session::SessionRegistry;
use crate::settings::NodeSettings;

pub(crate) use call::InFlight;
pub(crate) use caller::Caller;
pub use caller::TraceParent;
pub use client_ttl::ClientTtl;
pub(crate) use legacy::LegacyPost;
pub(crate) use lists::ListCache;
pub(crate) use modern::ModernPost;
pub(crate) use observe::{Observation, Observer};
pub(crate) use operation::Produced;
pub(crate) use outcome::Outcome;
pub(crate) use stream_places::StreamPlaces;

use client_ttl::millis;

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
