//! `DELETE /mcp`: ends a session (revisions before 2026-07-28).

use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_runtime::{Answer, ClientRequest};

use super::{answer, caller, session};
use crate::activity::hold;
use crate::admission::admit;
use crate::cors;
use crate::edge::Edge;

/// Ends the session on every node.
pub(crate) async fn delete(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    let admitted = match admit(&edge, &request) {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    let in_flight = hold(&request);
    let caller = match caller::bind(&edge, &request, &admitted).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    let mut response = match session::of(&request) {
        Ok(session) => match edge
            .node
            .serve(caller, ClientRequest::Delete { session })
            .await
        {
            // Clients warn about 202 here: it would say that the session may still live.
            Answer::Accepted => HttpResponse::NoContent().finish(),
            answer => answer::respond(&edge, &request, &admitted, answer, in_flight),
        },
        Err(refused) => refused,
    };
    cors::allow(response.headers_mut(), admitted.origin);
    response
}
