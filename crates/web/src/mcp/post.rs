//! `POST /mcp`: one JSON-RPC message, or a batch of 2025-03-26.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_protocol::classification::{ClassificationRefusal, Inbound, classify};
use tidegate_protocol::header::McpHeaders;
use tidegate_protocol::message::{self, Body, Incoming};
use tidegate_protocol::{RpcError, reply};
use tidegate_runtime::{ClientPost, ClientRequest};
use tidegate_telemetry::Count;
use tidegate_types::SessionId;

use super::{answer, body, caller};
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
        Inbound::Legacy { .. } | Inbound::Batch { .. } => match session(request) {
            Ok(session) => session,
            Err(refused) => return refused,
        },
        Inbound::Modern { .. } | Inbound::ModernNotification | Inbound::Initialize(_) => None,
    };
    let post = ClientRequest::Post(ClientPost {
        inbound,
        session,
        accepts_stream: accepts_stream(request),
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

/// Whether the client takes an event stream. Who names no type at all is a script that reads JSON.
fn accepts_stream(request: &HttpRequest) -> bool {
    request
        .headers()
        .get_all(ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}

/// `Mcp-Session-Id`. One that cannot be ours is a session that does not exist.
pub(super) fn session(request: &HttpRequest) -> Result<Option<SessionId>, HttpResponse> {
    match one(request.headers(), "Mcp-Session-Id") {
        // Some clients send the header before they have a session.
        Ok(None | Some("")) => Ok(None),
        Ok(Some(text)) => match text.parse() {
            Ok(session) => Ok(Some(session)),
            Err(_) => Err(no_such_session()),
        },
        Err(()) => Err(no_such_session()),
    }
}

fn no_such_session() -> HttpResponse {
    let error =
        RpcError::invalid_request("the session does not exist or has ended; initialize a new one");
    HttpResponse::NotFound()
        .content_type("application/json")
        .body(reply::failure(None, &error))
}
