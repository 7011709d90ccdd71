//! What pages and commands do alike: one place decides what is made, draws its secret and asks the manager.

use tidegate_types::SecretString;

use crate::{Manager, ManagerError, Operation};

/// Something that is asked of the control plane, wherever the manager runs. Every [`Operation`] is one. Others run in the
/// process that asks, so that a secret that they draw never passes to the manager: it gets the hash alone.
pub trait UseCase: Send {
    /// What comes back.
    type Reply: Send;

    /// Does it.
    ///
    /// # Errors
    /// See [`ManagerError`]; what the use case can end with stands with it.
    fn run(
        self,
        manager: &Manager,
    ) -> impl Future<Output = Result<Self::Reply, ManagerError>> + Send;
}

impl<O: Operation> UseCase for O {
    type Reply = O::Reply;

    async fn run(self, manager: &Manager) -> Result<Self::Reply, ManagerError> {
        manager.call(self).await
    }
}

/// Something that was made, with its secret, which is shown once.
#[derive(Debug)]
pub struct Issued<T> {
    /// What was made.
    pub made: T,
    /// Its secret.
    pub secret: SecretString,
}
