//! The session of a request, as the store has it, and what is answered where there is none.

use tidegate_protocol::{ClientCapabilities, LogLevel, ProtocolVersion, RequestId, RpcError};
use tidegate_store::{SessionKey, Signal, StoreError, Topic};
use tidegate_types::{ServiceCode, SessionId};

use super::LegacyPost;
use crate::answer::{Answer, Refused};
use crate::service::{Caller, Core};
use crate::session::SessionError;

/// A session that the store knows, or none: a request outside a session is served as far as it goes.
#[derive(Clone)]
pub(crate) struct LegacySession {
    pub(super) key: Option<SessionKey>,
    pub(super) version: ProtocolVersion,
    pub(super) capabilities: ClientCapabilities,
    pub(super) log_level: Option<LogLevel>,
}

pub(super) fn session_key(caller: &Caller, session: SessionId) -> SessionKey {
    SessionKey {
        workspace: caller.principal.workspace.clone(),
        user: caller.principal.user,
        session,
    }
}

/// The session of a request.
///
/// # Errors
/// The answer instead: 404 for one that is gone or somebody else's, which is the same.
pub(super) async fn session_of(
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

pub(super) async fn announce_end(core: &Core, key: SessionKey) {
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

pub(super) fn gone(id: Option<&RequestId>) -> Answer {
    let error =
        RpcError::invalid_request("the session does not exist or has ended; initialize a new one");
    Refused::new(ServiceCode::NotFound, id, error).into()
}

pub(super) fn store_refusal(core: &Core, id: Option<&RequestId>, err: &StoreError) -> Answer {
    core.observer.store_away("sessions", err);
    Refused::later(err.service_code(), id, "sessions cannot be reached now", 1).into()
}

pub(super) fn session_refusal(core: &Core, id: Option<&RequestId>, err: &SessionError) -> Answer {
    if let SessionError::Store(err) = err {
        return store_refusal(core, id, err);
    }
    match err.service_code() {
        code @ ServiceCode::Overloaded => Refused::later(code, id, err.to_string(), 1).into(),
        code => Refused::new(code, id, RpcError::invalid_request(err.to_string())).into(),
    }
}
