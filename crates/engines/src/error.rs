use std::fmt;
use std::time::Duration;

use tidegate_postgres::{ConnectError, ConnectFailure as ServerFailure};
use tidegate_types::{ServiceCode, beginning};

/// Texts of a database that are longer are cut where they come in: a value may stand in them.
pub(crate) const MESSAGE_BYTES: usize = 4 << 10;

/// Why a query gave no result. But for `OutcomeUnknown`, nothing was changed, surely.
#[derive(Debug, Clone, thiserror::Error)]
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
    /// Every connection that the user may have is in use, and too many queries wait already or this one waited too
    /// long; or another change holds the lock of a SQLite file.
    #[error(
        "the database is busy: all connections that you may have are in use, or another change locks it"
    )]
    Busy,
    /// No connection could be made.
    #[error("could not connect to the database: {reason}")]
    Unavailable {
        /// What a caller may know of it.
        cause: ConnectFailure,
        /// The driver's words, for the log: they may name hosts and users, and never the password.
        reason: String,
    },
    /// The connection was lost while the query ran, before a change was committed.
    #[error("lost the connection to the database: {reason}")]
    ConnectionLost {
        /// The driver's words.
        reason: String,
    },
    /// The connection was lost, or no answer came, while a change was being committed.
    #[error("the change may have been made; look before you repeat it")]
    OutcomeUnknown,
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
        /// In the database's words; at most some 4 KB.
        message: String,
        /// SQLSTATE on PostgreSQL, the extended result code's number on SQLite.
        code: Option<String>,
    },
    /// The database does not understand one of [`Query::understood`](crate::Query::understood), so that nothing ran.
    #[error("what must be understood first is not: {message}")]
    NotUnderstood {
        /// The one that is meant.
        index: usize,
        /// In the database's words.
        message: String,
    },
    /// A defect of ours.
    #[error("the query engine failed: {0}")]
    Internal(String),
}

impl QueryError {
    /// The same of a statement that was to be understood.
    pub(crate) fn of_understood(self, index: usize) -> Self {
        match self {
            Self::Database { message, .. } => Self::NotUnderstood { index, message },
            other => other,
        }
    }

    /// What the edge makes of it.
    pub fn service_code(&self) -> ServiceCode {
        match self {
            Self::UnsupportedBackend { .. }
            | Self::Database { .. }
            | Self::NotUnderstood { .. } => ServiceCode::InvalidRequest,
            Self::PathNotAllowed => ServiceCode::Forbidden,
            Self::Busy => ServiceCode::Overloaded,
            Self::InvalidUri { .. } | Self::Unavailable { .. } | Self::ConnectionLost { .. } => {
                ServiceCode::Unavailable
            }
            Self::OutcomeUnknown => ServiceCode::OutcomeUnknown,
            Self::Timeout { .. } => ServiceCode::Timeout,
            Self::Cancelled => ServiceCode::Cancelled,
            Self::Internal(_) => ServiceCode::Internal,
        }
    }
}

/// Why no connection could be made, in words that give nothing away: `Display` says no host, user or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFailure {
    /// A server, or the way to it.
    Server(ServerFailure),
    /// A file that does not exist or cannot be opened.
    File,
}

impl From<ConnectError> for QueryError {
    fn from(err: ConnectError) -> Self {
        Self::Unavailable {
            cause: ConnectFailure::Server(err.cause),
            reason: err.reason,
        }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Those of a database are in the metastore, where they can be mended.
            Self::Server(ServerFailure::Credentials) => {
                f.write_str("its server refuses the stored user or password")
            }
            Self::Server(failure) => failure.fmt(f),
            Self::File => f.write_str("its file cannot be opened"),
        }
    }
}

/// The beginning of a text, with `…` at its end where something is left out.
pub(crate) fn shorten(text: &str) -> String {
    beginning(text, MESSAGE_BYTES).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        assert_eq!("short", shorten("short"));
        let cut = shorten(&"é".repeat(MESSAGE_BYTES));
        assert!(cut.ends_with("é…") && cut.len() <= MESSAGE_BYTES + '…'.len_utf8());
    }
}
