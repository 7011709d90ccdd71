//! `POST /oauth/revoke` (RFC 7009): form in, nothing out.

use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_oauth_types::OAuthError;

use super::Asked;
use super::answer::Endpoint;
use crate::connection::hold;
use crate::cors;
use crate::edge::Edge;

/// Ends the grant of a token. A token that is not known is as good as ended (§2.2).
pub(super) async fn post(
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let _in_flight = hold(&request);
    let asked = match Asked::admit(&edge, &request, Endpoint::Other).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let mut response = match revoke(&edge, &asked, payload).await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => asked.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}

async fn revoke(edge: &Edge, asked: &Asked<'_>, payload: web::Payload) -> Result<(), OAuthError> {
    let form = asked.form(edge, payload).await?;
    asked
        .access
        .authorization
        .revoke(asked.authorization()?, &form, &asked.peer)
        .await
}
