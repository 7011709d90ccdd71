//! How errors cross the wire: `{"error": "not_found", "text": "account"}`.

use serde::{Deserialize, Serialize};

use crate::ManagerError;

/// An error as JSON. What an `Internal` one is about stays in the log of the manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", content = "text", rename_all = "snake_case")]
pub(super) enum WireError {
    Invalid(String),
    NotFound(String),
    Conflict(String),
    LimitReached(String),
    Unavailable,
    Timeout,
    Internal,
    /// No operation has this name: the two programs are of different versions.
    UnknownOperation(String),
    /// The body is not that of the operation, likewise.
    Malformed(String),
}

impl WireError {
    pub(super) fn of(err: &ManagerError) -> Self {
        match err {
            ManagerError::Invalid(text) => Self::Invalid(text.clone()),
            ManagerError::NotFound { what } => Self::NotFound((*what).to_owned()),
            ManagerError::Conflict(text) => Self::Conflict(text.clone()),
            ManagerError::LimitReached(text) => Self::LimitReached(text.clone()),
            ManagerError::Unavailable(_) => Self::Unavailable,
            ManagerError::Timeout => Self::Timeout,
            ManagerError::Internal(_) => Self::Internal,
        }
    }

    /// The status that it is answered with.
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::NotFound(_) | Self::UnknownOperation(_) => 404,
            Self::Conflict(_) => 409,
            Self::Invalid(_) => 422,
            Self::LimitReached(_) => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    pub(super) fn into_error(self) -> ManagerError {
        match self {
            Self::Invalid(text) => ManagerError::Invalid(text),
            Self::NotFound(what) => ManagerError::NotFound { what: known(&what) },
            Self::Conflict(text) => ManagerError::Conflict(text),
            Self::LimitReached(text) => ManagerError::LimitReached(text),
            Self::Unavailable => {
                ManagerError::Unavailable("the remote manager cannot reach its database".into())
            }
            Self::Timeout => ManagerError::Timeout,
            Self::Internal => ManagerError::Internal("the remote manager failed".into()),
            Self::UnknownOperation(name) => ManagerError::Internal(
                format!("the remote manager does not know {name:?}: it is of another version")
                    .into(),
            ),
            Self::Malformed(text) => ManagerError::Internal(
                format!("the remote manager is of another version: {text}").into(),
            ),
        }
    }
}

/// What [`ManagerError::NotFound`] names.
const NAMES: [&str; 10] = [
    "account",
    "workspace",
    "membership",
    "team",
    "invitation",
    "client",
    "grant",
    "API token",
    "signing key",
    "flag",
];

fn known(what: &str) -> &'static str {
    NAMES
        .into_iter()
        .find(|name| *name == what)
        .unwrap_or("what is to be changed")
}
