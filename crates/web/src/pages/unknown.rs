//! Addresses where nothing is, in words: a page for browsers, JSON for programs.

use actix_web::error::PathError;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::json;
use tidegate_pages::MessagePage;

use super::answer::{self, PageWindow};
use super::authority::in_frame;
use super::failure::Failure;
use crate::header::one;

/// Whatever no route takes.
pub(crate) async fn not_found(request: HttpRequest) -> HttpResponse {
    if wants_page(&request) {
        return in_frame(Failure::NotFound, &request).await.error_response();
    }
    answer_of(
        &request,
        StatusCode::NOT_FOUND,
        "not_found",
        "Not found",
        "There is nothing at this address.",
    )
}

/// Another method than those of an address (RFC 9110 §15.5.6).
pub(crate) fn wrong_method(request: &HttpRequest, methods: &'static str) -> HttpResponse {
    let mut response = answer_of(
        request,
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Another method is needed",
        "There is something at this address, for requests of another method.",
    );
    let methods = HeaderValue::from_static(methods);
    response.headers_mut().insert(ALLOW, methods);
    response
}

/// The answer of the MCP endpoint to `GET` without a session; somebody who opened its address in a browser reads what it
/// is for. Clients, which take event streams, get it as it is.
pub(crate) fn endpoint_in_browser(request: &HttpRequest, answer: HttpResponse) -> HttpResponse {
    let is_refusal = matches!(
        answer.status(),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNAUTHORIZED
    );
    if !is_refusal || !wants_page(request) || takes(request, "text/event-stream") {
        return answer;
    }
    let page = MessagePage {
        is_refusal: false,
        title: "This address is for apps".into(),
        text: "AI assistants and other MCP clients connect here; there is nothing to see in a browser. \
               Give the address to an app: the first page says how."
            .into(),
        steps: vec![],
        code: None,
        onward: Some(("/".into(), "To the first page")),
    };
    let mut shown = answer::page(answer.status(), PageWindow::AtHome, &page);
    for name in [ALLOW, WWW_AUTHENTICATE] {
        if let Some(value) = answer.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

/// A part of a path that is not what stands there.
pub(super) fn malformed_path(_: PathError, request: &HttpRequest) -> actix_web::Error {
    let response = answer_of(
        request,
        StatusCode::NOT_FOUND,
        "not_found",
        "Not found",
        "There is nothing at this address.",
    );
    actix_web::error::InternalError::from_response("not found", response).into()
}

fn answer_of(
    request: &HttpRequest,
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    text: &'static str,
) -> HttpResponse {
    if wants_page(request) {
        let page = MessagePage {
            is_refusal: true,
            title: title.into(),
            text: text.into(),
            steps: vec![],
            code: Some(code),
            onward: Some(("/".into(), "To the first page")),
        };
        return answer::page(status, PageWindow::AtHome, &page);
    }
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({ "error": code, "error_description": text }))
}

/// Browsers say that they take HTML; programs do not, or take anything.
pub(super) fn wants_page(request: &HttpRequest) -> bool {
    takes(request, "text/html")
}

fn takes(request: &HttpRequest, media_type: &str) -> bool {
    let accept = one(request.headers(), ACCEPT.as_str()).ok().flatten();
    accept.is_some_and(|accept| accept.contains(media_type))
}
