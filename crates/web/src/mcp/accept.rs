//! What a client takes as an answer.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

/// Whether the client takes an event stream. Who names no type at all is a script that reads JSON.
pub(super) fn takes_events(request: &HttpRequest) -> bool {
    request
        .headers()
        .get_all(ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}
