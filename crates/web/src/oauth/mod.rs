//! The endpoints that programs ask for tokens.
//!
//! They take no cookies, so pages of any origin may read their answers.

mod answer;
mod api_token;
mod body;
mod device;
mod introspect;
mod register;
mod revoke;
mod token;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use tidegate_oauth_types::{ErrorCode, OAuthError, Parameters, bearer_token};
use tidegate_types::Peer;

use crate::access::ControlPlaneAccess;
use crate::edge::Edge;
use crate::header::one;
use crate::{admission, cors, pages, peer};

use answer::Endpoint;

pub(crate) use answer::not_found;

/// Bytes of a form. Its parser takes no more than 16 KiB either; what lies between tells a client which limit it met.
const MOST_FORM: usize = 20 * 1024;

/// Bytes of a client's metadata, key sets among it.
const MOST_METADATA: usize = 64 * 1024;

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    for (path, post) in [
        ("/oauth/token", web::post().to(token::post)),
        ("/oauth/revoke", web::post().to(revoke::post)),
        ("/oauth/register", web::post().to(register::post)),
        ("/oauth/device_authorization", web::post().to(device::post)),
    ] {
        app.service(
            web::resource(path)
                .route(post)
                .route(preflight())
                .default_service(web::to(only_post)),
        );
    }
    app.service(
        web::resource("/oauth/introspect")
            .route(web::post().to(introspect::post))
            .default_service(web::to(only_post)),
    )
    .service(
        web::resource("/oauth/register/{client}")
            .route(web::get().to(register::get))
            .route(web::delete().to(register::delete))
            .route(preflight()),
    );
    for path in ["/v1/auth/", "/v1/auth"] {
        app.service(
            web::resource(path)
                .route(web::post().to(api_token::post))
                .default_service(web::to(only_post)),
        );
    }
}

fn preflight() -> Route {
    web::method(Method::OPTIONS).to(cors::any_preflight)
}

async fn only_post(request: HttpRequest) -> HttpResponse {
    pages::wrong_method(&request, "POST, OPTIONS")
}

/// A request to an endpoint that is there, from a host of ours.
pub(crate) struct OAuthRequest<'r> {
    pub access: &'r ControlPlaneAccess,
    pub request: &'r HttpRequest,
    pub peer: Peer,
}

impl<'r> OAuthRequest<'r> {
    /// A request for a document, which is there whether OAuth is on or off: clients that find none look elsewhere, and
    /// their people hear of a missing page in place of a switch.
    ///
    /// # Errors
    /// 403: another host. 404: no authorization server.
    pub(crate) fn of_document(
        edge: &'r Edge,
        request: &'r HttpRequest,
    ) -> Result<Self, HttpResponse> {
        admission::host(edge, request)?;
        let access = edge.access.as_ref().ok_or_else(not_found)?;
        Ok(Self {
            access,
            request,
            peer: peer::of(edge, request),
        })
    }

    /// A request to an endpoint.
    ///
    /// # Errors
    /// As [`of_document`](Self::of_document); `access_denied` with the flag that is off.
    async fn admit(
        edge: &'r Edge,
        request: &'r HttpRequest,
        endpoint: Endpoint,
    ) -> Result<Self, HttpResponse> {
        let oauth_request = Self::of_document(edge, request)?;
        let Some(off) = oauth_request.access.gate.off().await else {
            return Ok(oauth_request);
        };
        let error = OAuthError::new(ErrorCode::AccessDenied, off.to_string());
        let mut refused = oauth_request.refuse(&error, endpoint);
        cors::allow_any(refused.headers_mut());
        Err(refused)
    }

    /// The `Authorization` header.
    ///
    /// # Errors
    /// `invalid_request`: it stands twice.
    fn authorization(&self) -> Result<Option<&'r str>, OAuthError> {
        one(self.request.headers(), AUTHORIZATION.as_str()).map_err(|()| {
            OAuthError::invalid_request("the header Authorization stands twice or is not ASCII")
        })
    }

    /// The token of `Authorization: Bearer`.
    fn bearer(&self) -> Result<Option<&'r str>, OAuthError> {
        let header = self.authorization()?;
        Ok(header.and_then(bearer_token))
    }

    /// The parameters of a form.
    ///
    /// # Errors
    /// `invalid_request`.
    async fn form(&self, edge: &Edge, payload: web::Payload) -> Result<Parameters, OAuthError> {
        let body = body::read(edge, self.request, payload, body::Kind::Form, MOST_FORM).await?;
        Parameters::parse_form(&body)
    }
}
