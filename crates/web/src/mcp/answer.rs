//! From the node's answer to HTTP.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tidegate_protocol::{reply, sse};
use tidegate_runtime::{Answer, Frame, FrameStream, Refused};

use super::challenge::{self, ChallengeReason};
use crate::activity::ActivityGuard;
use crate::admission::AdmittedRequest;
use crate::edge::Edge;
use crate::status;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Writes an answer. The request is in flight until the answer's last byte.
pub(crate) fn respond(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    answer: Answer,
    in_flight: Option<ActivityGuard>,
) -> HttpResponse {
    match answer {
        Answer::Json(body) => json(body),
        Answer::TryLater {
            body,
            retry_after_secs,
        } => {
            let mut response = json(body);
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(retry_after_secs));
            response
        }
        Answer::Accepted => HttpResponse::Accepted().finish(),
        Answer::Initialized { body, session } => {
            let mut response = json(body);
            let session =
                HeaderValue::from_str(session.as_str()).expect("session ids are visible ASCII");
            response.headers_mut().insert(SESSION_ID, session);
            response
        }
        Answer::Stream(frames) => {
            let retry_ms = u64::try_from(edge.settings.sse_retry.as_millis()).unwrap_or(u64::MAX);
            HttpResponse::Ok()
                .content_type("text/event-stream")
                .insert_header((CACHE_CONTROL, "no-cache, no-transform"))
                .insert_header((ACCEL_BUFFERING, "no"))
                .streaming(event_stream(
                    frames,
                    edge.settings.keep_alive_comment,
                    retry_ms,
                    in_flight,
                ))
        }
        Answer::Refused(refused) => {
            let mut response = refusal(&refused);
            if let Some(scope) = refused.needs_scope {
                let scope = scope.to_string();
                let reason = ChallengeReason::Scope(&scope);
                challenge::add(&mut response, edge, request, admitted, &reason);
            }
            response
        }
    }
}

fn json(body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(body)
}

fn refusal(refused: &Refused) -> HttpResponse {
    let mut response = HttpResponse::build(status::of(refused.code))
        .content_type("application/json")
        .body(reply::failure(refused.id.as_ref(), &refused.error));
    if let Some(seconds) = refused.retry_after_secs {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Frames as bytes, with a comment whenever nothing came for `quiet`.
fn event_stream(
    frames: FrameStream,
    quiet: Duration,
    retry_ms: u64,
    in_flight: Option<ActivityGuard>,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    stream::unfold(
        (frames, in_flight),
        move |(mut frames, in_flight)| async move {
            let bytes = match tokio::time::timeout(quiet, frames.next()).await {
                Ok(Some(Frame::Priming { id })) => sse::priming(&id, retry_ms),
                Ok(Some(Frame::Message { id, data })) => sse::event(id.as_deref(), &data),
                Ok(None) => return None,
                Err(_) => sse::KEEP_ALIVE,
            };
            Some((Ok(bytes), (frames, in_flight)))
        },
    )
}
