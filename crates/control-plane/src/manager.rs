use std::sync::Arc;

use crate::{LocalManager, ManagerError, Operation, RemoteManager};

/// The control plane, wherever it runs. Cloning is cheap.
#[derive(Clone)]
pub enum Manager {
    /// On a database, in this process.
    Local(Arc<LocalManager>),
    /// In another process.
    Remote(Arc<RemoteManager>),
}

impl Manager {
    /// Asks for an operation.
    ///
    /// # Errors
    /// See [`ManagerError`]; each operation says which it can end with besides `Unavailable`, `Timeout` and `Internal`.
    pub async fn call<O: Operation>(&self, operation: O) -> Result<O::Reply, ManagerError> {
        match self {
            // On the heap: a transaction's future is large, and callers hold those of several calls.
            Self::Local(manager) => Box::pin(operation.run(manager)).await,
            Self::Remote(manager) => Box::pin(manager.call(&operation)).await,
        }
    }
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local(_) => f.write_str("Manager::Local"),
            Self::Remote(_) => f.write_str("Manager::Remote"),
        }
    }
}
