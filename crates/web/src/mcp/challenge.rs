//! What a client needs to get a token, or a better one (RFC 6750 §3, RFC 9728 §5.1).

use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use tidegate_types::WorkspaceSlug;

use crate::admission::AdmittedRequest;
use crate::edge::Edge;
use crate::routing;

/// Why a request is challenged.
pub(super) enum ChallengeReason<'a> {
    /// No token came; then the answer names no error (RFC 6750 §3.1).
    Token,
    /// The token that came is not good.
    GoodToken,
    /// The token is good, and lacks scopes: all that the operation needs, separated by spaces.
    Scope(&'a str),
}

/// Adds the challenge to an answer.
pub(super) fn add(
    response: &mut HttpResponse,
    edge: &Edge,
    request: &HttpRequest,
    admitted: &AdmittedRequest<'_>,
    reason: &ChallengeReason<'_>,
) {
    let leads_somewhere = edge.access.is_some() || edge.external_issuer.is_some();
    let metadata = leads_somewhere.then(|| {
        let path = request.match_info().get("workspace");
        let path = path.and_then(|slug| slug.parse::<WorkspaceSlug>().ok());
        let resource = routing::resource(edge, request, admitted.host, path.as_ref());
        resource.spelled(request.path()).well_known()
    });
    let text = text(reason, edge.challenge_scope.as_deref(), metadata.as_deref());
    // Scopes and URLs come from our configuration; what cannot stand in a header is left out.
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

fn text(reason: &ChallengeReason<'_>, usual: Option<&str>, metadata: Option<&str>) -> String {
    let (error, scope) = match reason {
        ChallengeReason::Token => (None, usual),
        ChallengeReason::GoodToken => (Some("invalid_token"), usual),
        ChallengeReason::Scope(needed) => (Some("insufficient_scope"), Some(*needed)),
    };
    let mut text = "Bearer realm=\"tidegate\"".to_owned();
    for (name, value) in [
        ("error", error),
        ("scope", scope),
        ("resource_metadata", metadata),
    ] {
        if let Some(value) = value {
            text.push_str(", ");
            text.push_str(name);
            text.push_str("=\"");
            text.push_str(value);
            text.push('"');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: Option<&str> =
        Some("https://mcp.example.com/.well-known/oauth-protected-resource/mcp");

    #[test]
    fn an_error_is_named_only_to_who_sent_a_token() {
        assert_eq!(
            "Bearer realm=\"tidegate\", scope=\"mcp:read\", \
             resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"",
            text(&ChallengeReason::Token, Some("mcp:read"), METADATA)
        );
        assert_eq!(
            "Bearer realm=\"tidegate\", error=\"invalid_token\", scope=\"mcp:read\"",
            text(&ChallengeReason::GoodToken, Some("mcp:read"), None)
        );
    }

    #[test]
    fn scopes_that_an_issuer_may_not_know_are_not_asked_for() {
        assert_eq!(
            "Bearer realm=\"tidegate\", \
             resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"",
            text(&ChallengeReason::Token, None, METADATA)
        );
    }

    #[test]
    fn a_token_that_reaches_too_little_is_told_all_that_is_needed() {
        let reason = ChallengeReason::Scope("mcp:read mcp:query mcp:write");
        let text = text(&reason, Some("mcp:read"), METADATA);
        assert!(
            text.contains("error=\"insufficient_scope\", scope=\"mcp:read mcp:query mcp:write\"")
        );
        assert!(text.contains("resource_metadata="));
    }
}
