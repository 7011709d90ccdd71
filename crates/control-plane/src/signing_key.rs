//! Keys that access tokens are signed with. They rotate with overlap: published before use and after.

mod table;

use serde::{Deserialize, Serialize};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// A signing key.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its `kid`.
    pub id: String,
    /// `ES256` or `RS256`.
    pub algorithm: String,
    /// The private key (PKCS #8, DER), base64; sealed at rest.
    pub private_key: String,
    /// The public key (JWK, RFC 7517).
    pub public_jwk: serde_json::Value,
    /// From when on it signs.
    pub signs_from: UnixSecs,
    /// Until when it is published.
    pub published_until: Option<UnixSecs>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// All published keys. The one that signs now is the last; before it those that signed and those that will.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSigningKeys {}

impl Operation for ListSigningKeys {
    type Reply = Vec<SigningKey>;
    const NAME: &'static str = "signing_key.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        table::list(manager).await
    }
}

/// Adds a key. When there is one already that signs from the same minute or so, that one stays and this does nothing: of
/// nodes that start at once, or that find at once that it is time for a new key, one adds it. List afterwards. `Invalid`,
/// `LimitReached` (16 published ones).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddSigningKey {
    /// Which; `published_until` is not taken over.
    pub key: SigningKey,
    /// How long older keys stay published after this one signs.
    pub overlap_secs: u32,
}

impl Operation for AddSigningKey {
    type Reply = ();
    const NAME: &'static str = "signing_key.add";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        table::add(self, manager).await
    }
}

/// Takes a key out at once: what it signed is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveSigningKey {
    /// The key's id.
    pub id: String,
}

impl Operation for RemoveSigningKey {
    type Reply = bool;
    const NAME: &'static str = "signing_key.remove";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        table::remove(&self.id, manager).await
    }
}
