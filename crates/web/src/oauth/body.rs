//! Bodies within bounds.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, web};
use tidegate_oauth_types::OAuthError;
use tidegate_telemetry::Count;

use crate::body::{self, BodyProblem};
use crate::edge::Edge;

/// What a body has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// `invalid_request`: of another type, too large, too slow, cut off.
pub(super) async fn read(
    edge: &Edge,
    request: &HttpRequest,
    payload: web::Payload,
    kind: Kind,
    limit: usize,
) -> Result<web::Bytes, OAuthError> {
    let refuse = |count: Count, text: String| {
        edge.metrics.count(count);
        Err(OAuthError::invalid_request(text))
    };
    if !is(request, kind) {
        let expected = kind.as_str();
        return refuse(
            Count::EdgeMalformed,
            format!("the Content-Type must be {expected}"),
        );
    }
    let (count, text) = match body::read(edge, request, payload, limit).await {
        Ok(body) => return Ok(body),
        Err(BodyProblem::TooLarge) => {
            let text = format!("the body has more than {limit} bytes");
            (Count::EdgeTooLarge, text)
        }
        Err(BodyProblem::CutOff(_)) => (Count::EdgeMalformed, "the body was cut off".to_owned()),
        Err(BodyProblem::TooSlow) => (Count::EdgeMalformed, "the body took too long".to_owned()),
    };
    refuse(count, text)
}

fn is(request: &HttpRequest, kind: Kind) -> bool {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    value
        .to_str()
        .is_ok_and(|value| body::names(value, kind.as_str()))
}
