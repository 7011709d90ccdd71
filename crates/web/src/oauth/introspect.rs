//! `POST /oauth/introspect` (RFC 7662): form in, JSON out. For servers, so pages of other origins cannot read it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use tidegate_oauth_types::OAuthError;

use super::OAuthRequest;
use super::answer::{self, Endpoint};
use crate::activity::hold;
use crate::edge::Edge;

/// Tells what a token is worth now.
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
    match introspect(&edge, &oauth_request, payload).await {
        Ok(told) => answer::good(StatusCode::OK, &told),
        Err(error) => oauth_request.refuse(&error, Endpoint::Other),
    }
}

async fn introspect(
    edge: &Edge,
    oauth_request: &OAuthRequest<'_>,
    payload: web::Payload,
) -> Result<Value, OAuthError> {
    let form = oauth_request.form(edge, payload).await?;
    oauth_request
        .access
        .authorization
        .introspect(oauth_request.authorization()?, &form, &oauth_request.peer)
        .await
}
