//! `GET /mcp`: a stream of a session (revisions before 2026-07-28).

use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_protocol::ProtocolVersion;
use tidegate_runtime::ClientRequest;

use super::accept::takes_events;
use super::{answer, caller, session};
use crate::activity::hold;
use crate::admission::admit;
use crate::edge::Edge;
use crate::header::one;
use crate::{cors, pages};

/// Opens or resumes a stream; tells a browser what this address is for.
pub(crate) async fn get(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    let is_session = request.headers().contains_key("Mcp-Session-Id");
    let answer = stream(edge, &request).await;
    if is_session {
        answer
    } else {
        pages::endpoint_in_browser(&request, answer)
    }
}

async fn stream(edge: web::Data<Edge>, request: &HttpRequest) -> HttpResponse {
    let admitted = match admit(&edge, request) {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    let in_flight = hold(request);
    let caller = match caller::bind(&edge, request, &admitted).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    let headers = request.headers();
    let is_modern = matches!(
        one(headers, "MCP-Protocol-Version"),
        Ok(Some(version)) if ProtocolVersion::text_is_modern(version)
    );
    // Browsers and probes that come without a session, and modern clients, have nothing to GET here.
    if is_modern || !takes_events(request) {
        return HttpResponse::MethodNotAllowed()
            .insert_header((ALLOW, "POST"))
            .finish();
    }
    let mut response = match session::of(request) {
        Ok(None) => HttpResponse::MethodNotAllowed()
            .insert_header((ALLOW, "POST"))
            .finish(),
        Ok(session) => {
            let last_event = one(headers, "Last-Event-ID").ok().flatten();
            let get = ClientRequest::Get {
                session,
                last_event,
            };
            let answer = edge.node.serve(caller, get).await;
            answer::respond(&edge, request, &admitted, answer, in_flight)
        }
        Err(refused) => refused,
    };
    cors::allow(response.headers_mut(), admitted.origin);
    response
}
