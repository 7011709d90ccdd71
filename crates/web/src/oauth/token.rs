//! `POST /oauth/token` (RFC 6749 §3.2): form in, JSON out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_authorization_server::TokenReply;
use tidegate_oauth_types::OAuthError;

use super::OAuthRequest;
use super::answer::{self, Endpoint};
use crate::activity::hold;
use crate::cors;
use crate::edge::Edge;

/// Exchanges a code, a refresh token, an assertion or a client's own credentials for an access token.
pub(super) async fn post(
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let _in_flight = hold(&request);
    let oauth_request = match OAuthRequest::admit(&edge, &request, Endpoint::Token).await {
        Ok(oauth_request) => oauth_request,
        Err(refused) => return refused,
    };
    let mut response = match exchange(&edge, &oauth_request, payload).await {
        Ok(reply) => answer::good(StatusCode::OK, &reply),
        Err(error) => oauth_request.refuse(&error, Endpoint::Token),
    };
    cors::allow_any(response.headers_mut());
    response
}

async fn exchange(
    edge: &Edge,
    oauth_request: &OAuthRequest<'_>,
    payload: web::Payload,
) -> Result<TokenReply, OAuthError> {
    let form = oauth_request.form(edge, payload).await?;
    oauth_request
        .access
        .authorization
        .token(oauth_request.authorization()?, &form, &oauth_request.peer)
        .await
}
