use tidegate_oauth_types::{ErrorCode, OAuthError};

/// Why a device gets no token (RFC 8628 §3.5), now or at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeviceDenial {
    #[error("the person has not decided yet")]
    Pending,
    #[error("the device asks too often")]
    TooEarly,
    #[error("others changed the request at the same time")]
    Contended,
    #[error("the person did not let the device in")]
    Denied,
    #[error("the device code is unknown")]
    Unknown,
    #[error("the device code has expired")]
    Expired,
    #[error("the device code was used by another request")]
    Spent,
}

impl DeviceDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::Pending => "authorization_pending",
            Self::TooEarly => "slow_down",
            Self::Contended => "device_contended",
            Self::Denied => "device_denied",
            Self::Unknown => "device_code_unknown",
            Self::Expired => "device_code_expired",
            Self::Spent => "device_code_spent",
        }
    }

    /// What the device gets.
    pub(super) fn client_error(self) -> OAuthError {
        let (code, description) = match self {
            Self::Pending => (
                ErrorCode::AuthorizationPending,
                "the person has not decided yet",
            ),
            Self::TooEarly | Self::Contended => (
                ErrorCode::SlowDown,
                "the device asks too often: wait 5 seconds longer from now on",
            ),
            Self::Denied => (
                ErrorCode::AccessDenied,
                "the person did not let the device in",
            ),
            Self::Unknown | Self::Expired | Self::Spent => (
                ErrorCode::ExpiredToken,
                "the device code has expired: begin again",
            ),
        };
        OAuthError::new(code, description)
    }
}
