//! `/healthz`, `/readyz`, `/metrics`.

use actix_web::{HttpResponse, web};

use crate::edge::Edge;

/// `GET /healthz`: the process is alive. 200 with `{"status":"ok"}`.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(r#"{"status":"ok"}"#)
}

/// `GET /readyz`: requests can be served. 200, or 503 with the parts that are not ready.
pub(crate) async fn ready(edge: web::Data<Edge>) -> HttpResponse {
    match edge.node.readiness().await {
        Ok(()) => HttpResponse::Ok()
            .content_type("application/json")
            .body(r#"{"status":"ready"}"#),
        Err(parts) => {
            let body = serde_json::json!({ "status": "not ready", "parts": parts });
            HttpResponse::ServiceUnavailable()
                .insert_header(("Retry-After", "1"))
                .json(body)
        }
    }
}

/// `GET /metrics`: OpenMetrics text.
pub(crate) async fn metrics(edge: web::Data<Edge>) -> HttpResponse {
    if !edge.serves_metrics {
        return HttpResponse::NotFound().finish();
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(edge.metrics.prometheus_text())
}
