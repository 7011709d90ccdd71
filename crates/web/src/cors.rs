//! Cross-origin rules for browser clients (protocol: "Security Warning"; Fetch standard, "CORS protocol").

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue, VARY,
};

/// Headers that clients of either era send. `Mcp-Param-*` are named one by one as tools come to use them.
const ALLOWED: &str = "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, \
                       Mcp-Session-Id, Last-Event-ID, X-Workspace-Id, traceparent, tracestate";

const EXPOSED: &str = "Mcp-Session-Id, WWW-Authenticate, Retry-After";

/// Lets a page of an allowed origin read the answer.
pub(crate) fn allow(headers: &mut HeaderMap, origin: Option<&str>) {
    let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(origin).ok()) else {
        return;
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
}

/// The answer to a preflight from an allowed origin.
pub(crate) fn preflight(origin: Option<&str>) -> HttpResponse {
    let mut response = HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, OPTIONS"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "3600"))
        .finish();
    allow(response.headers_mut(), origin);
    response
}

/// Lets a page of any origin read the answer, which no cookie had a part in.
pub(crate) fn allow_any(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("WWW-Authenticate, Retry-After"),
    );
}

/// The answer to a preflight from any origin.
pub(crate) async fn any_preflight() -> HttpResponse {
    let mut response = HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, OPTIONS"))
        .insert_header((
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Accept, MCP-Protocol-Version",
        ))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "3600"))
        .finish();
    allow_any(response.headers_mut());
    response
}
