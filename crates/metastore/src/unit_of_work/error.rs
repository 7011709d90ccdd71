use tidegate_types::{EntityKind, EntityRef};

use crate::MetastoreError;

/// Why something was not written. Whatever it is, nothing of the unit lasts unless it is committed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It does not exist, or the user may not see it.
    #[error("{0} does not exist")]
    NotFound(EntityRef),
    /// The user is gone, or no longer active.
    #[error("the user is not active")]
    UserGone,
    /// No role of the user's lets them change such things.
    #[error("no role grants can_write on {view}")]
    Forbidden {
        /// What was to be changed or made.
        kind: EntityKind,
        /// The view on which `can_write` is missing.
        view: &'static str,
    },
    /// Neither an owner nor an administrator.
    #[error("{0} may be changed by its owners and administrators")]
    NotOwner(EntityRef),
    /// Another system manages it (`is_managed_externally`) and would undo the change.
    #[error("{0} is managed by another system")]
    ManagedExternally(EntityRef),
    /// The metastore refused, or gave no answer; either way nothing was changed.
    #[error(transparent)]
    Metastore(#[from] MetastoreError),
}

/// Why a unit of work was not surely committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of it happened.
    #[error("nothing was changed")]
    Undone(#[source] MetastoreError),
    /// All of it may have happened.
    #[error("the change may have been made")]
    Unknown(#[source] MetastoreError),
}

impl From<MetastoreError> for CommitError {
    fn from(err: MetastoreError) -> Self {
        match err {
            MetastoreError::Timeout { .. } | MetastoreError::Interrupted { .. } => {
                Self::Unknown(err)
            }
            MetastoreError::Unavailable { .. }
            | MetastoreError::Conflict { .. }
            | MetastoreError::Refused { .. }
            | MetastoreError::Corrupt { .. }
            | MetastoreError::Unsuitable { .. } => Self::Undone(err),
        }
    }
}
