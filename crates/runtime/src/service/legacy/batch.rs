//! Batches (2025-03-26).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tidegate_protocol::message::{Incoming, Request};
use tidegate_protocol::{Method, RpcError, reply};
use tidegate_types::ServiceCode;

use super::LegacyPost;
use super::messages::{notified, responded};
use super::serve::serve;
use super::session::{LegacySession, session_of};
use crate::answer::{Answer, Refused};
use crate::service::{Caller, Core};

/// Requests of a batch that run at once, and how many answers of the largest size all together may be as large as;
/// further ones are not begun.
const BATCH_AT_ONCE: usize = 16;
const BATCH_ANSWERS: usize = 4;

/// Serves a batch (2025-03-26): each message as if it came alone, the answers in one array.
pub(crate) async fn batch(
    core: &Arc<Core>,
    caller: Caller,
    post: &LegacyPost,
    messages: Vec<Result<Incoming<'_>, RpcError>>,
) -> Answer {
    let session = match session_of(core, &caller, post, None).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    if !session.version.has_batches() {
        let error = RpcError::invalid_request(format!(
            "batches are not part of protocol version {}",
            session.version
        ));
        return Refused::new(ServiceCode::InvalidRequest, None, error).into();
    }
    let written = AtomicUsize::new(0);
    let most = core.settings.size.as_ref().map_or(usize::MAX, |size| {
        size.max_bytes.saturating_mul(BATCH_ANSWERS)
    });
    let answers = stream::iter(messages)
        .map(|message| {
            let (caller, session, written) = (caller.clone(), &session, &written);
            async move {
                let is_full = written.load(Ordering::Relaxed) >= most;
                let answer = match message {
                    Ok(Incoming::Request(request)) if is_full => Some(not_begun(&request)),
                    message => batched(core, caller, session, message).await,
                };
                let bytes = answer.as_ref().map_or(0, Bytes::len);
                written.fetch_add(bytes, Ordering::Relaxed);
                answer
            }
        })
        .buffered(BATCH_AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let answers: Vec<Bytes> = answers.into_iter().flatten().collect();
    if answers.is_empty() {
        return Answer::Accepted;
    }
    let mut body = vec![b'['];
    for (number, answer) in answers.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(answer);
    }
    body.push(b']');
    Answer::Json(body.into())
}

/// One message of a batch.
async fn batched(
    core: &Arc<Core>,
    caller: Caller,
    session: &LegacySession,
    message: Result<Incoming<'_>, RpcError>,
) -> Option<Bytes> {
    match message {
        Ok(Incoming::Request(request)) if request.method == Method::Initialize => {
            let error = RpcError::invalid_request("initialize is never part of a batch");
            Some(reply::failure(Some(&request.id), &error))
        }
        // Without a stream of its own, a call in a batch cannot ask its client anything.
        Ok(Incoming::Request(request)) => {
            message_of(serve(core, caller, session, request, false).await)
        }
        Ok(Incoming::Notification(notification)) => {
            message_of(notified(core, session, &notification).await)
        }
        Ok(Incoming::Response(response)) => message_of(responded(core, session, &response).await),
        Err(error) => Some(reply::failure(None, &error)),
    }
}

/// The answer to a request that is not begun, since those before it were answered with as much as a batch may.
fn not_begun(request: &Request<'_>) -> Bytes {
    let error = RpcError::new(
        RpcError::TRY_LATER,
        "the answers to this batch are too large together; this request was not begun, send it again",
    );
    reply::failure(Some(&request.id), &error)
}

fn message_of(answer: Answer) -> Option<Bytes> {
    match answer {
        Answer::Json(message)
        | Answer::TryLater { body: message, .. }
        | Answer::Initialized { body: message, .. } => Some(message),
        Answer::Refused(refused) => Some(reply::failure(refused.id.as_ref(), &refused.error)),
        Answer::Accepted | Answer::Stream(_) => None,
    }
}
