use tidegate_database::DatabaseError;
use tidegate_types::ServiceCode;

/// Why an operation of the manager was not done. "Not found" of a look-up is `Ok(None)`.
#[derive(Debug, thiserror::Error)]
pub enum ManagerError {
    /// The input is not right, and nothing was changed. The text names the field, what came and what would be right.
    #[error("{0}")]
    Invalid(String),
    /// What is to be changed does not exist.
    #[error("{what} does not exist")]
    NotFound {
        /// "account", "client", …
        what: &'static str,
    },
    /// It exists already, or somebody changed it meanwhile; nothing was changed.
    #[error("{0}")]
    Conflict(String),
    /// A bound of the caller's is used up: "at most 10 API tokens".
    #[error("{0}")]
    LimitReached(String),
    /// The manager cannot be reached; nothing was done.
    #[error("the manager cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long; a change may or may not have happened.
    #[error("the manager did not answer in time")]
    Timeout,
    /// A defect, or damaged data.
    #[error("the manager failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ManagerError {
    /// The kind of failure that the edge shows.
    pub const fn service_code(&self) -> ServiceCode {
        match self {
            Self::Invalid(_) | Self::Conflict(_) => ServiceCode::InvalidRequest,
            Self::NotFound { .. } => ServiceCode::NotFound,
            Self::LimitReached(_) => ServiceCode::Forbidden,
            Self::Unavailable(_) => ServiceCode::Unavailable,
            Self::Timeout => ServiceCode::Timeout,
            Self::Internal(_) => ServiceCode::Internal,
        }
    }
}

/// What a database's failure means to whoever asked. An operation that knows which key may be taken says so itself
/// before it comes to this.
impl From<DatabaseError> for ManagerError {
    fn from(err: DatabaseError) -> Self {
        match err {
            DatabaseError::Unavailable { .. } => Self::Unavailable(Box::new(err)),
            DatabaseError::Timeout { .. } | DatabaseError::Interrupted { .. } => Self::Timeout,
            DatabaseError::Conflict { .. } => Self::Conflict(
                "somebody else made or removed the same meanwhile: look again and repeat"
                    .to_owned(),
            ),
            DatabaseError::Refused { .. }
            | DatabaseError::Corrupt { .. }
            | DatabaseError::Unsuitable { .. } => Self::Internal(Box::new(err)),
        }
    }
}
