//! `/.well-known/`: where clients find the authorization server and what resources need.
//!
//! What stands there comes from the configuration, never from the request; the request says only which resource is
//! meant. What is not known is 404 in JSON, since clients try several paths and stumble over pages.

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use tidegate_oauth_types::{PROTECTED_RESOURCE, ProtectedResourceMetadata, Resource};
use tidegate_types::WorkspaceSlug;

use crate::edge::Edge;
use crate::oauth::{OAuthRequest, not_found};
use crate::{admission, cors, pages, routing};

/// How long clients may keep a document, in seconds. Keys are published a day before they sign.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    for path in paths("/.well-known/oauth-protected-resource") {
        app.service(resource(&path, web::get().to(protected_resource)));
    }
    for document in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        for path in paths(document) {
            app.service(resource(&path, web::get().to(authorization_server)));
        }
    }
    app.service(resource(
        "/.well-known/jwks.json",
        web::get().to(signing_keys),
    ));
    app.service(resource("/.well-known/{rest:.*}", web::get().to(unknown)));
}

/// Where clients look for a document: they insert the well-known part before the resource's path (RFC 9728 §3.1), leave
/// that path out, or append the well-known part to it.
fn paths(well_known: &str) -> Vec<String> {
    let of_endpoint = routing::MCP_PATHS
        .iter()
        .flat_map(|path| [format!("{well_known}{path}"), format!("{path}{well_known}")]);
    // `…mcp/` and `/.well-known/…` come to two slashes, which the endpoint's own path takes.
    std::iter::once(format!("{well_known}{{_end:/*}}"))
        .chain(of_endpoint)
        .collect()
}

fn resource(path: &str, get: actix_web::Route) -> actix_web::Resource {
    web::resource(path)
        .route(get)
        .route(web::method(Method::OPTIONS).to(cors::any_preflight))
        .default_service(web::to(only_get))
}

async fn only_get(request: HttpRequest) -> HttpResponse {
    pages::wrong_method(&request, "GET, OPTIONS")
}

/// RFC 9728 §3.2: where tokens for a resource come from, which may be our authorization server, another issuer, or both.
async fn protected_resource(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    let host = match admission::host(&edge, &request) {
        Ok(host) => host,
        Err(refused) => return refused,
    };
    let slug = match request
        .match_info()
        .get("workspace")
        .map(str::parse::<WorkspaceSlug>)
    {
        Some(Ok(slug)) => Some(slug),
        Some(Err(_)) => return not_found(),
        None => None,
    };
    let resource = routing::resource(&edge, &request, host, slug.as_ref());
    match describe(&edge, &resource).await {
        Some(mut document) => {
            document.resource = resource.spelled(&spelling(request.path())).url();
            publish(&document)
        }
        None => not_found(),
    }
}

/// The path of the endpoint as a client wrote it, from where it looks for the endpoint's metadata.
fn spelling(path: &str) -> String {
    path.replacen(PROTECTED_RESOURCE, "", 1)
}

async fn describe(edge: &Edge, resource: &Resource) -> Option<ProtectedResourceMetadata> {
    let external = edge.external_issuer.as_ref();
    // While it is off another issuer's tokens are the only ones; without another, ours is the one that says why.
    if let Some(access) = &edge.access
        && (external.is_none() || access.gate.off().await.is_none())
    {
        let mut document = access.authorization.protected_resource(resource)?;
        let issuers = &mut document.authorization_servers;
        issuers.extend(external.map(|external| external.issuer.clone()));
        return Some(document);
    }
    let target = edge.directory.names().resources.find(resource)?;
    let external = external?;
    Some(ProtectedResourceMetadata {
        resource: resource.as_str().to_owned(),
        authorization_servers: vec![external.issuer.clone()],
        scopes_supported: external.scopes_supported.clone(),
        bearer_methods_supported: vec!["header".into()],
        resource_name: target.display_name(),
    })
}

/// RFC 8414 §3.2, and its alias for clients that know OpenID Connect alone.
async fn authorization_server(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    match OAuthRequest::of_document(&edge, &request) {
        Ok(oauth_request) => publish(&oauth_request.access.authorization.metadata()),
        Err(refused) => refused,
    }
}

/// RFC 7517 §5.
async fn signing_keys(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    let oauth_request = match OAuthRequest::of_document(&edge, &request) {
        Ok(oauth_request) => oauth_request,
        Err(refused) => return refused,
    };
    match oauth_request.access.authorization.jwks().await {
        Ok(keys) => publish(&keys),
        Err(error) => {
            let mut response = oauth_request.unavailable(&error);
            cors::allow_any(response.headers_mut());
            response
        }
    }
}

async fn unknown(edge: web::Data<Edge>, request: HttpRequest) -> HttpResponse {
    match admission::host(&edge, &request) {
        Ok(_) => not_found(),
        Err(refused) => refused,
    }
}

fn publish(document: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(document);
    response.headers_mut().insert(CACHE_CONTROL, FRESH);
    cors::allow_any(response.headers_mut());
    response
}
