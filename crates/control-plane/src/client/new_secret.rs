//! Another secret of a client.

use tidegate_oauth_types::{IssuedSecret, SecretKind};
use tidegate_types::ClientId;

use super::{AddSecret, Client, ClientSecret, registration};
use crate::{Issued, Manager, ManagerError, UseCase};

/// Draws another secret of a client; older ones go on for `overlap_secs`. Errors as [`AddSecret`].
#[derive(Debug, Clone)]
pub struct IssueClientSecret {
    /// The client's id.
    pub id: ClientId,
    /// How long older ones go on; 0 ends them now.
    pub overlap_secs: u32,
}

impl UseCase for IssueClientSecret {
    type Reply = Issued<ClientSecret>;

    async fn run(self, manager: &Manager) -> Result<Self::Reply, ManagerError> {
        let IssuedSecret { text, hash } = IssuedSecret::draw(SecretKind::ClientSecret);
        let add = AddSecret {
            id: self.id,
            secret: hash,
            overlap_secs: self.overlap_secs,
        };
        let made = manager.call(add).await?;
        Ok(Issued { made, secret: text })
    }
}

impl Client {
    /// Whether it registered to prove itself by a secret.
    pub const fn proves_itself_by_secret(&self) -> bool {
        registration::has_secrets(&self.metadata)
    }
}
