use crate::{ErrorCode, OAuthError};

/// Why a text cannot be a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectProblem {
    /// More than 2048 bytes.
    #[error("it is longer than 2048 bytes")]
    TooLong,
    /// No scheme, or none that could be one.
    #[error("it has no scheme: write it in full")]
    NotAbsolute,
    /// A character that no URI has.
    #[error("it holds a character that a URI cannot have: encode it")]
    Character,
    /// Not a URL that browsers can read.
    #[error("it is not a URL")]
    Malformed,
    /// `#…` (RFC 6749 §3.1.2).
    #[error("it has a fragment: leave it out")]
    Fragment,
    /// `name@host`.
    #[error("it has user information before the host: leave it out")]
    UserInformation,
    /// `.` or `..`, or a backslash.
    #[error("its path has . or .. or a backslash: write where it leads")]
    DotSegment,
    /// The host is missing, or not written as it is read.
    #[error("its host is missing or not in its plain form: write the name or address in ASCII")]
    Host,
    /// `http` beyond the person's own machine.
    #[error("it needs https: http is for localhost, 127.0.0.1 and [::1]")]
    HttpsNeeded,
    /// A scheme that must not be opened.
    #[error("its scheme is not allowed")]
    Scheme,
    /// A private scheme that could be any program's.
    #[error(
        "its scheme is neither a domain name reversed (com.example.app) nor that of an MCP client that is known here: an \
         administrator can make a client with it"
    )]
    UnknownApp,
    /// The query has a parameter of the answer.
    #[error("its query has a parameter that the answer brings (code, state, iss, error)")]
    AnswerParameter,
}

impl From<RedirectProblem> for OAuthError {
    /// As registration tells it (RFC 7591 §3.2.2).
    fn from(problem: RedirectProblem) -> Self {
        Self::new(
            ErrorCode::InvalidRedirectUri,
            format!("a redirect URI is not acceptable: {problem}"),
        )
    }
}
