//! Why nobody is known to be calling.

use tidegate_token_verifier::{AuthFailure, GrantRefusal};
use tidegate_types::{AccountId, Scope, ServiceCode, WorkspaceSlug};

use crate::control::Closed;
use crate::unknown_user::UnknownUser;
use crate::workspace::WorkspaceError;

/// Why nobody is known to be calling.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The credential did not pass.
    #[error(transparent)]
    Auth(#[from] AuthFailure),
    /// The credential is good, and its account is not an active member of the workspace.
    #[error("the token's account is not an active member of the workspace")]
    NotAMember,
    /// The credential is good, and no active user of the workspace goes by what it says. To callers this is
    /// [`Self::NotAMember`].
    #[error(transparent)]
    UnknownUser(Box<UnknownUser>),
    /// The account is a member, and the user that it acts as is not in the workspace's metastore, or is switched off there.
    #[error(
        "the member acts as a user that the workspace's metastore does not have, or that is switched off"
    )]
    NoUser(MissingUser),
    /// The token was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// What the token rests on does not count. The reason is for the log; callers are told what
    /// [`Self::service_code`] tells.
    #[error("the token's grant does not count: {}", .0.as_str())]
    NoStanding(GrantRefusal),
    /// The workspace is closed to everybody, or to tokens of this kind.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Neither the request nor the token says which workspace it is for.
    #[error("no workspace is named")]
    Unnamed,
    /// The workspace cannot be asked.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// The user that a member acts as, and who is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingUser {
    /// `ab_user.username`.
    pub username: Box<str>,
    /// The member, where the control plane was asked just now.
    pub account: Option<AccountId>,
    /// The workspace.
    pub workspace: WorkspaceSlug,
}

impl IdentifyError {
    /// A stable name of a caller's refusal, for logs and audit rows; `None` where the caller is not refused for who they are.
    pub const fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Auth(AuthFailure::Refused) => Some("token_refused"),
            Self::Auth(AuthFailure::InsufficientScope { .. }) => Some("scope_missing"),
            Self::NotAMember
            | Self::Workspace(WorkspaceError::Unknown | WorkspaceError::NotAMember) => {
                Some("not_a_member")
            }
            Self::NoUser(_) => Some("no_superset_user"),
            Self::UnknownUser(_) => Some("unknown_user"),
            Self::Revoked => Some("token_revoked"),
            Self::NoStanding(reason) => Some(reason.as_str()),
            // Whoever brings no token is told where to get one.
            Self::Auth(AuthFailure::Missing | AuthFailure::Unavailable)
            | Self::Closed(_)
            | Self::Unnamed
            | Self::Workspace(_) => None,
        }
    }

    /// The kind of failure that the edge shows.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::Auth(failure) => failure.service_code(),
            Self::NotAMember | Self::UnknownUser(_) | Self::Revoked => ServiceCode::Unauthenticated,
            Self::NoStanding(reason) => match reason {
                GrantRefusal::Unknown
                | GrantRefusal::Ended
                | GrantRefusal::Expired
                | GrantRefusal::OtherWorkspace
                | GrantRefusal::AccountInactive
                | GrantRefusal::ClientRefused => ServiceCode::Unauthenticated,
                GrantRefusal::NotAMember | GrantRefusal::Hibernated => ServiceCode::Forbidden,
                GrantRefusal::NoScope => ServiceCode::InsufficientScope,
            },
            Self::NoUser(_) | Self::Closed(_) => ServiceCode::Forbidden,
            Self::Unnamed => ServiceCode::InvalidRequest,
            Self::Workspace(err) => err.service_code(),
        }
    }
}

/// A refused standing as the rest of the node knows such refusals.
pub(super) fn refusal_of(reason: GrantRefusal) -> IdentifyError {
    match reason {
        // In the words of other tokens, so that nobody finds out which workspaces there are.
        GrantRefusal::NotAMember => IdentifyError::NotAMember,
        GrantRefusal::Hibernated => IdentifyError::Closed(Closed::Hibernated),
        GrantRefusal::NoScope => IdentifyError::Auth(lacking(Scope::Read)),
        GrantRefusal::Unknown
        | GrantRefusal::Ended
        | GrantRefusal::Expired
        | GrantRefusal::OtherWorkspace
        | GrantRefusal::AccountInactive
        | GrantRefusal::ClientRefused => IdentifyError::NoStanding(reason),
    }
}

/// A token that does not reach what everybody needs.
pub(super) fn lacking(scope: Scope) -> AuthFailure {
    AuthFailure::InsufficientScope {
        required: [scope.as_str().to_owned()].into(),
    }
}
