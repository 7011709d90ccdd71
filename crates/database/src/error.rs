use tidegate_types::ServiceCode;

use crate::postgres::{Fate, fate};
use crate::sqlite;

/// A driver's own error.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

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
        source: Source,
    },
    /// It took too long. A write may or may not have happened.
    #[error("could not {operation} in time")]
    Timeout {
        /// What was tried.
        operation: &'static str,
    },
    /// The connection was lost after a change was sent: it may or may not have happened.
    #[error(
        "could not {operation} for certain: the connection to the database was lost, and it may have been done"
    )]
    Interrupted {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: Source,
    },
    /// A row with the same key exists, or one that is referred to does not; nothing was done.
    #[error("could not {operation}: it conflicts with what is there")]
    Conflict {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: Source,
    },
    /// The statement was refused: the schema is not the expected one, or the account lacks a right.
    #[error("could not {operation}: the database refused the statement")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// For the log.
        #[source]
        source: Source,
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
    pub(crate) fn from_postgres(operation: &'static str, err: tokio_postgres::Error) -> Self {
        let Some(code) = err.code().map(|code| code.code().to_owned()) else {
            let is_decoding = fate(&err) == Fate::Alive;
            let source: Source = err.into();
            return if is_decoding {
                Self::Refused { operation, source }
            } else {
                Self::Unavailable { operation, source }
            };
        };
        let source: Source = err.into();
        match &*code {
            // Not null, foreign key, unique, check.
            "23502" | "23503" | "23505" | "23514" => Self::Conflict { operation, source },
            // statement_timeout, or a request to cancel.
            "57014" => Self::Timeout { operation },
            // Two transactions waited for each other or for one row: this one was undone, and may be tried again.
            "40001" | "40P01" => Self::Unavailable { operation, source },
            // Class 08: connection; class 57P: the server ends or begins; class 53: out of connections, memory, disk;
            // class 28, 3D000: account or database.
            _ if ["08", "57P", "53", "28"]
                .iter()
                .any(|class| code.starts_with(class))
                || code == "3D000" =>
            {
                Self::Unavailable { operation, source }
            }
            _ => Self::Refused { operation, source },
        }
    }

    pub(crate) fn from_sqlx(operation: &'static str, err: sqlx::Error) -> Self {
        match &err {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            // No connection in time, because the server hangs or all are in use: nothing was sent.
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Configuration(_) => Self::Unavailable {
                operation,
                source: err.into(),
            },
            sqlx::Error::Database(found) => {
                let is_conflict = matches!(
                    found.kind(),
                    sqlx::error::ErrorKind::UniqueViolation
                        | sqlx::error::ErrorKind::ForeignKeyViolation
                        | sqlx::error::ErrorKind::NotNullViolation
                        | sqlx::error::ErrorKind::CheckViolation
                );
                let code = sqlite::primary_code(&err);
                // 5 and 6: the file is busy or locked. 14 and 10: it cannot be opened or read. 7: there is no memory.
                let (is_busy, is_away) = (
                    matches!(code, Some(5 | 6)),
                    matches!(code, Some(7 | 10 | 14)),
                );
                let source: Source = err.into();
                if is_conflict {
                    Self::Conflict { operation, source }
                } else if is_busy {
                    Self::Timeout { operation }
                } else if is_away {
                    Self::Unavailable { operation, source }
                } else {
                    Self::Refused { operation, source }
                }
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. } => Self::Corrupt {
                operation,
                reason: err.to_string(),
            },
            _ => Self::Refused {
                operation,
                source: err.into(),
            },
        }
    }

    /// Why, in words that may be shown on a probe: no host, no user, no file.
    pub fn public_reason(&self) -> String {
        match self {
            Self::Unavailable { source, .. } => {
                match source.downcast_ref::<tidegate_postgres::ConnectError>() {
                    Some(err) => err.cause.to_string(),
                    None => "it cannot be reached".to_owned(),
                }
            }
            Self::Timeout { .. } | Self::Interrupted { .. } => {
                "it does not answer in time".to_owned()
            }
            Self::Unsuitable { reason } => reason.clone(),
            Self::Conflict { .. } | Self::Refused { .. } => {
                "it refuses what it is asked".to_owned()
            }
            Self::Corrupt { .. } => "it holds something that cannot be read".to_owned(),
        }
    }

    /// The kind of failure that the edge shows.
    pub const fn service_code(&self) -> ServiceCode {
        match self {
            Self::Unavailable { .. } => ServiceCode::Unavailable,
            Self::Timeout { .. } | Self::Interrupted { .. } => ServiceCode::Timeout,
            Self::Conflict { .. } => ServiceCode::InvalidRequest,
            Self::Refused { .. } | Self::Corrupt { .. } | Self::Unsuitable { .. } => {
                ServiceCode::Internal
            }
        }
    }
}
