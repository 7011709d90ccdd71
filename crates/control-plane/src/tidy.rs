//! Removes what is too old to be of use.

use serde::{Deserialize, Serialize};

use crate::audit::RemoveOldEvents;
use crate::client::RemoveUnusedClients;
use crate::grant::RemoveOldGrants;
use crate::{LocalManager, ManagerError, Operation, change, invitation};

/// Removes old records, ended grants, unused clients, invitations that nobody took, and all but the last changes. To
/// be asked for every hour by any number of nodes: doing it twice does no harm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tidy {
    /// How long audit records stay, at least one day. `Invalid` otherwise.
    pub keep_events_days: u32,
}

/// How many of each were removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tidied {
    /// Audit records.
    pub events: u64,
    /// Grants and refresh tokens.
    pub grants: u64,
    /// Clients.
    pub clients: u64,
    /// Invitations.
    pub invitations: u64,
    /// Changes.
    pub changes: u64,
}

impl Operation for Tidy {
    type Reply = Tidied;
    const NAME: &'static str = "manager.tidy";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        if self.keep_events_days == 0 {
            return Err(ManagerError::Invalid(
                "keep_events_days 0 is not valid: use at least 1".to_owned(),
            ));
        }
        let before = manager.now() - i64::from(self.keep_events_days) * 86_400;
        Ok(Tidied {
            events: RemoveOldEvents { before }.run(manager).await?,
            // Grants first: a client goes when no grant of it is left.
            grants: RemoveOldGrants {}.run(manager).await?,
            clients: RemoveUnusedClients {}.run(manager).await?,
            invitations: invitation::remove_expired(manager).await?,
            changes: change::remove_old(manager).await?,
        })
    }
}
