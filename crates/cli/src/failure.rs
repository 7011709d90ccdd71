//! Why a command was not done, in words and as an exit code.

use std::process::ExitCode;

use serde_json::{Value, json};
use tidegate_control_plane::ManagerError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The settings ask for no manager.
    #[error(
        "these settings name no manager: give the command what the server has, that is its --config, its TIDEGATE_… variables and, \
         where data_dir is relative, its folder. A server has a manager where auth.enabled is true (TIDEGATE_AUTH__ENABLED=true) \
         or manager.url is set: embedded, a PostgreSQL database or another node"
    )]
    NoManager,
    /// There is none at this place.
    #[error(
        "no manager at {0}{folder}; start the server once, or give --config",
        folder = folder_of(.0)
    )]
    MissingManager(String),
    /// What was asked is not right.
    #[error("{0}")]
    Usage(String),
    /// What it is about does not exist.
    #[error("{what} {name:?} does not exist")]
    NotFound { what: &'static str, name: String },
    /// Likewise, with those that do.
    #[error("workspace {name:?} does not exist; there is {known}")]
    NoWorkspace { name: String, known: String },
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
        tidegate_types::error_chain(self)
    }

    /// A stable name, and its exit code.
    fn kind(&self) -> (&'static str, u8) {
        match self {
            Self::NoManager | Self::Usage(_) => ("invalid", 2),
            Self::MissingManager(_) => ("no_manager", 1),
            Self::NotFound { .. } | Self::NoWorkspace { .. } => ("not_found", 3),
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

    /// `{"error": "not_found", "message": "…", "manager": "…"}`, the last where a manager was asked.
    pub(super) fn json(&self, manager: Option<&str>) -> Value {
        let mut told = json!({ "error": self.kind().0, "message": self.words() });
        if let Some(manager) = manager {
            told["manager"] = manager.into();
        }
        told
    }
}

/// The folder that a relative path is in.
fn folder_of(place: &str) -> String {
    if place.contains("://") || std::path::Path::new(place).is_absolute() {
        return String::new();
    }
    std::env::current_dir().map_or_else(
        |_| String::new(),
        |folder| format!(" in the folder {}", folder.display()),
    )
}
