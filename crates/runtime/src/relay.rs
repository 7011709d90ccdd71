//! The actor that receives signals from all nodes.

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, StreamHandler};
use tidegate_store::{RelayEvent, RelayStream, Signal, Topic};
use tokio_util::sync::CancellationToken;

use crate::session::SessionRegistry;
use crate::workspace::{CatchUp, WorkspaceRegistry};

/// Passes signals on to the actors that they concern.
///
/// Started by: the node. Owns: the store's stream of signals. Loses when it dies: signals, so the node
/// stops with it. Capacity: it keeps nothing; the adapter bounds what waits and says when it lost some.
/// Restarted by: nobody; its end is the node's.
pub(crate) struct EventRelay {
    workspaces: Arc<WorkspaceRegistry>,
    sessions: Arc<SessionRegistry>,
    stream: Option<RelayStream>,
    node_ends: CancellationToken,
}

impl EventRelay {
    pub(crate) fn new(
        workspaces: Arc<WorkspaceRegistry>,
        sessions: Arc<SessionRegistry>,
        stream: RelayStream,
        node_ends: CancellationToken,
    ) -> Self {
        Self {
            workspaces,
            sessions,
            stream: Some(stream),
            node_ends,
        }
    }

    fn catch_up(handle: &crate::WorkspaceHandle, after_gap: bool) {
        if let Err(err) = handle.addr().try_send(CatchUp { after_gap }) {
            tracing::warn!(error = %err, "a workspace is too busy to catch up");
        }
    }
}

impl Actor for EventRelay {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(stream) = self.stream.take() {
            context.add_stream(stream);
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.node_ends.cancel();
    }
}

impl StreamHandler<RelayEvent> for EventRelay {
    fn handle(&mut self, event: RelayEvent, _: &mut Self::Context) {
        match event {
            RelayEvent::Signal(Topic::Workspace(slug), Signal::Changed) => {
                if let Some(handle) = self.workspaces.find(&slug) {
                    Self::catch_up(&handle, false);
                }
            }
            RelayEvent::Signal(Topic::Session(key), signal) => {
                if let Some(session) = self.sessions.find(&key)
                    && !session.signal(signal)
                {
                    session.look_again();
                }
            }
            RelayEvent::Signal(Topic::Workspace(_), _) => {}
            RelayEvent::Gap => {
                for handle in self.workspaces.all() {
                    Self::catch_up(&handle, true);
                }
                for session in self.sessions.all() {
                    session.look_again();
                }
            }
        }
    }
}
