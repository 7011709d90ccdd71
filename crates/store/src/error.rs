use tidegate_types::ServiceCode;

/// A store operation that did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}: {kind}")]
pub struct StoreError {
    /// What was tried, as a clause: "take a client's reply".
    pub operation: &'static str,
    /// What that means for the caller.
    pub kind: StoreErrorKind,
    /// The adapter's own error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a failed operation means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreErrorKind {
    /// The command was not sent, so it surely did not happen. Safe to retry.
    #[error("the store cannot be reached")]
    Unavailable,
    /// The outcome is unknown: treat what should be taken once as taken.
    #[error("the store did not answer in time")]
    Timeout,
    /// The stored value does not decode.
    #[error("the stored value is damaged")]
    Corrupt,
}

impl StoreError {
    /// The kind of failure that the edge shows.
    pub fn service_code(&self) -> ServiceCode {
        match self.kind {
            StoreErrorKind::Unavailable | StoreErrorKind::Timeout => ServiceCode::Unavailable,
            StoreErrorKind::Corrupt => ServiceCode::Internal,
        }
    }
}
