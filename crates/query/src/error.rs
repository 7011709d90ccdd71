use std::time::Duration;

use tidegate_types::ServiceCode;

/// Why a query gave no result.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// No native engine speaks this database's language.
    #[error("no native engine for {backend} databases: sqlite and postgresql have one")]
    UnsupportedBackend {
        /// As in the URI, before `+` and `:`.
        backend: String,
    },
    /// The connection URI says something that cannot be used. Never shows the URI: it holds a password.
    #[error("the connection URI of the database is not usable: {reason}")]
    InvalidUri {
        /// What is wrong with it.
        reason: String,
    },
    /// A SQLite file that lies outside of the folders that the operator allows.
    #[error("the SQLite file lies outside of the allowed data folders")]
    PathNotAllowed,
    /// Every connection is in use, and too many callers wait already or this one waited too long.
    #[error("all connections of the database are busy")]
    Busy,
    /// No connection could be made. The query surely did not run.
    #[error("could not connect to the database: {reason}")]
    Unavailable {
        /// The driver's words, without the password.
        reason: String,
    },
    /// The connection was lost while the query ran. A write may have happened.
    #[error("lost the connection to the database: {reason}")]
    ConnectionLost {
        /// The driver's words.
        reason: String,
    },
    /// The query ran for longer than it may, and was stopped in the database.
    #[error("the query did not end within {} s and was stopped", .after.as_secs_f32())]
    Timeout {
        /// How long it was given.
        after: Duration,
    },
    /// The caller gave up; the query was stopped in the database.
    #[error("the query was cancelled")]
    Cancelled,
    /// The database refused or failed the statement.
    #[error("{message}")]
    Database {
        /// In the database's words.
        message: String,
        /// SQLSTATE on PostgreSQL, the extended result code's number on SQLite.
        code: Option<String>,
    },
    /// A defect of ours.
    #[error("the query engine failed: {0}")]
    Internal(String),
}

impl QueryError {
    /// What the edge makes of it.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::UnsupportedBackend { .. } | Self::Database { .. } => ServiceCode::InvalidRequest,
            Self::PathNotAllowed => ServiceCode::Forbidden,
            Self::Busy => ServiceCode::Overloaded,
            Self::InvalidUri { .. } | Self::Unavailable { .. } | Self::ConnectionLost { .. } => {
                ServiceCode::Unavailable
            }
            Self::Timeout { .. } => ServiceCode::Timeout,
            Self::Cancelled => ServiceCode::Cancelled,
            Self::Internal(_) => ServiceCode::Internal,
        }
    }
}
