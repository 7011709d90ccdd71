//! `POST /oauth/device_authorization` (RFC 8628 §3.1): form in, JSON out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_authorization_server::DeviceReply;
use tidegate_oauth_types::OAuthError;

use super::OAuthRequest;
use super::answer::{self, Endpoint};
use crate::activity::hold;
use crate::cors;
use crate::edge::Edge;

/// Gives a device its code, and the person the code to enter.
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
    let mut response = match begin(&edge, &oauth_request, payload).await {
        Ok(reply) => answer::good(StatusCode::OK, &reply),
        Err(error) => oauth_request.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}

async fn begin(
    edge: &Edge,
    oauth_request: &OAuthRequest<'_>,
    payload: web::Payload,
) -> Result<DeviceReply, OAuthError> {
    let form = oauth_request.form(edge, payload).await?;
    oauth_request
        .access
        .authorization
        .authorize_device(oauth_request.authorization()?, &form, &oauth_request.peer)
        .await
}
