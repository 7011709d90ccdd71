use std::path::PathBuf;

use tidegate_types::ServiceCode;

use super::sink::Source;

/// Why the sample business could not be written. What was there before is as it was, and trying
/// again is safe: files appear whole or not at all, and PostgreSQL is filled in one transaction.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file of the embedded workspace could not be created.
    #[error("could not {operation} {}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// For the log.
        #[source]
        source: std::io::Error,
    },
    /// Another process creates the same workspace, and does not come to an end.
    #[error("another process has been creating {} for a minute", path.display())]
    Busy {
        /// The workspace's folder.
        path: PathBuf,
    },
    /// The database refused a statement, or the connection broke.
    #[error("could not {operation}")]
    Database {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A setting cannot be used. The message never shows a URL, since it holds a password.
    #[error("{reason}")]
    Setting {
        /// Which setting, and what would be right.
        reason: String,
    },
    /// The database holds something else; nothing was changed.
    #[error("the {role} database is not empty ({found}): give an empty one, or drop what it holds")]
    NotEmpty {
        /// `metadata` or `data`.
        role: &'static str,
        /// What was found.
        found: String,
    },
}

impl SeedError {
    pub(super) fn database<E: Into<Source>>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |err| Self::Database {
            operation,
            source: err.into(),
        }
    }

    pub(super) fn file(
        operation: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File {
            operation,
            path: path.to_owned(),
            source,
        }
    }

    /// The kind of failure that the edge shows.
    pub const fn service_code(&self) -> ServiceCode {
        match self {
            Self::File { .. } | Self::Busy { .. } | Self::Database { .. } => {
                ServiceCode::Unavailable
            }
            Self::Setting { .. } | Self::NotEmpty { .. } => ServiceCode::InvalidRequest,
        }
    }
}
