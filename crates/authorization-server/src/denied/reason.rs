//! Why a request is refused. A reason decides two things, each in one place: its code for the audit, and what the client
//! gets. Statuses follow from the OAuth error, at the edge.

use std::borrow::Cow;

use tidegate_control_plane::ManagerError;
use tidegate_oauth_types::{ErrorCode, OAuthError};
use tidegate_store::{StoreError, StoreErrorKind};

use super::{
    ClientDenial, DeviceDenial, GrantDenial, GrantTypeDenial, PromptDenial, RateDenial,
    RegistrationDenial, RegistrationTokenDenial, ScopeDenial, TargetDenial, UnavailableDenial,
};
use crate::gate::SwitchedOff;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DenialReason {
    /// What came is not what the specification wants; the audit gets the OAuth error.
    #[error(transparent)]
    Request(#[from] OAuthError),
    #[error(transparent)]
    Client(#[from] ClientDenial),
    #[error(transparent)]
    Grant(#[from] GrantDenial),
    #[error(transparent)]
    GrantType(#[from] GrantTypeDenial),
    #[error(transparent)]
    Target(#[from] TargetDenial),
    #[error(transparent)]
    Scope(#[from] ScopeDenial),
    #[error(transparent)]
    Prompt(#[from] PromptDenial),
    #[error(transparent)]
    Device(#[from] DeviceDenial),
    #[error(transparent)]
    Registration(#[from] RegistrationDenial),
    #[error(transparent)]
    RegistrationToken(#[from] RegistrationTokenDenial),
    #[error(transparent)]
    SwitchedOff(#[from] SwitchedOff),
    #[error(transparent)]
    Rate(#[from] RateDenial),
    #[error(transparent)]
    Unavailable(#[from] UnavailableDenial),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Manager(#[from] ManagerError),
}

impl DenialReason {
    /// A stable code for the audit and the log.
    pub(crate) fn audit_code(&self) -> &'static str {
        match self {
            Self::Request(error) => error.code.as_str(),
            Self::Client(denial) => denial.audit_code(),
            Self::Grant(denial) => denial.audit_code(),
            Self::GrantType(denial) => denial.audit_code(),
            Self::Target(denial) => denial.audit_code(),
            Self::Scope(denial) => denial.audit_code(),
            Self::Prompt(denial) => denial.code().as_str(),
            Self::Device(denial) => denial.audit_code(),
            Self::Registration(denial) => denial.audit_code(),
            Self::RegistrationToken(denial) => denial.audit_code(),
            Self::SwitchedOff(_) => "switched_off",
            Self::Rate(denial) => denial.audit_code(),
            Self::Unavailable(denial) => denial.audit_code(),
            Self::Store(err) => match err.kind {
                StoreErrorKind::Corrupt => "store_corrupt",
                StoreErrorKind::Unavailable | StoreErrorKind::Timeout => "store_unavailable",
            },
            Self::Manager(err) if is_away(err) => "manager_unavailable",
            Self::Manager(_) => "manager_failed",
        }
    }

    /// What the client gets: never more than it may know.
    pub(crate) fn client_error(&self) -> OAuthError {
        match self {
            Self::Request(error) => error.clone(),
            // One answer for everything that is wrong with a client's proof.
            Self::Client(_) => OAuthError::invalid_client(),
            // One answer for everything that is wrong with a code, token or assertion.
            Self::Grant(_) => OAuthError::invalid_grant(),
            Self::GrantType(denial) => error(ErrorCode::UnauthorizedClient, denial),
            Self::Target(denial) => error(ErrorCode::InvalidTarget, denial),
            Self::Scope(_) => fixed(ErrorCode::InvalidScope, "nothing of `scope` may be granted"),
            Self::Prompt(denial) => error(denial.code(), denial),
            Self::Device(denial) => denial.client_error(),
            Self::Registration(denial) => error(denial.code(), denial),
            Self::RegistrationToken(_) => fixed(
                ErrorCode::InvalidToken,
                "the registration access token is not valid for this client",
            ),
            Self::SwitchedOff(off) => error(ErrorCode::AccessDenied, off),
            Self::Rate(_) => fixed(
                ErrorCode::TooManyRequests,
                "too many requests: wait a minute",
            ),
            Self::Store(err) if err.kind == StoreErrorKind::Corrupt => defect(),
            Self::Manager(err) if !is_away(err) => defect(),
            Self::Unavailable(_) | Self::Store(_) | Self::Manager(_) => later(),
        }
    }

    /// Whether nothing is wrong, and the client is to ask again in a moment.
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(
            self,
            Self::Device(DeviceDenial::Pending | DeviceDenial::TooEarly | DeviceDenial::Contended)
        )
    }
}

const fn is_away(err: &ManagerError) -> bool {
    matches!(err, ManagerError::Unavailable(_) | ManagerError::Timeout)
}

/// An error whose description is the reason's own text.
fn error(code: ErrorCode, denial: &dyn std::error::Error) -> OAuthError {
    OAuthError::new(code, denial.to_string())
}

fn fixed(code: ErrorCode, description: &'static str) -> OAuthError {
    OAuthError::new(code, Cow::Borrowed(description))
}

fn later() -> OAuthError {
    let description = "this cannot be answered at the moment: try again";
    fixed(ErrorCode::TemporarilyUnavailable, description)
}

fn defect() -> OAuthError {
    fixed(ErrorCode::ServerError, "the server failed")
}
