//! `/diagnosis`: what a client sent, and which layer refuses it.
//!
//! A browser gets a page, for whoever is signed in. A program gets the same in JSON with its own `Authorization` header, and
//! is told no more than whoever holds the token may know; the token is never shown or kept.

mod address;
mod headers;
mod switches;
mod token;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, AUTHORIZATION};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use serde_json::json;
use tidegate_pages::{Check, DiagnosisPage, Section, Verdict};
use tidegate_types::WorkspaceSlug;

use self::address::Endpoint;
use super::Answer;
use super::admin::audit;
use super::answer::{self, PageWindow};
use super::authority::{Get, Post, SignedIn};
use super::layout::{FormOutcome, layout};
use super::page_request::PageRequest;
use crate::header::one;

/// Workspaces whose flags are looked at for one page.
const MOST_LOOKED_AT: usize = 20;

/// `GET /diagnosis`: a page, or JSON for whoever sends a token or asks for JSON.
pub(super) async fn get(request: HttpRequest) -> Answer {
    let bearer = one(request.headers(), AUTHORIZATION.as_str());
    let wants_json = one(request.headers(), ACCEPT.as_str())
        .ok()
        .flatten()
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"));
    if wants_json || !matches!(bearer, Ok(None)) {
        return for_program(&request, bearer).await;
    }
    let Get { by, .. } = Get::<SignedIn>::extract(&request).await?;
    show(&by, &request, None, None).await
}

/// `POST /diagnosis`: `url`, `token`.
pub(super) async fn post(request: HttpRequest, Post { by, form }: Post<SignedIn>) -> Answer {
    show(&by, &request, form.get("url"), form.get("token")).await
}

async fn show(
    by: &SignedIn,
    request: &HttpRequest,
    url: Option<&str>,
    token: Option<&str>,
) -> Answer {
    let page_request = &by.page_request;
    let issuer = page_request.issuer();
    let memberships = by.memberships().await?;
    let own: Vec<_> = memberships
        .iter()
        .map(|membership| membership.workspace.clone())
        .collect();
    let checks = checks(page_request, request, url, token.map(str::trim), &own).await?;
    let page = DiagnosisPage {
        layout: layout(by, &memberships, Section::Diagnosis, FormOutcome::None),
        checks,
        headers: headers::shown(request.headers()),
        refusals: audit::refusals(by).await?,
        command: format!("curl -sS -H \"Authorization: Bearer YOUR_TOKEN\" {issuer}/diagnosis"),
        url: url.map_or_else(
            || format!("{issuer}/mcp"),
            |url| url.chars().take(2_048).collect(),
        ),
    };
    Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
}

async fn for_program(request: &HttpRequest, bearer: Result<Option<&str>, ()>) -> Answer {
    let page_request = PageRequest::begin(request)?;
    let token = match bearer {
        Ok(header) => header.map(token::of_header),
        // Two headers are as bad as none that can be read.
        Err(()) => Some(""),
    };
    let checks = checks(&page_request, request, None, token, &[]).await?;
    let body = json!({
        "checks": checks
            .iter()
            .map(|check| json!({ "layer": check.layer, "verdict": check.verdict.as_str(), "text": check.text }))
            .collect::<Vec<_>>(),
        "headers": headers::shown(request.headers())
            .iter()
            .map(|(name, value)| [name.as_str(), value.as_str()])
            .collect::<Vec<_>>(),
    });
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .json(body))
}

/// Layer by layer, in the order that a request for `/mcp` passes them. `own`: workspaces that whoever asks belongs to.
async fn checks(
    page_request: &PageRequest,
    request: &HttpRequest,
    url: Option<&str>,
    token: Option<&str>,
    own: &[WorkspaceSlug],
) -> Result<Vec<Check>, super::failure::Failure> {
    let (mut checks, place) = address::checks(page_request, request, url);
    let deployment = switches::of_deployment(page_request).await;
    let is_on = deployment.verdict == Verdict::Passes;
    checks.push(deployment);
    if is_on && token.is_none() {
        let named = place.as_ref().and_then(Endpoint::workspace);
        let own: Vec<_> = own
            .iter()
            .filter(|own| named.is_none_or(|named| named == *own))
            .take(MOST_LOOKED_AT)
            .cloned()
            .collect();
        checks.extend(switches::of_workspaces(page_request, &own).await);
    }
    if let Some(token) = token {
        checks.extend(token::checks(page_request, token, place.as_ref()).await?);
    } else {
        checks.push(Check {
            layer: "Token",
            verdict: Verdict::NotAsked,
            text: "No token came. A client without one is answered 401, and told where to get one."
                .into(),
        });
    }
    Ok(checks)
}
