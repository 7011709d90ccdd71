//! `POST /mcp`: one JSON-RPC message, or a batch of 2025-03-26.

use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_protocol::classification::Inbound;
use tidegate_runtime::{ClientPost, ClientRequest};

use super::accept::takes_events;
use super::{answer, body, caller, inbound, session};
use crate::activity::hold;
use crate::admission::{AdmittedRequest, admit};
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
    let served = serve(&edge, &request, &admitted, payload).await;
    let mut response = served.unwrap_or_else(|refused| refused);
    cors::allow(response.headers_mut(), admitted.origin);
    response
}

async fn serve(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    payload: web::Payload,
) -> Result<HttpResponse, HttpResponse> {
    let in_flight = hold(request);
    // Who asks comes before what they ask: without a token nobody learns more than 401, and nobody makes
    // the node hold a body.
    let caller = caller::bind(edge, request, admitted).await?;
    let body = body::read(edge, request, payload).await?;
    let inbound = inbound::read(edge, request, &body)?;
    let session = match &inbound {
        Inbound::Legacy { .. } | Inbound::Batch { .. } => session::of(request)?,
        Inbound::Modern { .. } | Inbound::ModernNotification | Inbound::Initialize(_) => None,
    };
    let post = ClientRequest::Post(ClientPost {
        inbound,
        session,
        accepts_stream: takes_events(request),
        header: &|name| one(request.headers(), name).ok().flatten(),
    });
    let answer = edge.node.serve(caller, post).await;
    Ok(answer::respond(edge, request, admitted, answer, in_flight))
}
