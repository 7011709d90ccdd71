//! `POST /oauth/introspect` (RFC 7662): form in, JSON out. For servers, so pages of other origins cannot read it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use tidegate_oauth_types::OAuthError;

use super::Asked;
use super::answer::{self, Endpoint};
use crate::connection::hold;
use crate::edge::Edge;

/// Tells what a token is worth now.
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
    match introspect(&edge, &asked, payload).await {
        Ok(told) => answer::good(StatusCode::OK, &told),
        Err(error) => asked.refuse(&error, Endpoint::Other),
    }
}

async fn introspect(
    edge: &Edge,
    asked: &Asked<'_>,
    payload: web::Payload,
) -> Result<Value, OAuthError> {
    let form = asked.form(edge, payload).await?;
    asked
        .access
        .authorization
        .introspect(asked.authorization()?, &form, &asked.peer)
        .await
}
