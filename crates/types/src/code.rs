//! The kinds of failure that the edge can show.

/// What went wrong, in the terms of whoever asked. `tidegate-web` turns it into an HTTP status and
/// a JSON-RPC code in one table; nothing else may invent a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceCode {
    /// The request does not say what it must, or says it wrongly.
    InvalidRequest,
    /// The thing does not exist, or its existence is not this principal's business.
    NotFound,
    /// No valid credential came with the request.
    Unauthenticated,
    /// The principal is known, and may not do this.
    Forbidden,
    /// The token is good, but its scopes do not reach this operation (RFC 6750 §3.1).
    InsufficientScope,
    /// A limit of the tenant, user, client or tool is used up.
    RateLimited,
    /// The node has no room for more work now.
    Overloaded,
    /// A part that the answer needs (store, metastore, database) cannot be reached.
    Unavailable,
    /// The work did not end within its deadline.
    Timeout,
    /// The caller gave up.
    Cancelled,
    /// A change may have been made or not; nobody can tell without looking.
    OutcomeUnknown,
    /// A defect of ours.
    Internal,
}

impl ServiceCode {
    /// A stable name for logs, metrics and audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::InsufficientScope => "insufficient_scope",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
        }
    }
}
