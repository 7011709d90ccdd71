//! Layers before the token: proxy, host, origin, workspace.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use tidegate_oauth_types::{Resource, Target};
use tidegate_pages::{Check, UntrustedText, Verdict};
use tidegate_types::WorkspaceSlug;

use crate::header::one;
use crate::pages::page_request::PageRequest;

/// The endpoint that a client has.
pub(super) struct Endpoint {
    pub resource: Resource,
    pub target: Target,
}

impl Endpoint {
    /// The one workspace that it is for.
    pub(super) fn workspace(&self) -> Option<&WorkspaceSlug> {
        match &self.target {
            Target::Workspace(workspace) => Some(workspace),
            Target::Generic => None,
        }
    }
}

pub(super) fn checks(
    page_request: &PageRequest,
    request: &HttpRequest,
    url: Option<&str>,
) -> (Vec<Check>, Option<Endpoint>) {
    let (address, endpoint) = address(page_request, url);
    let checks = vec![
        proxy(page_request, request),
        host(request),
        origin(page_request, request),
        address,
    ];
    (checks, endpoint)
}

fn proxy(page_request: &PageRequest, request: &HttpRequest) -> Check {
    let socket = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let forwarded = request.headers().contains_key("x-forwarded-for");
    let seen = page_request.peer.address;
    // What the setting says, not whether the two differ: somebody may sit at the proxy's own address.
    let is_trusted = |socket| {
        page_request
            .edge()
            .settings
            .trusted_proxies
            .contains(socket)
    };
    let (verdict, text) = match (forwarded, socket) {
        (true, Some(socket)) if !is_trusted(socket) => (
            Verdict::Notice,
            format!(
                "{socket} sent X-Forwarded-For and is no trusted proxy, so it is not believed: limits count this address. \
                 If it is your proxy, add it to server.trusted_proxies."
            ),
        ),
        (true, Some(socket)) => (
            Verdict::Passes,
            format!("{socket} is a trusted proxy, and the request came from {seen}."),
        ),
        _ => (
            Verdict::Passes,
            format!("The request came from {seen}, not by a proxy that says so."),
        ),
    };
    let text = if blocks_bots(request) {
        format!(
            "{text} It passed Cloudflare: let it skip its rules against bots for /mcp, /oauth/ and /.well-known/, or it \
             refuses clients before they come here."
        )
    } else {
        text
    };
    Check {
        layer: "Proxy",
        verdict,
        text,
    }
}

/// Cloudflare's rules against bots stop clients of AI companies even with a good token.
fn blocks_bots(request: &HttpRequest) -> bool {
    request.headers().contains_key("cf-ray")
}

/// Whoever reads this passed: another host is refused before.
fn host(request: &HttpRequest) -> Check {
    let host = one(request.headers(), HOST.as_str())
        .ok()
        .flatten()
        .unwrap_or_default();
    Check {
        layer: "Host",
        verdict: Verdict::Passes,
        text: format!("{} is served here.", UntrustedText::bounded(host, 253)),
    }
}

fn origin(page_request: &PageRequest, request: &HttpRequest) -> Check {
    let (verdict, text) = match one(request.headers(), ORIGIN.as_str()) {
        Err(()) => (
            Verdict::Refuses,
            "The header Origin stands twice, or is not ASCII.".to_owned(),
        ),
        // Our own pages' forms: they send no referrer, so that browsers hide the origin as well.
        Ok(None | Some("null")) => (
            Verdict::Passes,
            "No page of another site sent this.".to_owned(),
        ),
        Ok(Some(origin)) => {
            let shown = UntrustedText::bounded(origin, 253);
            if page_request.edge().settings.allowed_origins.permits(origin) {
                (
                    Verdict::Passes,
                    format!("{shown} may send requests to /mcp."),
                )
            } else {
                (
                    Verdict::Refuses,
                    format!(
                        "{shown} may not send requests to /mcp: add it to server.allowed_origins."
                    ),
                )
            }
        }
    };
    Check {
        layer: "Origin",
        verdict,
        text,
    }
}

fn address(page_request: &PageRequest, url: Option<&str>) -> (Check, Option<Endpoint>) {
    let names = page_request.edge().directory.names();
    let resource = match url {
        None => Ok(names.resources.generic()),
        Some(url) => Resource::parse(url.trim()),
    };
    let check = |verdict, text: String| Check {
        layer: "Address",
        verdict,
        text,
    };
    let Ok(resource) = resource else {
        let text =
            "This is no address of an MCP endpoint: it begins with https:// and has no fragment.";
        return (check(Verdict::Refuses, text.into()), None);
    };
    let shown = UntrustedText::bounded(resource.as_str(), 300);
    match names.resources.find(&resource) {
        None => {
            let generic = names.resources.generic();
            let text = format!(
                "{shown} is no endpoint here. The one for any workspace is {}.",
                generic.as_str()
            );
            (check(Verdict::Refuses, text), None)
        }
        Some(target) => {
            let text = match &target {
                Target::Generic => format!("{shown} is the endpoint for any workspace."),
                Target::Workspace(_) => format!("{shown} is the endpoint of one workspace."),
            };
            (
                check(Verdict::Passes, text),
                Some(Endpoint { resource, target }),
            )
        }
    }
}
