//! `/oauth/register` (RFC 7591) and `/oauth/register/<client_id>` (RFC 7592): JSON in, JSON out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use tidegate_oauth_types::{ErrorCode, OAuthError};

use super::answer::{self, Endpoint};
use super::{MOST_METADATA, OAuthRequest, body};
use crate::activity::hold;
use crate::cors;
use crate::edge::Edge;

/// Registers a client: 201 with what it is now, its secret among it.
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
    let mut response = match register(&edge, &oauth_request, payload).await {
        Ok(client) => answer::good(StatusCode::CREATED, &client),
        Err(error) => oauth_request.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}

async fn register(
    edge: &Edge,
    oauth_request: &OAuthRequest<'_>,
    payload: web::Payload,
) -> Result<Value, OAuthError> {
    let body = body::read(
        edge,
        oauth_request.request,
        payload,
        body::Kind::Json,
        MOST_METADATA,
    )
    .await?;
    let metadata = serde_json::from_slice(&body).map_err(|err| {
        let at = format!(
            "the body is not JSON: line {}, column {}",
            err.line(),
            err.column()
        );
        OAuthError::new(ErrorCode::InvalidClientMetadata, at)
    })?;
    oauth_request
        .access
        .authorization
        .register(metadata, &oauth_request.peer)
        .await
}

/// Tells a client what it is, by its registration token.
pub(super) async fn get(
    edge: web::Data<Edge>,
    request: HttpRequest,
    client: web::Path<String>,
) -> HttpResponse {
    let oauth_request = match OAuthRequest::admit(&edge, &request, Endpoint::Other).await {
        Ok(oauth_request) => oauth_request,
        Err(refused) => return refused,
    };
    let found = match oauth_request.bearer() {
        Ok(bearer) => {
            oauth_request
                .access
                .authorization
                .registration(&client, bearer, &oauth_request.peer)
                .await
        }
        Err(error) => Err(error),
    };
    let mut response = match found {
        Ok(client) => answer::good(StatusCode::OK, &client),
        Err(error) => oauth_request.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}

/// Removes a client, by its registration token: 204.
pub(super) async fn delete(
    edge: web::Data<Edge>,
    request: HttpRequest,
    client: web::Path<String>,
) -> HttpResponse {
    let oauth_request = match OAuthRequest::admit(&edge, &request, Endpoint::Other).await {
        Ok(oauth_request) => oauth_request,
        Err(refused) => return refused,
    };
    let removed = match oauth_request.bearer() {
        Ok(bearer) => {
            oauth_request
                .access
                .authorization
                .unregister(&client, bearer, &oauth_request.peer)
                .await
        }
        Err(error) => Err(error),
    };
    let mut response = match removed {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => oauth_request.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}
