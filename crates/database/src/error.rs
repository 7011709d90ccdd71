use tidegate_types::ServiceCode;

/// Why a database gave no answer. "Not found" is no error: such calls return `None`.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No connection, or none in time; nothing was done.
    #[error("could not {operation}: the database cannot be reached")]
    Unavailable {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: sqlx::Error,
    },
    /// It took too long. A write may or may not have happened.
    #[error("could not {operation} in time")]
    Timeout {
        /// What was tried.
        operation: &'static str,
    },
    /// A row with the same key exists, or one that is referred to does not; nothing was done.
    #[error("could not {operation}: it conflicts with what is there")]
    Conflict {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: sqlx::Error,
    },
    /// The statement was refused: the schema is not the expected one, or the account lacks a right.
    #[error("could not {operation}: the database refused the statement")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: sqlx::Error,
    },
    /// What is stored cannot be read.
    #[error("could not {operation}: {reason}")]
    Corrupt {
        /// What was tried.
        operation: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The file or database is not one that this version understands.
    #[error("{reason}")]
    Unsuitable {
        /// What was found, and what would be right.
        reason: String,
    },
}

impl DatabaseError {
    pub(crate) fn from_sqlx(operation: &'static str, source: sqlx::Error) -> Self {
        match &source {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            // No connection in time, because the server hangs or all are in use: nothing was sent.
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Configuration(_) => Self::Unavailable { operation, source },
            sqlx::Error::Database(found) => {
                let code = found.code();
                let code = code.as_deref().unwrap_or_default();
                match found.kind() {
                    sqlx::error::ErrorKind::UniqueViolation
                    | sqlx::error::ErrorKind::ForeignKeyViolation
                    | sqlx::error::ErrorKind::NotNullViolation
                    | sqlx::error::ErrorKind::CheckViolation => {
                        Self::Conflict { operation, source }
                    }
                    // 57014: PostgreSQL's statement_timeout. 5 and 6: SQLite is busy or locked.
                    _ if matches!(code, "57014" | "5" | "6" | "517") => Self::Timeout { operation },
                    // Two transactions waited for each other or for one row: this one was undone, and may be tried again.
                    _ if matches!(code, "40001" | "40P01") => Self::Unavailable { operation, source },
                    // Class 08: connection; class 57P: shutdown; 53300: too many connections;
                    // 28P01, 3D000: account or database. 14 and 10: SQLite cannot open or read.
                    _ if code.starts_with("08")
                        || code.starts_with("57P")
                        || matches!(code, "53300" | "28P01" | "28000" | "3D000" | "14" | "10") =>
                    {
                        Self::Unavailable { operation, source }
                    }
                    _ => Self::Refused { operation, source },
                }
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. } => Self::Corrupt {
                operation,
                reason: source.to_string(),
            },
            _ => Self::Refused { operation, source },
        }
    }

    /// The kind of failure that the edge shows.
    pub const fn service_code(&self) -> ServiceCode {
        match self {
            Self::Unavailable { .. } => ServiceCode::Unavailable,
            Self::Timeout { .. } => ServiceCode::Timeout,
            Self::Conflict { .. } => ServiceCode::InvalidRequest,
            Self::Refused { .. } | Self::Corrupt { .. } | Self::Unsuitable { .. } => {
                ServiceCode::Internal
            }
        }
    }
}
