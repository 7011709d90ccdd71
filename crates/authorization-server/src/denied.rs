use tidegate_control_plane::ManagerError;
use tidegate_oauth_types::{ErrorCode, OAuthError};
use tidegate_store::StoreError;
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

use crate::gate::SwitchedOff;

/// What a record is about, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) account: Option<AccountId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) workspace: Option<WorkspaceSlug>,
}

/// A refusal: the error that the client gets, and the code of the true reason, which only the audit gets.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) client_error: OAuthError,
    /// A stable code of the reason.
    pub(crate) audit_code: &'static str,
    pub(crate) about: About,
}

impl Denied {
    pub(crate) fn new(client_error: OAuthError, audit_code: &'static str) -> Self {
        Self {
            client_error,
            audit_code,
            about: About::default(),
        }
    }

    /// One answer for everything that is wrong with a code, token or assertion.
    pub(crate) fn grant(audit_code: &'static str) -> Self {
        Self::new(OAuthError::invalid_grant(), audit_code)
    }

    /// One answer for everything that is wrong with a client's proof.
    pub(crate) fn client(audit_code: &'static str) -> Self {
        Self::new(OAuthError::invalid_client(), audit_code)
    }

    pub(crate) fn target(audit_code: &'static str, description: &'static str) -> Self {
        Self::new(
            OAuthError::new(ErrorCode::InvalidTarget, description),
            audit_code,
        )
    }

    pub(crate) fn scope(audit_code: &'static str) -> Self {
        let description = "nothing of `scope` may be granted";
        Self::new(
            OAuthError::new(ErrorCode::InvalidScope, description),
            audit_code,
        )
    }

    pub(crate) fn switched_off(off: SwitchedOff) -> Self {
        Self::new(
            OAuthError::new(ErrorCode::AccessDenied, off.to_string()),
            "switched_off",
        )
    }

    pub(crate) fn too_many() -> Self {
        Self::too_often("too_many_requests")
    }

    pub(crate) fn too_often(audit_code: &'static str) -> Self {
        let description = "too many requests: wait a minute";
        Self::new(
            OAuthError::new(ErrorCode::TooManyRequests, description),
            audit_code,
        )
    }

    pub(crate) fn later(audit_code: &'static str) -> Self {
        let description = "this cannot be answered at the moment: try again";
        Self::new(
            OAuthError::new(ErrorCode::TemporarilyUnavailable, description),
            audit_code,
        )
    }

    fn defect(audit_code: &'static str) -> Self {
        let description = "the server failed";
        Self::new(
            OAuthError::new(ErrorCode::ServerError, description),
            audit_code,
        )
    }

    pub(crate) fn of_client(mut self, client: &ClientId) -> Self {
        self.about.client.get_or_insert_with(|| client.clone());
        self
    }

    pub(crate) fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }
}

impl From<StoreError> for Denied {
    fn from(err: StoreError) -> Self {
        tracing::warn!(error = %Chain(&err), "the shared store failed during an authorization request");
        match err.kind {
            tidegate_store::StoreErrorKind::Corrupt => Self::defect("store_corrupt"),
            _ => Self::later("store_unavailable"),
        }
    }
}

impl From<ManagerError> for Denied {
    fn from(err: ManagerError) -> Self {
        match err {
            ManagerError::Unavailable(_) | ManagerError::Timeout => {
                tracing::warn!(error = %Chain(&err), "the manager failed during an authorization request");
                Self::later("manager_unavailable")
            }
            _ => {
                tracing::error!(error = %Chain(&err), "the manager refused an operation of an authorization request");
                Self::defect("manager_failed")
            }
        }
    }
}

impl From<OAuthError> for Denied {
    fn from(client_error: OAuthError) -> Self {
        let audit_code = client_error.code.as_str();
        Self::new(client_error, audit_code)
    }
}

/// An error with its causes, for the log.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(err) = cause {
            write!(f, ": {err}")?;
            cause = err.source();
        }
        Ok(())
    }
}
