//! Reading bodies within bounds of size and time. What a caller is told is the business of who reads.

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpRequest, web};

use crate::edge::Edge;

/// Why a body was not read.
pub(crate) enum BodyProblem {
    /// It has more bytes than it may have, or says so.
    TooLarge,
    /// It ended before its end.
    CutOff(actix_web::Error),
    /// It took longer than `server.read_timeout_ms`.
    TooSlow,
}

/// Reads a body of at most `limit` bytes. One that announces more is not waited for.
pub(crate) async fn read(
    edge: &Edge,
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<web::Bytes, BodyProblem> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyProblem::TooLarge);
    }
    match tokio::time::timeout(edge.settings.read_timeout, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(err))) => Err(BodyProblem::CutOff(err)),
        Ok(Err(_)) => Err(BodyProblem::TooLarge),
        Err(_) => Err(BodyProblem::TooSlow),
    }
}

/// Whether a `Content-Type` names this media type, whatever its parameters.
pub(crate) fn names(content_type: &str, media_type: &str) -> bool {
    let named = content_type.split(';').next().unwrap_or_default().trim();
    named.eq_ignore_ascii_case(media_type)
}
