//! `/assets/<name>.<hash>.<extension>`: kept for ever, since another content has another name.

use actix_web::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use tidegate_pages::assets;

use super::unknown;

pub(super) async fn get(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    match assets::find(&name) {
        Some(asset) => HttpResponse::Ok()
            .content_type(asset.media_type)
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
            .body(asset.content),
        None => unknown::not_found(request).await,
    }
}
