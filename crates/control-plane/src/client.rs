//! OAuth clients.

mod changing;
mod checks;
mod creation;
mod listing;
mod new_secret;
mod registration;
mod removal;
mod row;
mod secrets;

use serde::{Deserialize, Serialize};
use tidegate_oauth_types::{ClientMetadata, SecretHash};
use tidegate_types::{AccountId, ClientId, ScopeSet, WorkspaceSlug};

use crate::account::{Account, CreateServiceAccount};
use crate::{LocalManager, ManagerError, Operation, UnixSecs};

pub use new_secret::IssueClientSecret;
pub use registration::{
    MachineAccount, NewServiceAccount, NewlyRegistered, RegisterApplication, RegisterMachineClient,
};
pub(crate) use row::read_metadata;

/// Where a client comes from, which is how far it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Made in the settings by a person, or by an administrator for all.
    Registered,
    /// Registered itself (RFC 7591).
    Dynamic,
    /// Described by a document at the URL that is its id.
    Document,
    /// Gets tokens for itself (RFC 6749 §4.4).
    Machine,
}

impl ClientKind {
    const ALL: [Self; 4] = [
        Self::Registered,
        Self::Dynamic,
        Self::Document,
        Self::Machine,
    ];

    /// A stable name, for the table and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Dynamic => "dynamic",
            Self::Document => "document",
            Self::Machine => "machine",
        }
    }
}

/// A kind that Tidegate does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the kind of client is unknown: use registered, dynamic, document or machine")]
pub struct UnknownClientKind;

impl std::str::FromStr for ClientKind {
    type Err = UnknownClientKind;
    fn from_str(text: &str) -> Result<Self, UnknownClientKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownClientKind)
    }
}

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Where it comes from.
    pub kind: ClientKind,
    /// What it says of itself. A document's is refreshed as it is fetched.
    pub metadata: ClientMetadata,
    /// Whose it is; `None` for dynamic ones, documents and those for all.
    pub owner: Option<AccountId>,
    /// Whom a machine acts as: a service account, or its owner.
    pub acts_as: Option<AccountId>,
    /// The one workspace that it is for; any without.
    pub workspace: Option<WorkspaceSlug>,
    /// The most that it may ask for.
    pub scopes: ScopeSet,
    /// Whether an administrator said that it is what it says.
    pub is_verified: bool,
    /// Whether it has a live secret.
    pub has_secret: bool,
    /// When it was made.
    pub created_at: UnixSecs,
    /// The last time that it was used.
    pub last_used_at: Option<UnixSecs>,
}

/// A secret of a client, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// What it goes by.
    pub id: String,
    /// When it was made.
    pub created_at: UnixSecs,
    /// When it ends; `None` is never.
    pub expires_at: Option<UnixSecs>,
}

/// A filter for clients.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ClientFilter {
    /// Of this owner.
    pub owner: Option<AccountId>,
    /// Of this kind.
    pub kind: Option<ClientKind>,
    /// For this workspace.
    pub workspace: Option<WorkspaceSlug>,
}

/// Makes a client. `Invalid`, `Conflict`, `LimitReached` (10 an owner).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateClient {
    /// `has_secret`, `created_at` and `last_used_at` are not taken over.
    pub client: Client,
    /// The hash of its first secret.
    pub secret: Option<SecretHash>,
    /// The hash of a dynamic client's registration token.
    pub registration_token: Option<SecretHash>,
}

impl Operation for CreateClient {
    type Reply = Client;
    const NAME: &'static str = "client.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        creation::create(self, manager).await
    }
}

/// A machine client, and the service account that was made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredMachine {
    /// The client.
    pub client: Client,
    /// The account, where one was made.
    pub service: Option<Account>,
}

/// Makes a machine client with its secret and, where it is to act as a new service account, that account with its place; all
/// of it or nothing. `Invalid`, `Conflict`, `NotFound`, `LimitReached` as [`CreateClient`] and [`CreateServiceAccount`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisterMachine {
    /// As in [`CreateClient`]; `acts_as` is not taken over where `service` is given.
    pub client: Client,
    /// The hash of its secret.
    pub secret: Option<SecretHash>,
    /// A service account to make for it, in the client's workspace.
    pub service: Option<CreateServiceAccount>,
}

