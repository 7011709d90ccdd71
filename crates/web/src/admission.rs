//! Whether a request is let in at all: allow-lists first, before its body is read.

use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{HttpRequest, HttpResponse};
use tidegate_protocol::{RequestId, RpcError, reply};
use tidegate_telemetry::Count;

use crate::edge::Edge;
use crate::header::one;

/// A request from an allowed host and origin.
pub(crate) struct AdmittedRequest<'r> {
    /// The host without forwarding, as the client or the last proxy sent it.
    pub host: &'r str,
    /// The page that sent it, where one did.
    pub origin: Option<&'r str>,
}

/// Checks `Host` and `Origin` (2026-07-28, "Security Warning": DNS rebinding). An origin that is absent is
/// accepted, since only browsers send one.
///
/// # Errors
/// 403.
pub(crate) fn admit<'r>(
    edge: &Edge,
    request: &'r HttpRequest,
) -> Result<AdmittedRequest<'r>, HttpResponse> {
    let headers = request.headers();
    let host = host(edge, request)?;
    let origin = one(headers, ORIGIN.as_str())
        .map_err(|()| refuse("the header Origin stands twice or is not ASCII"))?;
    if origin.is_some_and(|origin| !edge.settings.allowed_origins.permits(origin)) {
        edge.metrics.count(Count::EdgeOrigin);
        return Err(refuse(
            "the Origin header names a page that is not served here",
        ));
    }
    Ok(AdmittedRequest { host, origin })
}

/// The host that a request is for, which is one of ours: that of the request's target where it names one, for then the
/// `Host` header does not count (RFC 9112 §3.2.2), or else the header's.
///
/// # Errors
/// 403.
pub(crate) fn host<'r>(edge: &Edge, request: &'r HttpRequest) -> Result<&'r str, HttpResponse> {
    let header = one(request.headers(), HOST.as_str())
        .map_err(|()| refuse("the header Host stands twice or is not ASCII"))?;
    let host = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => header.unwrap_or_default(),
    };
    let is_served = edge.settings.allowed_hosts.permits(host)
        || edge.directory.names().hosts.find(host).is_some();
    if !is_served {
        edge.metrics.count(Count::EdgeHost);
        return Err(refuse(
            "the Host header names a host that is not served here",
        ));
    }
    Ok(host)
}

fn refuse(reason: &'static str) -> HttpResponse {
    HttpResponse::Forbidden()
        .content_type("application/json")
        .body(reply::failure(
            None::<&RequestId>,
            &RpcError::invalid_request(reason),
        ))
}
