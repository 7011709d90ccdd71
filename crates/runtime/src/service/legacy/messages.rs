//! What a client sends besides requests: notifications, and answers to questions.

use bytes::Bytes;
use serde::Deserialize;
use tidegate_protocol::RequestId;
use tidegate_protocol::message::{Notification, Response};
use tidegate_store::{SessionKey, Signal, Topic};

use super::session::{LegacySession, store_refusal};
use crate::answer::Answer;
use crate::service::Core;

/// How long a client's reply waits to be taken.
const REPLY_TTL: std::time::Duration = std::time::Duration::from_mins(2);

pub(super) async fn notified(
    core: &Core,
    session: &LegacySession,
    notification: &Notification<'_>,
) -> Answer {
    if notification.method == "notifications/cancelled"
        && let Some(key) = &session.key
    {
        cancel(core, key, notification).await;
    }
    // Roots, initialized, progress: nothing depends on them.
    Answer::Accepted
}

async fn cancel(core: &Core, key: &SessionKey, notification: &Notification<'_>) {
    #[derive(Deserialize)]
    struct Cancelled {
        #[serde(rename = "requestId")]
        request: RequestId,
    }
    let Some(Ok(Cancelled { request })) = notification
        .params
        .map(|params| serde_json::from_str::<Cancelled>(params.get()))
    else {
        return;
    };
    if let Some(session) = core.sessions.find(key)
        && session.cancel_call(&request)
    {
        return;
    }
    let signal = Signal::CancelRequested {
        request: request.as_json().to_owned(),
    };
    if let Err(err) = core
        .state
        .relay
        .publish(&Topic::Session(key.clone()), &signal)
        .await
    {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "a cancellation was not signalled"
        );
    }
}

/// The client's answer to a request of the server: to whoever asked, on this node or another.
pub(super) async fn responded(
    core: &Core,
    session: &LegacySession,
    response: &Response<'_>,
) -> Answer {
    let Some(key) = &session.key else {
        return Answer::Accepted;
    };
    // Ours are strings; anything else answers nothing that was asked.
    let Ok(request) = serde_json::from_str::<String>(response.id.as_json()) else {
        return Answer::Accepted;
    };
    if request.len() > 64 {
        return Answer::Accepted;
    }
    let reply = Bytes::copy_from_slice(response.body.get().as_bytes());
    if let Some(live) = core.sessions.find(key)
        && live
            .deliver_reply(&request, reply.clone())
            .await
            .unwrap_or(false)
    {
        return Answer::Accepted;
    }
    if !core.state.is_shared {
        return Answer::Accepted;
    }
    if let Err(err) = core
        .state
        .replies
        .put(key, &request, reply, REPLY_TTL)
        .await
    {
        return store_refusal(core, None, &err);
    }
    let signal = Signal::ReplyArrived { request };
    if let Err(err) = core
        .state
        .relay
        .publish(&Topic::Session(key.clone()), &signal)
        .await
    {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "a reply was not signalled"
        );
    }
    Answer::Accepted
}
