//! `POST /oauth/revoke` (RFC 7009): form in, nothing out.

use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_oauth_types::OAuthError;

use super::OAuthRequest;
use super::answer::Endpoint;
use crate::activity::hold;
use crate::cors;
use crate::edge::Edge;

/// Ends the grant of a token. A token that is not known is as good as ended (§2.2).
pub(super) async fn post(
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let _in_flight = hold(&request);
    let oauth_request = match OAuthRequest::admit(&edge, &request, Endpoint::Other).await {
        Ok(oauth_request) => oauth_request,
        Err(refused) => return refused,
    };
    let mut response = match revoke(&edge, &oauth_request, payload).await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => oauth_request.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}

async fn revoke(
    edge: &Edge,
    oauth_request: &OAuthRequest<'_>,
    payload: web::Payload,
) -> Result<(), OAuthError> {
    let form = oauth_request.form(edge, payload).await?;
    oauth_request
        .access
        .authorization
        .revoke(oauth_request.authorization()?, &form, &oauth_request.peer)
        .await
}
