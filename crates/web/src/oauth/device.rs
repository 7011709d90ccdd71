//! `POST /oauth/device_authorization` (RFC 8628 §3.1): form in, JSON out.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_authorization_server::DeviceReply;
use tidegate_oauth_types::OAuthError;

use super::Asked;
use super::answer::{self, Endpoint};
use crate::connection::hold;
use crate::cors;
use crate::edge::Edge;

/// Gives a device its code, and the person the code to enter.
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
    let mut response = match begin(&edge, &asked, payload).await {
        Ok(reply) => answer::good(StatusCode::OK, &reply),
        Err(error) => asked.refuse(&error, Endpoint::Other),
    };
    cors::allow_any(response.headers_mut());
    response
}

async fn begin(
    edge: &Edge,
    asked: &Asked<'_>,
    payload: web::Payload,
) -> Result<DeviceReply, OAuthError> {
    let form = asked.form(edge, payload).await?;
    asked
        .access
        .authorization
        .authorize_device(asked.authorization()?, &form, &asked.peer)
        .await
}
