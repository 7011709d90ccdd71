//! Which session a request of the older revisions names.

use actix_web::{HttpRequest, HttpResponse};
use tidegate_protocol::{RpcError, reply};
use tidegate_types::SessionId;

use crate::header::one;

/// `Mcp-Session-Id`. One that cannot be ours is a session that does not exist.
pub(super) fn of(request: &HttpRequest) -> Result<Option<SessionId>, HttpResponse> {
    match one(request.headers(), "Mcp-Session-Id") {
        // Some clients send the header before they have a session.
        Ok(None | Some("")) => Ok(None),
        Ok(Some(text)) => match text.parse() {
            Ok(session) => Ok(Some(session)),
            Err(_) => Err(no_such_session()),
        },
        Err(()) => Err(no_such_session()),
    }
}

fn no_such_session() -> HttpResponse {
    let error =
        RpcError::invalid_request("the session does not exist or has ended; initialize a new one");
    HttpResponse::NotFound()
        .content_type("application/json")
        .body(reply::failure(None, &error))
}
