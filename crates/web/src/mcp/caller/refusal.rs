//! What a caller is told who is not let in.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use tidegate_authorization_server::SwitchedOff;
use tidegate_protocol::{RpcError, reply};
use tidegate_runtime::{IdentifyError, WorkspaceError};
use tidegate_telemetry::Count;
use tidegate_token_verifier::AuthFailure;
use tidegate_types::ServiceCode;

use crate::admission::AdmittedRequest;
use crate::edge::Edge;
use crate::mcp::challenge::{self, ChallengeReason};
use crate::status;

/// Ours, outside the reserved range, as in bodies of refusals.
const UNAUTHENTICATED: i32 = -31001;
const FORBIDDEN: i32 = -31003;

const UNNAMED: &str = "no workspace is named: use /w/<workspace>/mcp, the workspace's host, or the header X-Workspace-Id";

/// Says why, as far as callers may know it: with a challenge where another token would help.
pub(super) fn explain(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    err: &IdentifyError,
    had_token: bool,
    off: Option<SwitchedOff>,
) -> HttpResponse {
    edge.metrics.count(count_of(err));
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

fn count_of(err: &IdentifyError) -> Count {
    match err {
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

/// A refusal that says no more than this.
pub(super) fn refusal(code: ServiceCode, error: &RpcError) -> HttpResponse {
    HttpResponse::build(status::of(code))
        .content_type("application/json")
        .body(reply::failure(None, error))
}
