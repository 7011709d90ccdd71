//! From what the authorization server says to HTTP: the one table.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use tidegate_oauth_types::{ErrorCode, OAuthError};

use super::OAuthRequest;
use crate::cors;

/// What a client waits that asked too often, or while a part of ours is away, in seconds.
const RETRY_SECS: u16 = 5;

/// Which endpoint answers, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `/oauth/token`.
    Token,
    /// `/v1/auth/`, whose callers know nothing of OAuth.
    ApiToken,
    /// Any other.
    Other,
}

/// The status of an error (RFC 6749 §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 8628 §3.5, RFC 7009 §2.2.1).
pub(super) const fn status(code: ErrorCode, endpoint: Endpoint) -> u16 {
    match code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => 401,
        ErrorCode::InvalidGrant => match endpoint {
            Endpoint::ApiToken => 401,
            Endpoint::Token | Endpoint::Other => 400,
        },
        ErrorCode::AccessDenied => match endpoint {
            Endpoint::Token => 400,
            Endpoint::ApiToken | Endpoint::Other => 403,
        },
        ErrorCode::TooManyRequests => 429,
        ErrorCode::ServerError => 500,
        ErrorCode::TemporarilyUnavailable => 503,
        ErrorCode::InvalidRequest
        | ErrorCode::UnauthorizedClient
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::UnsupportedResponseType
        | ErrorCode::InvalidScope
        | ErrorCode::InvalidTarget
        | ErrorCode::InvalidClientMetadata
        | ErrorCode::InvalidRedirectUri
        | ErrorCode::AuthorizationPending
        | ErrorCode::SlowDown
        | ErrorCode::ExpiredToken
        | ErrorCode::LoginRequired
        | ErrorCode::ConsentRequired
        | ErrorCode::InteractionRequired
        | ErrorCode::RequestNotSupported
        | ErrorCode::RequestUriNotSupported
        | ErrorCode::UnsupportedTokenType => 400,
    }
}

/// An answer with a body, which nobody may keep.
pub(super) fn good(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(body) => {
            let mut response = HttpResponse::build(status)
                .content_type("application/json")
                .body(body);
            forbid_caching(&mut response);
            response
        }
        Err(err) => {
            tracing::error!(error = %err, "an answer could not be written");
            refused(
                &OAuthError::new(ErrorCode::ServerError, "the answer could not be written"),
                Endpoint::Other,
                None,
            )
        }
    }
}

