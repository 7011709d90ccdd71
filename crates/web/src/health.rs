//! `/healthz`, `/readyz`, `/metrics`.

use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_runtime::Unready;

use crate::edge::Edge;
use crate::pages;

/// `GET /healthz`: the process is alive. 200 with `{"status":"ok"}`.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(r#"{"status":"ok"}"#)
}

/// `GET /readyz`: requests can be served. 200, or 503 with the parts that are not ready. Which workspaces could not be
/// opened, and why, is told to this machine alone: their names are nobody else's business.
pub(crate) async fn ready(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    match edge.node.readiness().await {
        Ok(()) => HttpResponse::Ok()
            .content_type("application/json")
            .body(r#"{"status":"ready"}"#),
        Err(Unready { parts, workspaces }) => {
            let mut body = serde_json::json!({ "status": "not ready", "parts": parts });
            if !workspaces.is_empty() && is_of_this_machine(&request) {
                let names = workspaces.into_iter();
                body["workspaces"] = names
                    .map(|(slug, reason)| (slug.to_string(), reason.into()))
                    .collect::<serde_json::Map<_, _>>()
                    .into();
            }
            HttpResponse::ServiceUnavailable()
                .insert_header(("Retry-After", "1"))
                .json(body)
        }
    }
}

/// Whether a request comes from this machine, and not through a proxy on it.
fn is_of_this_machine(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let is_passed_on = ["x-forwarded-for", "forwarded", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let is_near = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    is_near && !is_passed_on
}

/// `GET /metrics`: OpenMetrics text.
pub(crate) async fn metrics(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    if !edge.serves_metrics {
        return pages::not_found(request).await;
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(edge.metrics.prometheus_text())
}
