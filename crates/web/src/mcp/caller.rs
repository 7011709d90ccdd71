//! Who sends a request, and into which workspace.

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use tidegate_auth::AuthFailure;
use tidegate_protocol::{RpcError, reply};
use tidegate_runtime::{Bound, IdentifyError, TraceParent, WorkspaceError};
use tidegate_telemetry::Count;
use tidegate_types::ServiceCode;

use crate::admission::{Admitted, one};
use crate::edge::Edge;
use crate::{routing, status};

/// Ours, outside the reserved range, as in bodies of refusals.
const UNAUTHENTICATED: i32 = -31001;
const FORBIDDEN: i32 = -31003;

/// Authenticates and binds.
///
/// # Errors
/// 400: no or two workspaces. 401: no or no good token. 403: not a member of that workspace, which may not
/// even exist. 503: it cannot be told now.
pub(crate) async fn bind(
    edge: &Edge,
    request: &HttpRequest,
    admitted: &Admitted<'_>,
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
    match edge.node.bind(&workspace, bearer, trace).await {
        Ok(caller) => Ok(caller),
        Err(err) => Err(explain(edge, &err, bearer.is_some())),
    }
}

fn explain(edge: &Edge, err: &IdentifyError, had_token: bool) -> HttpResponse {
    let count = match err {
        IdentifyError::Auth(AuthFailure::Missing) => Count::AuthMissing,
        IdentifyError::Auth(AuthFailure::InsufficientScope { .. }) => Count::AuthScope,
        IdentifyError::Auth(AuthFailure::Refused)
        | IdentifyError::Revoked
        | IdentifyError::NotAMember => Count::AuthRefused,
        IdentifyError::Auth(AuthFailure::Unavailable) | IdentifyError::Workspace(_) => {
            Count::AuthUnavailable
        }
    };
    edge.metrics.count(count);
    let least = edge.least_scope;
    match err {
        IdentifyError::Auth(AuthFailure::Missing) => challenge(
            "a bearer token is needed",
            &format!("Bearer realm=\"tidegate\", scope=\"{least}\""),
        ),
        IdentifyError::Auth(AuthFailure::Refused) | IdentifyError::Revoked => {
            let error = if had_token {
                ", error=\"invalid_token\""
            } else {
                ""
            };
            let header = format!("Bearer realm=\"tidegate\", scope=\"{least}\"{error}");
            challenge("the bearer token is not valid", &header)
        }
        IdentifyError::Auth(AuthFailure::InsufficientScope { required }) => {
            let scope = required.join(" ");
            let mut response = refusal(
                ServiceCode::InsufficientScope,
                &RpcError::new(
                    FORBIDDEN,
                    format!("the bearer token needs the scopes {scope}"),
                ),
            );
            insert_challenge(
                &mut response,
                &format!(
                    "Bearer realm=\"tidegate\", error=\"insufficient_scope\", scope=\"{scope}\""
                ),
            );
            response
        }
        IdentifyError::NotAMember
        | IdentifyError::Workspace(WorkspaceError::Unknown | WorkspaceError::NotAMember) => {
            // One answer for both, so that nobody can find out which workspaces there are.
            let text = "this workspace does not exist, or the caller is not an active member of it";
            refusal(ServiceCode::Forbidden, &RpcError::new(FORBIDDEN, text))
        }
        IdentifyError::Auth(AuthFailure::Unavailable) | IdentifyError::Workspace(_) => {
            let mut response = refusal(
                err.service_code(),
                &RpcError::new(
                    RpcError::TRY_LATER,
                    "who calls cannot be told now; try again",
                ),
            );
            response.headers_mut().insert(
                actix_web::http::header::RETRY_AFTER,
                actix_web::http::header::HeaderValue::from_static("1"),
            );
            response
        }
    }
}

fn challenge(text: &str, header: &str) -> HttpResponse {
    let mut response = refusal(
        ServiceCode::Unauthenticated,
        &RpcError::new(UNAUTHENTICATED, text),
    );
    insert_challenge(&mut response, header);
    response
}

fn insert_challenge(response: &mut HttpResponse, header: &str) {
    // Scopes come from our configuration; one that cannot stand in a header is left out with the challenge.
    if let Ok(value) = actix_web::http::header::HeaderValue::from_str(header) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

fn refusal(code: ServiceCode, error: &RpcError) -> HttpResponse {
    HttpResponse::build(status::of(code))
        .content_type("application/json")
        .body(reply::failure(None, error))
}

/// The bearer token (RFC 6750 §2.1); never one from the query.
fn bearer(request: &HttpRequest) -> Result<Option<&str>, ()> {
    let Some(header) = one(request.headers(), AUTHORIZATION.as_str())? else {
        return Ok(None);
    };
    let Some((scheme, token)) = header.split_once(' ') else {
        return Ok(None);
    };
    Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()))
}
