//! Why a command was not done, in words and as an exit code.

use std::process::ExitCode;

use serde_json::{Value, json};
use tidegate_manager::ManagerError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The settings ask for no manager.
    #[error(
        "there is no manager to ask: set manager.url to embedded, a PostgreSQL database or another node"
    )]
    NoManager,
    /// What was asked is not right.
    #[error("{0}")]
    Usage(String),
    /// What it is about does not exist.
    #[error("{what} {name:?} does not exist")]
    NotFound { what: &'static str, name: String },
    /// It would be done, and is not because of what is there.
    #[error("{0}")]
    Refused(String),
    /// From the manager.
    #[error(transparent)]
    Manager(#[from] ManagerError),
    /// A defect here.
    #[error("{0}")]
    Internal(&'static str),
}

impl Failure {
    pub(super) fn not_found(what: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound {
            what,
            name: name.into(),
        }
    }

    /// With the causes, which an operator needs.
    pub(super) fn words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(err) = cause {
            let text = err.to_string();
            if !words.ends_with(&text) {
                words = format!("{words}: {text}");
            }
            cause = err.source();
        }
        words
    }

    /// A stable name, and its exit code.
    fn kind(&self) -> (&'static str, u8) {
        match self {
            Self::NoManager | Self::Usage(_) => ("invalid", 2),
            Self::NotFound { .. } => ("not_found", 3),
            Self::Refused(_) => ("refused", 4),
            Self::Internal(_) => ("failed", 1),
            Self::Manager(err) => match err {
                ManagerError::Invalid(_) => ("invalid", 2),
                ManagerError::NotFound { .. } => ("not_found", 3),
                ManagerError::Conflict(_) => ("conflict", 4),
                ManagerError::LimitReached(_) => ("limit_reached", 4),
                ManagerError::Unavailable(_) => ("unavailable", 1),
                ManagerError::Timeout => ("timeout", 1),
                ManagerError::Internal(_) => ("failed", 1),
            },
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind().1)
    }

    /// `{"error": "not_found", "message": "…"}`.
    pub(super) fn json(&self) -> Value {
        json!({ "error": self.kind().0, "message": self.words() })
    }
}
