//! The MCP endpoint: Streamable HTTP.

mod accept;
pub(crate) mod answer;
mod body;
mod caller;
mod challenge;
pub(crate) mod delete;
pub(crate) mod get;
mod inbound;
pub(crate) mod post;
mod session;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::admission::admit;
use crate::edge::Edge;
use crate::{cors, pages};

const METHODS: &str = "POST, GET, DELETE, OPTIONS";

/// `OPTIONS`: a browser asks what it may send.
pub(crate) async fn options(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    match admit(&edge, &request) {
        Ok(admitted) => cors::preflight(admitted.origin),
        Err(refused) => refused,
    }
}

/// Any other method.
pub(crate) async fn not_allowed(request: HttpRequest) -> HttpResponse {
    pages::wrong_method(&request, METHODS)
}