/// The answer to a request that failed. `authorization`: what the client tried in that header, whose scheme the answer
/// names again (RFC 6749 §5.2).
pub(super) fn refused(
    error: &OAuthError,
    endpoint: Endpoint,
    authorization: Option<&str>,
) -> HttpResponse {
    let status = status(error.code, endpoint);
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(code).json(error);
    forbid_caching(&mut response);
    if matches!(status, 429 | 503) {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(RETRY_SECS));
    }
    let challenge = match error.code {
        ErrorCode::InvalidToken => Some("Bearer realm=\"tidegate\", error=\"invalid_token\""),
        ErrorCode::InvalidClient if has_scheme(authorization, "basic") => {
            Some("Basic realm=\"tidegate\", charset=\"UTF-8\"")
        }
        ErrorCode::InvalidClient if has_scheme(authorization, "bearer") => {
            Some("Bearer realm=\"tidegate\", error=\"invalid_token\"")
        }
        _ => None,
    };
    if let Some(challenge) = challenge {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn has_scheme(authorization: Option<&str>, scheme: &str) -> bool {
    authorization
        .and_then(|header| header.split_ascii_whitespace().next())
        .is_some_and(|named| named.eq_ignore_ascii_case(scheme))
}

/// Tokens and secrets are for their client alone (RFC 6749 §5.1). `Pragma` is for caches that know no better.
fn forbid_caching(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

impl OAuthRequest<'_> {
    /// The answer of a document that cannot be written now.
    pub(crate) fn unavailable(&self, error: &OAuthError) -> HttpResponse {
        self.refuse(error, Endpoint::Other)
    }

    /// [`refused`], with what this request carried.
    pub(super) fn refuse(&self, error: &OAuthError, endpoint: Endpoint) -> HttpResponse {
        refused(error, endpoint, self.authorization().ok().flatten())
    }
}

/// What is not there, whether it never was or is off: in JSON, since clients read it (a page in HTML breaks some).
pub(crate) fn not_found() -> HttpResponse {
    let mut response = HttpResponse::NotFound()
        .content_type("application/json")
        .body(r#"{"error":"not_found"}"#);
    forbid_caching(&mut response);
    cors::allow_any(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status() {
        use ErrorCode as E;
        let table = [
            (E::InvalidRequest, 400, 400, 400),
            (E::InvalidClient, 401, 401, 401),
            (E::InvalidGrant, 400, 401, 400),
            (E::UnauthorizedClient, 400, 400, 400),
            (E::UnsupportedGrantType, 400, 400, 400),
            (E::UnsupportedResponseType, 400, 400, 400),
            (E::InvalidScope, 400, 400, 400),
            (E::InvalidTarget, 400, 400, 400),
            (E::AccessDenied, 400, 403, 403),
            (E::ServerError, 500, 500, 500),
            (E::TemporarilyUnavailable, 503, 503, 503),
            (E::InvalidClientMetadata, 400, 400, 400),
            (E::InvalidRedirectUri, 400, 400, 400),
            (E::AuthorizationPending, 400, 400, 400),
            (E::SlowDown, 400, 400, 400),
            (E::ExpiredToken, 400, 400, 400),
            (E::LoginRequired, 400, 400, 400),
            (E::ConsentRequired, 400, 400, 400),
            (E::InteractionRequired, 400, 400, 400),
            (E::RequestNotSupported, 400, 400, 400),
            (E::RequestUriNotSupported, 400, 400, 400),
            (E::UnsupportedTokenType, 400, 400, 400),
            (E::InvalidToken, 401, 401, 401),
            (E::TooManyRequests, 429, 429, 429),
        ];
        assert_eq!(ErrorCode::ALL.len(), table.len());
        for (code, token, api_token, other) in table {
            assert_eq!(token, status(code, Endpoint::Token), "{code}");
            assert_eq!(api_token, status(code, Endpoint::ApiToken), "{code}");
            assert_eq!(other, status(code, Endpoint::Other), "{code}");
        }
    }

    fn header<'r>(response: &'r HttpResponse, name: &str) -> Option<&'r str> {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap())
    }

    #[test]
    fn a_client_that_tried_a_header_is_told_its_scheme() {
        let refuse = |authorization| {
            refused(
                &OAuthError::invalid_client(),
                Endpoint::Token,
                authorization,
            )
        };
        let basic = refuse(Some("Basic eDp5"));
        assert_eq!(401, basic.status().as_u16());
        assert!(
            header(&basic, "www-authenticate")
                .unwrap()
                .starts_with("Basic realm=")
        );
        assert!(
            header(&refuse(Some("bearer x")), "www-authenticate")
                .unwrap()
                .starts_with("Bearer ")
        );
        for other in [None, Some(""), Some("Basically x"), Some("Digest x")] {
            assert_eq!(
                None,
                header(&refuse(other), "www-authenticate"),
                "{other:?}"
            );
        }
    }

    #[test]
    fn nobody_keeps_an_answer_and_whoever_may_come_again_is_told_when() {
        for code in ErrorCode::ALL {
            let response = refused(&OAuthError::new(code, "x"), Endpoint::Token, None);
            assert_eq!(Some("no-store"), header(&response, "cache-control"));
            let is_later = matches!(
                code,
                ErrorCode::TooManyRequests | ErrorCode::TemporarilyUnavailable
            );
            assert_eq!(
                is_later,
                header(&response, "retry-after").is_some(),
                "{code}"
            );
        }
        let good = good(StatusCode::OK, &serde_json::json!({ "access_token": "x" }));
        assert_eq!(Some("no-store"), header(&good, "cache-control"));
        assert_eq!(Some("application/json"), header(&good, "content-type"));
    }
}
