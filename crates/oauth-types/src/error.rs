//! The answer of an endpoint that refuses (RFC 6749 §4.1.2.1 and §5.2, and what extends them).

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Why a request was refused, in the word that clients read.
///
/// Statuses are the edge's business; RFC 6749 §5.2 and its neighbours want, at endpoints that answer in JSON:
/// 401 for [`InvalidClient`](Self::InvalidClient) (with `WWW-Authenticate: Basic` when the client tried the header),
/// 500 for [`ServerError`](Self::ServerError), 503 for [`TemporarilyUnavailable`](Self::TemporarilyUnavailable),
/// 429 for [`TooManyRequests`](Self::TooManyRequests), 403 for [`AccessDenied`](Self::AccessDenied) outside the token
/// endpoint (RFC 8628 §3.5 wants 400 there), and 400 for the rest. At the authorization endpoint they travel in a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A parameter is missing, malformed or doubled (RFC 6749 §5.2).
    InvalidRequest,
    /// The client is unknown or did not prove itself (RFC 6749 §5.2).
    InvalidClient,
    /// The code, refresh token or assertion is not good, or not this client's (RFC 6749 §5.2).
    InvalidGrant,
    /// The client may not use this grant type (RFC 6749 §5.2).
    UnauthorizedClient,
    /// No such grant type here (RFC 6749 §5.2).
    UnsupportedGrantType,
    /// No such response type here (RFC 6749 §4.1.2.1).
    UnsupportedResponseType,
    /// Nothing that may be asked for is left (RFC 6749 §5.2).
    InvalidScope,
    /// The resource is not one of ours (RFC 8707 §2).
    InvalidTarget,
    /// The person, or a rule, said no (RFC 6749 §4.1.2.1).
    AccessDenied,
    /// A defect of ours (RFC 6749 §4.1.2.1).
    ServerError,
    /// Later it may work (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable,
    /// Client metadata that cannot be taken (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// A redirect URI that cannot be taken (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// The person has not decided yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// As before, and the client asks too often (RFC 8628 §3.5).
    SlowDown,
    /// The device code ended (RFC 8628 §3.5).
    ExpiredToken,
    /// `prompt=none`, and nobody is signed in (OpenID Connect Core §3.1.2.6).
    LoginRequired,
    /// `prompt=none`, and the person must agree (OpenID Connect Core §3.1.2.6).
    ConsentRequired,
    /// `prompt=none`, and the person must choose (OpenID Connect Core §3.1.2.6).
    InteractionRequired,
    /// `request` came (OpenID Connect Core §3.1.2.6).
    RequestNotSupported,
    /// `request_uri` came (OpenID Connect Core §3.1.2.6).
    RequestUriNotSupported,
    /// A token of a kind that cannot be revoked (RFC 7009 §2.2.1).
    UnsupportedTokenType,
    /// The bearer token is not good (RFC 6750 §3.1), for registration management (RFC 7592).
    InvalidToken,
    /// A limit is used up. No RFC has a word for it; this one is widely understood.
    TooManyRequests,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 24] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::UnsupportedResponseType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::AccessDenied,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::InvalidClientMetadata,
        Self::InvalidRedirectUri,
        Self::AuthorizationPending,
        Self::SlowDown,
        Self::ExpiredToken,
        Self::LoginRequired,
        Self::ConsentRequired,
        Self::InteractionRequired,
        Self::RequestNotSupported,
        Self::RequestUriNotSupported,
        Self::UnsupportedTokenType,
        Self::InvalidToken,
        Self::TooManyRequests,
    ];

    /// The code as it stands in `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidToken => "invalid_token",
            Self::TooManyRequests => "too_many_requests",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// More than this of a description tells nobody anything.
const MOST_DESCRIPTION: usize = 400;

/// A refusal. Serializes to `{"error": …, "error_description": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// The word for programs.
    pub code: ErrorCode,
    /// The sentence for whoever writes the client: which parameter, what came, what would be right. Holds no secret.
    /// Only the characters that RFC 6749 §5.2 allows.
    pub description: Cow<'static, str>,
}

impl OAuthError {
    /// A refusal. Characters that a description must not hold are replaced, and it is cut to 400.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        let is_clean = description.len() <= MOST_DESCRIPTION && description.chars().all(is_allowed);
        let description = if is_clean {
            description
        } else {
            description
                .chars()
                .take(MOST_DESCRIPTION)
                .map(as_allowed)
                .collect()
        };
        Self { code, description }
    }

    /// [`ErrorCode::InvalidRequest`].
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// [`ErrorCode::InvalidClient`], in the one sentence that tells nobody which part was wrong.
    pub fn invalid_client() -> Self {
        Self::new(
            ErrorCode::InvalidClient,
            "the client is unknown or did not prove itself",
        )
    }

    /// [`ErrorCode::InvalidGrant`], in the one sentence that tells nobody which part was wrong.
    pub fn invalid_grant() -> Self {
        Self::new(
            ErrorCode::InvalidGrant,
            "the code, token or assertion is not valid for this request: authorize again",
        )
    }
}

/// RFC 6749 §5.2: `%x20-21 / %x23-5B / %x5D-7E`.
const fn is_allowed(char: char) -> bool {
    matches!(char, ' '..='!' | '#'..='[' | ']'..='~')
}

const fn as_allowed(char: char) -> char {
    match char {
        '"' => '\'',
        '\\' => '/',
        other if is_allowed(other) => other,
        _ => '?',
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

impl std::error::Error for OAuthError {}

impl Serialize for OAuthError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("OAuthError", 2)?;
        object.serialize_field("error", self.code.as_str())?;
        object.serialize_field("error_description", &self.description)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_the_two_members_that_clients_read() {
        let error = OAuthError::invalid_request("`code` is missing");
        assert_eq!(
            r#"{"error":"invalid_request","error_description":"`code` is missing"}"#,
            serde_json::to_string(&error).unwrap()
        );
    }

    #[test]
    fn a_description_holds_only_what_the_rfc_allows() {
        let error = OAuthError::invalid_request(format!("\"ä\\\r\n{}", "x".repeat(1000)));
        assert!(error.description.starts_with("'?/??xxx"));
        assert_eq!(MOST_DESCRIPTION, error.description.len());
        assert!(error.description.chars().all(is_allowed));
    }

    #[test]
    fn no_two_codes_share_a_word() {
        let words: std::collections::HashSet<_> =
            ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(ErrorCode::ALL.len(), words.len());
    }
}
