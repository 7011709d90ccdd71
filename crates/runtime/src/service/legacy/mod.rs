//! The session revisions: 2025-11-25, 2025-06-18, 2025-03-26.

mod batch;
mod get;
mod in_session;
mod initialize;
mod messages;
mod serve;
mod session;

use std::sync::Arc;

use tidegate_protocol::message::Incoming;
use tidegate_protocol::{ProtocolVersion, RpcError};
use tidegate_telemetry::Count;
use tidegate_types::{ServiceCode, SessionId};

pub(crate) use batch::batch;
pub(crate) use get::get;
pub(crate) use initialize::initialize;

use messages::{notified, responded};
use serve::serve;
use session::{announce_end, gone, session_key, session_of, store_refusal};

use super::{Caller, Core};
use crate::answer::{Answer, Refused};

/// A legacy POST.
pub(crate) struct LegacyPost {
    /// `Mcp-Session-Id`.
    pub session: Option<SessionId>,
    /// `MCP-Protocol-Version`, where it came.
    pub version: Option<ProtocolVersion>,
    /// Whether the client takes an event stream.
    pub accepts_stream: bool,
}

/// Serves one message of a session.
pub(crate) async fn post(
    core: &Arc<Core>,
    caller: Caller,
    post: &LegacyPost,
    message: Incoming<'_>,
) -> Answer {
    let id = match &message {
        Incoming::Request(request) => Some(request.id.clone()),
        Incoming::Notification(_) | Incoming::Response(_) => None,
    };
    if post.session.is_none() && matches!(message, Incoming::Response(_)) {
        let error = RpcError::invalid_request("a response needs the header Mcp-Session-Id");
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    }
    let session = match session_of(core, &caller, post, id.as_ref()).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    match message {
        Incoming::Request(request) => {
            serve(core, caller, &session, request, post.accepts_stream).await
        }
        Incoming::Notification(notification) => notified(core, &session, &notification).await,
        Incoming::Response(response) => responded(core, &session, &response).await,
    }
}

/// DELETE: ends the session on every node.
pub(crate) async fn delete(core: &Core, caller: &Caller, session: Option<SessionId>) -> Answer {
    let Some(session) = session else {
        let error = RpcError::invalid_request("DELETE needs the header Mcp-Session-Id");
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    };
    let key = session_key(caller, session);
    match core.state.sessions.end(&key).await {
        Ok(true) => {
            core.observer.metrics().count(Count::SessionEnded);
            announce_end(core, key).await;
            Answer::Accepted
        }
        Ok(false) => gone(None),
        Err(err) => store_refusal(core, None, &err),
    }
}