impl Operation for RegisterMachine {
    type Reply = RegisteredMachine;
    const NAME: &'static str = "client.register_machine";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        creation::register_machine(self, manager).await
    }
}

/// Finds a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindClient {
    /// The client's id.
    pub id: ClientId,
}

impl Operation for FindClient {
    type Reply = Option<Client>;
    const NAME: &'static str = "client.find";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::find(&self.id, manager).await
    }
}

/// Lists clients, the newest first, up to 1,000.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListClients {
    /// Which clients; all without.
    pub filter: ClientFilter,
}

impl Operation for ListClients {
    type Reply = Vec<Client>;
    const NAME: &'static str = "client.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::list(&self.filter, manager).await
    }
}

/// Changes what is given. `NotFound`, `Invalid`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateClient {
    /// The client's id.
    pub id: ClientId,
    /// New metadata.
    pub metadata: Option<ClientMetadata>,
    /// The most that it may ask for; grants narrow with it.
    pub scopes: Option<ScopeSet>,
    /// Whether it is what it says.
    pub is_verified: Option<bool>,
}

impl Operation for UpdateClient {
    type Reply = Client;
    const NAME: &'static str = "client.update";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        changing::update(self, manager).await
    }
}

/// Removes a client and ends its grants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveClient {
    /// The client's id.
    pub id: ClientId,
}

impl Operation for RemoveClient {
    type Reply = bool;
    const NAME: &'static str = "client.remove";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        changing::remove(self.id, manager).await
    }
}

/// Removes a machine client, ends its grants, and switches off the account that it acts as unless that is its owner: a
/// service account is made for its machine. All of it or nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMachine {
    /// The client's id.
    pub id: ClientId,
}

impl Operation for RemoveMachine {
    type Reply = bool;
    const NAME: &'static str = "client.remove_machine";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        removal::remove_machine(self.id, manager).await
    }
}

/// Whether the hash is of a live secret of the client; notes that the client was used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckSecret {
    /// The client's id.
    pub id: ClientId,
    /// Of what was presented.
    pub secret: SecretHash,
}

impl Operation for CheckSecret {
    type Reply = bool;
    const NAME: &'static str = "client.check_secret";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        secrets::check(&self.id, &self.secret, manager).await
    }
}

/// Whether the hash is of the client's registration token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckRegistrationToken {
    /// The client's id.
    pub id: ClientId,
    /// Of what was presented.
    pub secret: SecretHash,
}

impl Operation for CheckRegistrationToken {
    type Reply = bool;
    const NAME: &'static str = "client.check_registration_token";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        secrets::check_registration(&self.id, &self.secret, manager).await
    }
}

/// Gives a client a new secret; older ones go on for `overlap_secs`. `NotFound`, `LimitReached` (3 live ones).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddSecret {
    /// The client's id.
    pub id: ClientId,
    /// The new one.
    pub secret: SecretHash,
    /// How long older ones go on; 0 ends them now.
    pub overlap_secs: u32,
}

impl Operation for AddSecret {
    type Reply = ClientSecret;
    const NAME: &'static str = "client.add_secret";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        secrets::add(self, manager).await
    }
}

/// A client's live secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSecrets {
    /// The client's id.
    pub id: ClientId,
}

impl Operation for ListSecrets {
    type Reply = Vec<ClientSecret>;
    const NAME: &'static str = "client.list_secrets";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        secrets::list(&self.id, manager).await
    }
}

/// Notes that a client was used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteClientUse {
    /// The client's id.
    pub id: ClientId,
}

impl Operation for NoteClientUse {
    type Reply = ();
    const NAME: &'static str = "client.note_use";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        secrets::note(&self.id, manager).await
    }
}

/// Removes dynamic clients without a live grant that were not used for 30 days, and documents likewise. Returns how many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveUnusedClients {}

impl Operation for RemoveUnusedClients {
    type Reply = u64;
    const NAME: &'static str = "client.remove_unused";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        changing::remove_unused(manager).await
    }
}
