//! Which workspace a request is for: its path, its host, or `X-Workspace-Id`; when several say so, they
//! must agree.

use actix_web::HttpRequest;
use tidegate_oauth_types::Resource;
use tidegate_types::WorkspaceSlug;

use crate::admission::AdmittedRequest;
use crate::edge::Edge;
use crate::header::one;

/// A request that says which workspace it is for in a wrong way, or in two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RoutingError {
    /// Not a slug.
    #[error("{0}")]
    Invalid(String),
    /// Two places name two workspaces.
    #[error("the {first} names one workspace and the {second} another")]
    Contradiction {
        /// Where one is named.
        first: &'static str,
        /// Where the other is.
        second: &'static str,
    },
}

/// The workspace that a request names; the only one where there is one only. `None`: the token has to say it.
///
/// # Errors
/// See [`RoutingError`]. Whether the workspace exists is told only to those who may enter it.
pub(crate) fn workspace(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    path: Option<&str>,
) -> Result<Option<WorkspaceSlug>, RoutingError> {
    let parse = |text: &str| {
        text.parse::<WorkspaceSlug>()
            .map_err(|err| RoutingError::Invalid(err.to_string()))
    };
    let mut named: Option<(&'static str, WorkspaceSlug)> = None;
    let mut name = |place: &'static str, slug: WorkspaceSlug| match &named {
        Some((first, other)) if *other != slug => Err(RoutingError::Contradiction {
            first,
            second: place,
        }),
        Some(_) => Ok(()),
        None => {
            named = Some((place, slug));
            Ok(())
        }
    };
    if let Some(path) = path {
        name("path", parse(path)?)?;
    }
    let names = edge.directory.names();
    if let Some(slug) = names.hosts.find(public_host(edge, request, admitted)) {
        name("host", slug.clone())?;
    }
    match one(request.headers(), "x-workspace-id") {
        Ok(Some(header)) => name("header X-Workspace-Id", parse(header)?)?,
        Ok(None) => {}
        Err(()) => {
            return Err(RoutingError::Invalid(
                "the header X-Workspace-Id stands twice or is not ASCII".into(),
            ));
        }
    }
    Ok(named
        .map(|(_, slug)| slug)
        .or_else(|| names.hosts.default.clone()))
}

/// The resource that a request is for, by the URL that its client uses: what challenges and metadata speak of. Host
/// names are those of the configuration.
pub(crate) fn resource(
    edge: &Edge,
    request: &HttpRequest,
    host: &str,
    path: Option<&WorkspaceSlug>,
) -> Resource {
    let names = edge.directory.names();
    let host = forwarded_host(edge, request).unwrap_or(host);
    let resource = match path {
        Some(slug) => names.resources.of_workspace(slug),
        None => names
            .resources
            .of_host(host)
            .unwrap_or_else(|| names.resources.generic()),
    };
    names.resources.named_as(resource, host)
}

/// The canonical paths of the MCP endpoint, the second with its workspace.
pub(crate) const CANONICAL_MCP_PATHS: [&str; 2] = ["/mcp", "/w/{workspace}/mcp"];

/// Paths of the MCP endpoint as clients write them, the second with its workspace. Slashes that are one too many change nothing, and are never
/// answered with a redirect, which clients do not follow with a body (RFC 9110 §15.4).
pub(crate) const MCP_PATHS: [&str; 2] = [
    "/{_more:/*}mcp{_end:/*}",
    "/{_more:/*}w/{_w:/*}{workspace}/{_mcp:/*}mcp{_end:/*}",
];

/// The host as the client knows it.
fn public_host<'r>(
    edge: &Edge,
    request: &'r HttpRequest,
    admitted: &AdmittedRequest<'r>,
) -> &'r str {
    forwarded_host(edge, request).unwrap_or(admitted.host)
}

/// `X-Forwarded-Host`, believed from trusted proxies alone.
pub(crate) fn forwarded_host<'r>(edge: &Edge, request: &'r HttpRequest) -> Option<&'r str> {
    let header = one(request.headers(), "x-forwarded-host").ok()??;
    let peer = request.peer_addr()?.ip();
    edge.settings
        .trusted_proxies
        .contains(peer)
        .then_some(header)
}
