//! `POST /v1/auth/`: an access token for an API token's name and secret, as Preset's API has it.
//!
//! In: `{"name": "<id>", "secret": "tg_pat_…"}`. Out: `{"payload": {"access_token": "…"}}`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use tidegate_oauth_types::OAuthError;
use tidegate_types::{ExposeSecret, SecretString};

use super::answer::{self, Endpoint};
use super::{MOST_FORM, OAuthRequest, body};
use crate::activity::hold;
use crate::edge::Edge;

#[derive(Deserialize)]
struct Credentials {
    name: String,
    secret: SecretString,
}

/// Exchanges an API token.
pub(super) async fn post(
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let _in_flight = hold(&request);
    let oauth_request = match OAuthRequest::admit(&edge, &request, Endpoint::ApiToken).await {
        Ok(oauth_request) => oauth_request,
        Err(refused) => return refused,
    };
    match exchange(&edge, &oauth_request, payload).await {
        Ok(token) => answer::good(
            StatusCode::OK,
            &json!({ "payload": { "access_token": token.expose_secret() } }),
        ),
        Err(error) => oauth_request.refuse(&error, Endpoint::ApiToken),
    }
}

async fn exchange(
    edge: &Edge,
    oauth_request: &OAuthRequest<'_>,
    payload: web::Payload,
) -> Result<SecretString, OAuthError> {
    let body = body::read(
        edge,
        oauth_request.request,
        payload,
        body::Kind::Json,
        MOST_FORM,
    )
    .await?;
    // The reason would show what came, which may be the secret.
    let credentials: Credentials = serde_json::from_slice(&body).map_err(|_| {
        OAuthError::invalid_request("the body must be {name, secret} in JSON, both texts")
    })?;
    oauth_request
        .access
        .authorization
        .exchange_api_token(&credentials.name, &credentials.secret, &oauth_request.peer)
        .await
}
