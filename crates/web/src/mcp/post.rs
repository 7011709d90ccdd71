//! `POST /mcp`: one JSON-RPC message, or a batch of 2025-03-26.

use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_protocol::classification::{ClassificationRefusal, Inbound, classify};
use tidegate_protocol::header::McpHeaders;
use tidegate_protocol::message::{self, Body, Incoming};
use tidegate_protocol::{RpcError, reply};
use tidegate_runtime::{ClientPost, ClientRequest};
use tidegate_telemetry::Count;

use super::accept::takes_events;
use super::{answer, body, caller, session};
use crate::admission::{AdmittedRequest, admit};
use crate::connection::hold;
use crate::cors;
use crate::edge::Edge;
use crate::header::one;

/// Serves a POST of either era.
pub(crate) async fn post(
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let admitted = match admit(&edge, &request) {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    let mut response = serve(&edge, &request, &admitted, payload).await;
    cors::allow(response.headers_mut(), admitted.origin);
    response
}

async fn serve(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    payload: web::Payload,
) -> HttpResponse {
    let in_flight = hold(request);
    // Who asks comes before what they ask: without a token nobody learns more than 401, and nobody makes
    // the node hold a body.
    let caller = match caller::bind(edge, request, admitted).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    let body = match body::read(edge, request, payload).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let decoded = message::decode(&body, edge.settings.json_depth);
    let id = match &decoded {
        Ok(Body::Single(Incoming::Request(request))) => Some(request.id.clone()),
        _ => None,
    };
    let refuse = |refusal: &ClassificationRefusal| {
        edge.metrics.count(Count::EdgeMalformed);
        let status = actix_web::http::StatusCode::from_u16(refusal.status).unwrap_or_default();
        HttpResponse::build(status)
            .content_type("application/json")
            .body(reply::failure(refusal.id.as_ref(), &refusal.error))
    };
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(error) => {
            return refuse(&ClassificationRefusal {
                status: 400,
                id: None,
                error,
            });
        }
    };
    let headers = match mcp_headers(request) {
        Ok(headers) => headers,
        Err(error) => {
            return refuse(&ClassificationRefusal {
                status: 400,
                id,
                error,
            });
        }
    };
    let inbound = match classify(headers, decoded) {
        Ok(inbound) => inbound,
        Err(refusal) => return refuse(&refusal),
    };
    let session = match &inbound {
        Inbound::Legacy { .. } | Inbound::Batch { .. } => match session::of(request) {
            Ok(session) => session,
            Err(refused) => return refused,
        },
        Inbound::Modern { .. } | Inbound::ModernNotification | Inbound::Initialize(_) => None,
    };
    let post = ClientRequest::Post(ClientPost {
        inbound,
        session,
        accepts_stream: takes_events(request),
        header: &|name| one(request.headers(), name).ok().flatten(),
    });
    let answer = edge.node.serve(caller, post).await;
    answer::respond(edge, request, admitted, answer, in_flight)
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
