//! What a client needs to get a token, or a better one (RFC 6750 §3, RFC 9728 §5.1).

use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use tidegate_types::WorkspaceSlug;

use crate::admission::Admitted;
use crate::edge::Edge;
use crate::routing;

/// Why a request is challenged.
pub(super) enum Lack<'a> {
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
    admitted: &Admitted<'_>,
    lack: &Lack<'_>,
) {
    let metadata = edge.access.is_some().then(|| {
        let path = request.match_info().get("workspace");
        let path = path.and_then(|slug| slug.parse::<WorkspaceSlug>().ok());
        let resource = routing::resource(edge, request, admitted.host, path.as_ref());
        resource.spelled(request.path()).well_known()
    });
    let text = text(lack, edge.challenge_scope, metadata.as_deref());
    // Scopes and URLs come from our configuration; what cannot stand in a header is left out.
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

fn text(lack: &Lack<'_>, usual: &str, metadata: Option<&str>) -> String {
    let (error, scope) = match lack {
        Lack::Token => ("", usual),
        Lack::GoodToken => (", error=\"invalid_token\"", usual),
        Lack::Scope(needed) => (", error=\"insufficient_scope\"", *needed),
    };
    let metadata =
        metadata.map_or_else(String::new, |url| format!(", resource_metadata=\"{url}\""));
    format!("Bearer realm=\"tidegate\"{error}, scope=\"{scope}\"{metadata}")
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
            text(&Lack::Token, "mcp:read", METADATA)
        );
        assert_eq!(
            "Bearer realm=\"tidegate\", error=\"invalid_token\", scope=\"mcp:read\"",
            text(&Lack::GoodToken, "mcp:read", None)
        );
    }

    #[test]
    fn a_token_that_reaches_too_little_is_told_all_that_is_needed() {
        let lack = Lack::Scope("mcp:read mcp:query mcp:write");
        let text = text(&lack, "mcp:read", METADATA);
        assert!(
            text.contains("error=\"insufficient_scope\", scope=\"mcp:read mcp:query mcp:write\"")
        );
        assert!(text.contains("resource_metadata="));
    }
}
