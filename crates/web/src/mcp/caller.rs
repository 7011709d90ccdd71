//! Who sends a request, and into which workspace.

use actix_web::http::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use tidegate_authorization_server::{RefusedRequest, SwitchedOff};
use tidegate_oauth_types::bearer_token;
use tidegate_protocol::{RpcError, reply};
use tidegate_runtime::{Bound, IdentifyError, TraceParent, WorkspaceError};
use tidegate_telemetry::Count;
use tidegate_token_verifier::AuthFailure;
use tidegate_types::{ServiceCode, WorkspaceSlug};

use super::challenge::{self, ChallengeReason};
use crate::admission::AdmittedRequest;
use crate::edge::Edge;
use crate::header::one;
use crate::{peer, routing, status};

/// Ours, outside the reserved range, as in bodies of refusals.
const UNAUTHENTICATED: i32 = -31001;
const FORBIDDEN: i32 = -31003;

const UNNAMED: &str = "no workspace is named: use /w/<workspace>/mcp, the workspace's host, or the header X-Workspace-Id";

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

fn explain(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    err: &IdentifyError,
    had_token: bool,
    off: Option<SwitchedOff>,
) -> HttpResponse {
    let count = match err {
        IdentifyError::Auth(AuthFailure::Missing) => Count::AuthMissing,
        IdentifyError::Auth(AuthFailure::InsufficientScope { .. }) => Count::AuthScope,
        IdentifyError::Auth(AuthFailure::Refused)
        | IdentifyError::Revoked
        | IdentifyError::NoStanding(_)
        | IdentifyError::Closed(_)
        | IdentifyError::NoUser(_)
        | IdentifyError::NotAMember
        | IdentifyError::UnknownUser(_) => Count::AuthRefused,
        IdentifyError::Unnamed => Count::EdgeMalformed,
        IdentifyError::Auth(AuthFailure::Unavailable) | IdentifyError::Workspace(_) => {
            Count::AuthUnavailable
        }
    };
    edge.metrics.count(count);
    let challenge = |code: ServiceCode, error: &RpcError, reason: ChallengeReason<'_>| {
        let mut response = refusal(code, error);
        challenge::add(&mut response, edge, request, admitted, &reason);
        response
    };
    match err {
        IdentifyError::Auth(AuthFailure::Missing) => challenge(
            ServiceCode::Unauthenticated,
            &RpcError::new(UNAUTHENTICATED, token_needed(off)),
            ChallengeReason::Token,
        ),
        IdentifyError::Auth(AuthFailure::Refused)
        | IdentifyError::Revoked
        | IdentifyError::NoStanding(_) => challenge(
            ServiceCode::Unauthenticated,
            &RpcError::new(UNAUTHENTICATED, "the bearer token is not valid"),
            if had_token {
                ChallengeReason::GoodToken
            } else {
                ChallengeReason::Token
            },
        ),
        IdentifyError::Auth(AuthFailure::InsufficientScope { required }) => {
            let scope = required.join(" ");
            let text = format!("the bearer token needs the scopes {scope}");
            challenge(
                ServiceCode::InsufficientScope,
                &RpcError::new(FORBIDDEN, text),
                ChallengeReason::Scope(&scope),
            )
        }
        IdentifyError::Closed(closed) => refusal(
            ServiceCode::Forbidden,
            &RpcError::new(FORBIDDEN, closed.to_string()),
        ),
        IdentifyError::Unnamed => refusal(
            ServiceCode::InvalidRequest,
            &RpcError::invalid_request(UNNAMED),
        ),
        IdentifyError::NoUser(missing) => {
            // They are a member, and it is their own name: nobody else is told.
            let text = format!(
                "you are a member of the workspace {}, and its Superset has no active user {:?}, as whom you act there: ask an \
                 administrator to make or activate that user, or to say as whom you act",
                missing.workspace, missing.username
            );
            refusal(ServiceCode::Forbidden, &RpcError::new(FORBIDDEN, text))
        }
        IdentifyError::NotAMember
        | IdentifyError::UnknownUser(_)
        | IdentifyError::Workspace(WorkspaceError::Unknown | WorkspaceError::NotAMember) => {
            // One answer for all, so that nobody can find out which workspaces and users there are.
            let text = "this workspace does not exist, or the caller is not an active member of it; \
                        an administrator finds the reason in the server's log";
            refusal(ServiceCode::Forbidden, &RpcError::new(FORBIDDEN, text))
        }
        IdentifyError::Auth(AuthFailure::Unavailable) => later(
            err,
            "the bearer token cannot be checked now: what it is checked with cannot be reached; try again",
        ),
        IdentifyError::Workspace(_) => later(
            err,
            "the caller cannot be identified now: the workspace cannot be reached; try again",
        ),
    }
}

fn token_needed(off: Option<SwitchedOff>) -> String {
    let needed = "a bearer token is needed";
    match off {
        Some(off) => format!("{needed}; {off}"),
        None => needed.to_owned(),
    }
}

/// Nothing is wrong with the request.
fn later(err: &IdentifyError, text: &str) -> HttpResponse {
    let error = RpcError::new(RpcError::TRY_LATER, text.to_owned());
    let mut response = refusal(err.service_code(), &error);
    let second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, second);
    response
}

fn refusal(code: ServiceCode, error: &RpcError) -> HttpResponse {
    HttpResponse::build(status::of(code))
        .content_type("application/json")
        .body(reply::failure(None, error))
}

/// The bearer token (RFC 6750 §2.1); never one from the query.
fn bearer(request: &HttpRequest) -> Result<Option<&str>, ()> {
    Ok(one(request.headers(), AUTHORIZATION.as_str())?.and_then(bearer_token))
}
