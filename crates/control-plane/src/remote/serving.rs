//! The side that has the database.

use crate::operations::dispatch;
use crate::{LocalManager, ManagerError, Operation};

use super::wire::WireError;

/// Larger bodies are refused; the largest are 10,000 declared workspaces and 1,000 audit records.
const MAX_BODY_BYTES: usize = 8 << 20;

/// Why an operation was not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No operation has this name.
    #[error("no operation is called {0:?}")]
    Unknown(String),
    /// The body is too large or not that of the operation.
    #[error("{0}")]
    Malformed(String),
    /// It was not done.
    #[error(transparent)]
    Failed(#[from] ManagerError),
}

impl ServeError {
    pub(crate) fn unknown(name: &str) -> Self {
        Self::Unknown(name.chars().take(80).collect())
    }

    fn wire(&self) -> WireError {
        match self {
            Self::Unknown(name) => WireError::UnknownOperation(name.clone()),
            Self::Malformed(text) => WireError::Malformed(text.clone()),
            Self::Failed(err) => WireError::of(err),
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        self.wire().status()
    }

    /// The body of the answer, JSON.
    pub fn body(&self) -> Vec<u8> {
        // An enum of texts is always JSON.
        serde_json::to_vec(&self.wire()).unwrap_or_default()
    }
}

/// Runs the operation `name` of a node whose service token was checked: `POST /manager/v1/<name>`. Body and answer
/// are JSON; an answer may hold private keys and hashes of passwords, and must not be kept anywhere on the way.
///
/// # Errors
/// With the status and body to answer.
pub async fn serve(manager: &LocalManager, name: &str, body: &[u8]) -> Result<Vec<u8>, ServeError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(ServeError::Malformed(format!(
            "the body has {} bytes: send up to {MAX_BODY_BYTES}",
            body.len()
        )));
    }
    let result = dispatch(manager, name, body).await;
    // Here the cause ends: the node is told no more than that it failed.
    match &result {
        Err(ServeError::Failed(err @ ManagerError::Internal(_))) => tracing::error!(
            operation = name,
            error = err as &dyn std::error::Error,
            "an operation for another process failed"
        ),
        Err(ServeError::Failed(err @ (ManagerError::Unavailable(_) | ManagerError::Timeout))) => {
            tracing::warn!(
                operation = name,
                error = err as &dyn std::error::Error,
                "an operation for another process was not done"
            );
        }
        _ => {}
    }
    result
}

pub(crate) async fn serve_one<O: Operation>(
    manager: &LocalManager,
    body: &[u8],
) -> Result<Vec<u8>, ServeError> {
    let operation: O = serde_json::from_slice(body).map_err(|err| malformed(O::NAME, &err))?;
    let reply = operation.run(manager).await?;
    serde_json::to_vec(&reply)
        .map_err(|err| ServeError::Failed(ManagerError::Internal(Box::new(err))))
}

/// serde's words may quote the value, which may be a secret; those about names of fields are told.
fn malformed(name: &str, err: &serde_json::Error) -> ServeError {
    let said = err.to_string();
    let is_about_names = ["missing field", "unknown field"]
        .iter()
        .any(|start| said.starts_with(start));
    let what = if is_about_names {
        said
    } else {
        format!(
            "line {} column {} is not as expected",
            err.line(),
            err.column()
        )
    };
    ServeError::Malformed(format!("the body is no {name}: {what}"))
}
