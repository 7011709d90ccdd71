use std::sync::Arc;

use crate::{LocalManager, ManagerError, Operation};

/// The control plane, wherever it runs. Cloning is cheap.
#[derive(Clone)]
pub enum Manager {
    /// On a database, in this process.
    Local(Arc<LocalManager>),
}

impl Manager {
    /// Asks for an operation.
    ///
    /// # Errors
    /// See [`ManagerError`]; each operation says which it can end with besides `Unavailable`, `Timeout` and `Internal`.
    pub async fn call<O: Operation>(&self, operation: O) -> Result<O::Reply, ManagerError> {
        match self {
            Self::Local(manager) => operation.run(manager).await,
        }
    }
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local(_) => f.write_str("Manager::Local"),
        }
    }
}
