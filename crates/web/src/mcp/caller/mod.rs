//! Who sends a request, and into which workspace.

mod refusal;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse};
use tidegate_authorization_server::{RefusedRequest, SwitchedOff};
use tidegate_oauth_types::bearer_token;
use tidegate_protocol::RpcError;
use tidegate_runtime::{Bound, IdentifyError, TraceParent};
use tidegate_token_verifier::AuthFailure;
use tidegate_types::{ServiceCode, WorkspaceSlug};

use refusal::{explain, refusal};

use crate::admission::AdmittedRequest;
use crate::edge::Edge;
use crate::header::one;
use crate::{peer, routing};

/// Authenticates and binds.
///
/// # Errors
/// 400: no or two workspaces. 401: no or no good token. 403: not a member of that workspace, which may not
/// even exist. 503: it cannot be told now.
pub(crate) async fn bind(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
) -> Result<Bound, HttpResponse> {
    let path = request.match_info().get("workspace");
    let workspace = routing::workspace(edge, request, admitted, path).map_err(|err| {
        refusal(
            ServiceCode::InvalidRequest,
            &RpcError::invalid_request(err.to_string()),
        )
    })?;
    let headers = request.headers();
    let bearer = bearer(request).map_err(|()| {
        refusal(
            ServiceCode::InvalidRequest,
            &RpcError::invalid_request("the header Authorization stands twice or is not ASCII"),
        )
    })?;
    let trace = |name| one(headers, name).ok().flatten().map(str::to_owned);
    let trace = TraceParent {
        parent: trace("traceparent"),
        state: trace("tracestate"),
    };
    match edge.node.bind(workspace.as_ref(), bearer, trace).await {
        Ok(caller) => Ok(caller),
        Err(err) => {
            note(edge, request, workspace.as_ref(), &err);
            let off = switched_off(edge, &err).await;
            Err(explain(
                edge,
                request,
                admitted,
                &err,
                bearer.is_some(),
                off,
            ))
        }
    }
}

/// Keeps the true reason in the log and the audit, where there is one. Callers are told less.
fn note(
    edge: &Edge,
    request: &HttpRequest,
    workspace: Option<&WorkspaceSlug>,
    err: &IdentifyError,
) {
    let (Some(reason), Some(access)) = (err.refusal(), &edge.access) else {
        return;
    };
    let missing = match err {
        IdentifyError::NoUser(missing) => Some(missing),
        _ => None,
    };
    access.authorization.note_refused_request(RefusedRequest {
        reason,
        account: missing.and_then(|missing| missing.account.as_ref()),
        workspace: missing.map(|missing| &missing.workspace).or(workspace),
        detail: missing.map(|missing| {
            format!(
                "the workspace's Superset has no active user {:?}",
                missing.username
            )
        }),
        peer: &peer::of(edge, request),
    });
}

/// What keeps a caller from a token: where to get one is told to all, and whoever goes there would find nothing.
async fn switched_off(edge: &Edge, err: &IdentifyError) -> Option<SwitchedOff> {
    let (IdentifyError::Auth(AuthFailure::Missing), Some(access)) = (err, &edge.access) else {
        return None;
    };
    let off = access.gate.off().await?;
    // Another issuer's tokens are no matter of OAuth here.
    (off == SwitchedOff::Service || edge.external_issuer.is_none()).then_some(off)
}

/// The bearer token (RFC 6750 §2.1); never one from the query.
fn bearer(request: &HttpRequest) -> Result<Option<&str>, ()> {
    Ok(one(request.headers(), AUTHORIZATION.as_str())?.and_then(bearer_token))
}
