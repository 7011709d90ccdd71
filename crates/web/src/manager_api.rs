//! `POST /manager/v1/<operation>`: this node's manager for nodes that have none of their own.
//!
//! JSON in and out. Whoever shows a service token may ask for everything, private keys among it; without configured
//! tokens, and where the manager is not here, there is nothing at this path.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_control_plane::{LocalManager, Manager, serve};

use crate::activity::hold;
use crate::body::{self, BodyProblem};
use crate::edge::Edge;
use crate::header::one;
use crate::oauth::not_found;

/// Bytes of the largest operation: 10,000 declared workspaces.
const MOST_BYTES: usize = 8 << 20;

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    app.route("/manager/v1/{operation}", web::post().to(post));
}

async fn post(
    edge: web::Data<Edge>,
    request: HttpRequest,
    operation: web::Path<String>,
    payload: web::Payload,
) -> HttpResponse {
    let _in_flight = hold(&request);
    let manager = match admit(&edge, &request) {
        Ok(manager) => manager,
        Err(refused) => return refused,
    };
    let body = match body::read(&edge, &request, payload, MOST_BYTES).await {
        Ok(body) => body,
        Err(BodyProblem::CutOff(_)) => return HttpResponse::BadRequest().finish(),
        Err(BodyProblem::TooLarge) => return HttpResponse::PayloadTooLarge().finish(),
        Err(BodyProblem::TooSlow) => return HttpResponse::RequestTimeout().finish(),
    };
    let (status, body) = match serve(manager, &operation, &body).await {
        Ok(reply) => (200, reply),
        Err(err) => (err.status(), err.body()),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}

/// The manager, for who shows a service token.
///
/// # Errors
/// 404: it is not served here. 401: no service token.
fn admit<'e>(edge: &'e Edge, request: &HttpRequest) -> Result<&'e LocalManager, HttpResponse> {
    let access = edge.access.as_ref().ok_or_else(not_found)?;
    let Manager::Local(manager) = &access.manager else {
        return Err(not_found());
    };
    if access.service_tokens.is_empty() {
        return Err(not_found());
    }
    let presented = one(request.headers(), AUTHORIZATION.as_str())
        .ok()
        .flatten()
        .and_then(|header| header.strip_prefix("Bearer "));
    if presented.is_some_and(|token| access.service_tokens.contain(token)) {
        return Ok(manager);
    }
    Err(HttpResponse::Unauthorized()
        .insert_header((WWW_AUTHENTICATE, "Bearer realm=\"tidegate-manager\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}
