//! `GET`: a session's changes, or the rest of a stream that was cut off.

use std::sync::Arc;

use futures_util::stream;
use tidegate_protocol::RpcError;
use tidegate_store::Epoch;
use tidegate_telemetry::Count;
use tidegate_types::ServiceCode;

use super::LegacyPost;
use super::session::{gone, session_of, session_refusal};
use crate::answer::{Answer, Refused};
use crate::service::{Caller, Core, listen};
use crate::session::{EventPlace, SessionError};

/// GET: a stream of the session's changes, or the rest of a stream that was cut off.
pub(crate) async fn get(
    core: &Arc<Core>,
    caller: Caller,
    post: &LegacyPost,
    last_event: Option<&str>,
) -> Answer {
    if post.session.is_none() {
        let error = RpcError::invalid_request("GET needs the header Mcp-Session-Id");
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    }
    let session = match session_of(core, &caller, post, None).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let Some(key) = session.key.clone() else {
        return gone(None);
    };
    let live = match core.sessions.live(&key).await {
        Ok(live) => live,
        Err(err) => return session_refusal(core, None, &err),
    };
    let place = match last_event.map(str::parse::<EventPlace>) {
        None => None,
        Some(Ok(place)) => Some(place),
        Some(Err(reason)) => {
            return Refused::new(
                ServiceCode::InvalidRequest,
                None,
                RpcError::invalid_request(reason),
            )
            .into();
        }
    };
    let after = match place {
        Some(place) if place.stream.as_str() != listen::STANDALONE => {
            core.observer.metrics().count(Count::StreamResumed);
            return match live.resume_stream(place).await {
                Ok(stream) => Answer::Stream(stream),
                // An EventSource would come back for ever; an empty stream tells it that there is no more.
                Err(SessionError::UnknownEvent) => Answer::Stream(Box::pin(stream::empty())),
                Err(err) => session_refusal(core, None, &err),
            };
        }
        place => place.map(|place| Epoch(place.event.0)),
    };
    match live.take_standalone().await {
        Ok(place) => {
            let is_resumable = session.version.has_priming_event();
            listen::standalone(core, &caller, key, place, after, is_resumable)
        }
        Err(err) => session_refusal(core, None, &err),
    }
}
