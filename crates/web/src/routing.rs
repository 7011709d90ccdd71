//! Which workspace a request is for: its path, its host, or `X-Workspace-Id`; when several say so, they
//! must agree.

use actix_web::HttpRequest;
use tidegate_types::WorkspaceSlug;

use crate::admission::{Admitted, one};
use crate::edge::Edge;

/// A request that does not say which workspace it is for, or says it in two ways.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RoutingError {
    /// Nothing names a workspace and there are several.
    #[error(
        "no workspace is named: use /w/<workspace>/mcp, the workspace's host, or the header X-Workspace-Id"
    )]
    Unnamed,
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

/// The workspace that a request names.
///
/// # Errors
/// See [`RoutingError`]. Whether the workspace exists is told only to those who may enter it.
pub(crate) fn workspace(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &Admitted<'_>,
    path: Option<&str>,
) -> Result<WorkspaceSlug, RoutingError> {
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
    let host = forwarded_host(edge, request).unwrap_or(admitted.host);
    if !edge.hosts.by_host.is_empty()
        && let Some(slug) = edge
            .hosts
            .by_host
            .get(&without_port(host).to_ascii_lowercase())
    {
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
    named
        .map(|(_, slug)| slug)
        .or_else(|| edge.hosts.default.clone())
        .ok_or(RoutingError::Unnamed)
}

/// `X-Forwarded-Host`, believed from trusted proxies alone.
fn forwarded_host<'r>(edge: &Edge, request: &'r HttpRequest) -> Option<&'r str> {
    let header = one(request.headers(), "x-forwarded-host").ok()??;
    let peer = request.peer_addr()?.ip();
    edge.settings
        .trusted_proxies
        .contains(peer)
        .then_some(header)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
