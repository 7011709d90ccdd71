//! What a body is, by the MCP headers that came with it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use tidegate_protocol::classification::{ClassificationRefusal, Inbound, classify};
use tidegate_protocol::header::McpHeaders;
use tidegate_protocol::message::{self, Body, Incoming};
use tidegate_protocol::{RpcError, reply};
use tidegate_telemetry::Count;

use crate::edge::Edge;
use crate::header::one;

/// Decodes and classifies a body.
///
/// # Errors
/// The status and code that the protocol demands for what is no message, or contradicts its headers.
pub(super) fn read<'r>(
    edge: &Edge,
    request: &'r HttpRequest,
    body: &'r [u8],
) -> Result<Inbound<'r>, HttpResponse> {
    classified(request, body, edge.settings.json_depth).map_err(|refusal| {
        edge.metrics.count(Count::EdgeMalformed);
        let status = StatusCode::from_u16(refusal.status).unwrap_or_default();
        HttpResponse::build(status)
            .content_type("application/json")
            .body(reply::failure(refusal.id.as_ref(), &refusal.error))
    })
}

fn classified<'r>(
    request: &'r HttpRequest,
    body: &'r [u8],
    max_depth: usize,
) -> Result<Inbound<'r>, ClassificationRefusal> {
    let decoded = message::decode(body, max_depth)
        .map_err(|error| ClassificationRefusal::bad_request(None, error))?;
    let headers = mcp_headers(request).map_err(|error| {
        let id = match &decoded {
            Body::Single(Incoming::Request(request)) => Some(&request.id),
            _ => None,
        };
        ClassificationRefusal::bad_request(id, error)
    })?;
    classify(headers, decoded)
}

/// The MCP headers, each at most once: which of two would count is a matter of the proxy in between.
fn mcp_headers(request: &HttpRequest) -> Result<McpHeaders<'_>, RpcError> {
    let header = |name: &'static str| {
        one(request.headers(), name).map_err(|()| {
            RpcError::header_mismatch(format!("the header {name} stands twice or is not ASCII"))
        })
    };
    Ok(McpHeaders {
        protocol_version: header("MCP-Protocol-Version")?,
        method: header("Mcp-Method")?,
        name: header("Mcp-Name")?,
    })
}
