//! The session revisions: 2025-11-25, 2025-06-18, 2025-03-26.

mod batch;
mod get;
mod in_session;
mod initialize;
mod messages;
mod serve;

use std::sync::Arc;

use tidegate_protocol::message::Incoming;
use tidegate_protocol::{ClientCapabilities, LogLevel, ProtocolVersion, RequestId, RpcError};
use tidegate_store::{SessionKey, Signal, Topic};
use tidegate_telemetry::Count;
use tidegate_types::{ServiceCode, SessionId};

pub(crate) use batch::batch;
pub(crate) use get::get;
pub(crate) use initialize::initialize;

use messages::{notified, responded};
use serve::serve;

use super::{Caller, Core};
use crate::answer::{Answer, Refused};
use crate::session::SessionError;

/// A legacy POST.
pub(crate) struct LegacyPost {
    /// `Mcp-Session-Id`.
    pub session: Option<SessionId>,
    /// `MCP-Protocol-Version`, where it came.
    pub version: Option<ProtocolVersion>,
    /// Whether the client takes an event stream.
    pub accepts_stream: bool,
}

/// A session that the store knows, or none: a request outside a session is served as far as it goes.
#[derive(Clone)]
pub(crate) struct LegacySession {
    key: Option<SessionKey>,
    version: ProtocolVersion,
    capabilities: ClientCapabilities,
    log_level: Option<LogLevel>,
}

fn session_key(caller: &Caller, session: SessionId) -> SessionKey {
    SessionKey {
        workspace: caller.principal.workspace.clone(),
        user: caller.principal.user,
        session,
    }
}

async fn announce_end(core: &Core, key: SessionKey) {
    if let Err(err) = core
        .state
        .relay
        .publish(&Topic::Session(key), &Signal::SessionEnded)
        .await
    {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "a session's end was not signalled"
        );
    }
}

fn store_refusal(core: &Core, id: Option<&RequestId>, err: &tidegate_store::StoreError) -> Answer {
    core.observer.store_away("sessions", err);
    Refused::later(err.service_code(), id, "sessions cannot be reached now", 1).into()
}

fn session_refusal(core: &Core, id: Option<&RequestId>, err: &SessionError) -> Answer {
    if let SessionError::Store(err) = err {
        return store_refusal(core, id, err);
    }
    match err.service_code() {
        code @ ServiceCode::Overloaded => Refused::later(code, id, err.to_string(), 1).into(),
        code => Refused::new(code, id, RpcError::invalid_request(err.to_string())).into(),
    }
}

/// The session of a request.
///
/// # Errors
/// The answer instead: 404 for one that is gone or somebody else's, which is the same.
pub(crate) async fn session_of(
    core: &Core,
    caller: &Caller,
    post: &LegacyPost,
    id: Option<&RequestId>,
) -> Result<LegacySession, Answer> {
    let Some(session) = &post.session else {
        return Ok(LegacySession {
            key: None,
            version: post.version.unwrap_or(ProtocolVersion::ASSUMED),
            capabilities: ClientCapabilities::default(),
            log_level: Some(core.settings.default_log_level),
        });
    };
    let key = session_key(caller, session.clone());
    let record = match core
        .state
        .sessions
        .touch(&key, core.settings.sessions.idle)
        .await
    {
        Ok(Some(record)) => record,
        Ok(None) => return Err(gone(id)),
        Err(err) => return Err(store_refusal(core, id, &err)),
    };
    Ok(LegacySession {
        key: Some(key),
        version: record
            .protocol_version
            .parse()
            .unwrap_or(ProtocolVersion::ASSUMED),
        capabilities: serde_json::from_str(&record.client_capabilities).unwrap_or_default(),
        log_level: record
            .log_level
            .and_then(|level| level.parse().ok())
            .or(Some(core.settings.default_log_level)),
    })
}

fn gone(id: Option<&RequestId>) -> Answer {
    let error =
        RpcError::invalid_request("the session does not exist or has ended; initialize a new one");
    Refused::new(ServiceCode::NotFound, id, error).into()
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
