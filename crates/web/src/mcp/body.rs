//! Reading a request's body within bounds.

use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_protocol::{RpcError, reply};
use tidegate_telemetry::Count;

use crate::body::{self, BodyProblem};
use crate::edge::Edge;

/// Reads a JSON body.
///
/// # Errors
/// 415: not JSON, or compressed. 413: too large. 408: too slow. 400: cut off.
pub(crate) async fn read(
    edge: &Edge,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<web::Bytes, HttpResponse> {
    let refuse = |status: u16, text: String| {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
        HttpResponse::build(status)
            .content_type("application/json")
            .body(reply::failure(None, &RpcError::invalid_request(text)))
    };
    if !is_json(request) {
        edge.metrics.count(Count::EdgeMalformed);
        return Err(refuse(
            415,
            "the Content-Type must be application/json".into(),
        ));
    }
    if let Some(encoding) = encoding(request) {
        edge.metrics.count(Count::EdgeMalformed);
        let text = format!(
            "the body is encoded as {encoding:?}; send it as it is, without Content-Encoding"
        );
        let mut refused = refuse(415, text);
        // RFC 9110 §12.5.3: what would have been taken.
        refused
            .headers_mut()
            .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        return Err(refused);
    }
    let limit = edge.settings.body_limit_bytes;
    match body::read(edge, request, payload, limit).await {
        Ok(body) => Ok(body),
        Err(BodyProblem::TooLarge) => {
            edge.metrics.count(Count::EdgeTooLarge);
            let text = format!("the body has more than {limit} bytes");
            Err(refuse(413, text))
        }
        Err(BodyProblem::CutOff(err)) => {
            tracing::debug!(error = %err, "a body was cut off");
            Err(refuse(400, "the body was cut off".into()))
        }
        Err(BodyProblem::TooSlow) => Err(refuse(408, "the body took too long".into())),
    }
}

/// How the body is encoded, if it is.
fn encoding(request: &HttpRequest) -> Option<String> {
    let values = request.headers().get_all(CONTENT_ENCODING);
    let named = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .find(|value| {
            let mut codings = value.split(',').map(str::trim);
            codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
        })?;
    Some(named.chars().take(40).collect())
}

fn is_json(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| body::names(value, "application/json"))
}
