//! Clients that people make: for the browser, and machines.

use tidegate_oauth_types::{ClientMetadata, IssuedSecret, SecretKind, TokenEndpointAuthMethod};
use tidegate_types::{AccountId, ClientId, Role, ScopeSet, SecretString, WorkspaceSlug};

use super::{Client, ClientKind, CreateClient, RegisterMachine};
use crate::account::{Account, CreateServiceAccount};
use crate::{Manager, ManagerError, UseCase};

/// A client that was made, and what it proves itself by.
#[derive(Debug)]
pub struct NewlyRegistered {
    /// The client.
    pub client: Client,
    /// Its secret, which is shown once; `None` where it has none.
    pub secret: Option<SecretString>,
    /// The service account that was made for it.
    pub service: Option<Account>,
}

/// Makes a client that people sign in by, and draws its secret where its metadata say that it has one. Errors as
/// [`CreateClient`].
#[derive(Debug, Clone)]
pub struct RegisterApplication {
    /// Its id; drawn without.
    pub id: Option<ClientId>,
    /// What it is.
    pub metadata: ClientMetadata,
    /// Whose it is; everybody's without.
    pub owner: Option<AccountId>,
    /// The one workspace that it is for; any without.
    pub workspace: Option<WorkspaceSlug>,
    /// The most that it may ask for.
    pub scopes: ScopeSet,
    /// Whether whoever makes it also says that it is what it says.
    pub is_verified: bool,
}

/// Makes a machine client, all of it or nothing: with its secret where its metadata say that it has one, and with the
/// service account that it is to act as. Errors as [`RegisterMachine`].
#[derive(Debug, Clone)]
pub struct RegisterMachineClient {
    /// Its id; drawn without.
    pub id: Option<ClientId>,
    /// What it is.
    pub metadata: ClientMetadata,
    /// Whose it is; nobody's without.
    pub owner: Option<AccountId>,
    /// Whom it acts as.
    pub acts_as: MachineAccount,
    /// Where it works.
    pub workspace: WorkspaceSlug,
    /// The most that it may ask for.
    pub scopes: ScopeSet,
    /// Whether whoever makes it also says that it is what it says.
    pub is_verified: bool,
}

/// Whom a machine acts as.
#[derive(Debug, Clone)]
pub enum MachineAccount {
    /// A service account that is there, or its owner.
    Existing(AccountId),
    /// A service account that is made with it, and works where the machine does.
    New(NewServiceAccount),
}

/// A service account to be.
#[derive(Debug, Clone)]
pub struct NewServiceAccount {
    /// Its name.
    pub username: String,
    /// What pages show.
    pub display_name: String,
    /// As what it works.
    pub role: Role,
    /// The user of the workspace's Superset that it acts as; the one of its own name without.
    pub superset_username: Option<String>,
    /// By whom; for the record only.
    pub made_by: Option<AccountId>,
}

impl UseCase for RegisterApplication {
    type Reply = NewlyRegistered;

    async fn run(self, manager: &Manager) -> Result<Self::Reply, ManagerError> {
        let secret = secret_of(&self.metadata);
        let client = Client {
            id: self.id.unwrap_or_else(ClientId::random),
            kind: ClientKind::Registered,
            metadata: self.metadata,
            owner: self.owner,
            acts_as: None,
            workspace: self.workspace,
            scopes: self.scopes,
            is_verified: self.is_verified,
            has_secret: false,
            created_at: 0,
            last_used_at: None,
        };
        let create = CreateClient {
            client,
            secret: secret.as_ref().map(|secret| secret.hash),
            registration_token: None,
        };
        Ok(NewlyRegistered {
            client: manager.call(create).await?,
            secret: secret.map(|secret| secret.text),
            service: None,
        })
    }
}

impl UseCase for RegisterMachineClient {
    type Reply = NewlyRegistered;

    async fn run(self, manager: &Manager) -> Result<Self::Reply, ManagerError> {
        let secret = secret_of(&self.metadata);
        let (acts_as, service) = match self.acts_as {
            MachineAccount::Existing(account) => (Some(account), None),
            MachineAccount::New(account) => (None, Some(account.at(&self.workspace))),
        };
        let client = Client {
            id: self.id.unwrap_or_else(ClientId::random),
            kind: ClientKind::Machine,
            metadata: self.metadata,
            owner: self.owner,
            acts_as,
            workspace: Some(self.workspace),
            scopes: self.scopes,
            is_verified: self.is_verified,
            has_secret: false,
            created_at: 0,
            last_used_at: None,
        };
        let register = RegisterMachine {
            client,
            secret: secret.as_ref().map(|secret| secret.hash),
            service,
        };
        let made = manager.call(register).await?;
        Ok(NewlyRegistered {
            client: made.client,
            secret: secret.map(|secret| secret.text),
            service: made.service,
        })
    }
}

impl NewServiceAccount {
    fn at(self, workspace: &WorkspaceSlug) -> CreateServiceAccount {
        CreateServiceAccount {
            username: self.username,
            display_name: self.display_name,
            workspace: workspace.clone(),
            role: self.role,
            superset_username: self.superset_username,
            made_by: self.made_by,
        }
    }
}

/// A secret, for a client that proves itself by one.
fn secret_of(metadata: &ClientMetadata) -> Option<IssuedSecret> {
    has_secrets(metadata).then(|| IssuedSecret::draw(SecretKind::ClientSecret))
}

/// Whether a client of these metadata proves itself by a secret.
pub(super) const fn has_secrets(metadata: &ClientMetadata) -> bool {
    matches!(
        metadata.token_endpoint_auth_method,
        TokenEndpointAuthMethod::ClientSecretBasic | TokenEndpointAuthMethod::ClientSecretPost
    )
}
