//! What scenarios begin with.

use tidegate_control_plane::account::{Account, CreateAccount};
use tidegate_control_plane::change::{LoggedChange, ReadChanges};
use tidegate_control_plane::client::{Client, ClientKind, CreateClient};
use tidegate_control_plane::grant::{CreateGrant, Grant, RefreshRules};
use tidegate_control_plane::workspace::{
    CreateWorkspace, SetMembership, Workspace, WorkspaceConnection,
};
use tidegate_control_plane::{Manager, ManagerError, Operation};
use tidegate_oauth_types::{ClientMetadata, GrantType, TokenEndpointAuthMethod};
use tidegate_types::{AccountId, ClientId, GrantId, Role, Scope, ScopeSet, WorkspaceSlug};

use crate::fixture::Fixture;

pub(crate) fn slug(name: &str) -> WorkspaceSlug {
    name.parse().unwrap()
}

pub(crate) fn person(username: &str) -> CreateAccount {
    CreateAccount {
        username: username.to_owned(),
        email: None,
        is_email_verified: false,
        display_name: String::new(),
        password_hash: None,
        must_change_password: false,
        is_administrator: false,
    }
}

pub(crate) fn workspace(name: &str) -> CreateWorkspace {
    CreateWorkspace {
        slug: slug(name),
        title: String::new(),
        region: String::new(),
        hosts: Vec::new(),
        public_url: None,
        connection: WorkspaceConnection {
            metastore: "postgresql://superset:hunter2@db/superset".to_owned(),
            secret_key: Some("the Superset's own key".to_owned()),
            superset_url: None,
        },
    }
}

/// The text of an `Invalid` or `Conflict` or limit, which callers see.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, ManagerError>) -> String {
    match result.unwrap_err() {
        ManagerError::Invalid(text)
        | ManagerError::Conflict(text)
        | ManagerError::LimitReached(text) => text,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn is_not_found<T: std::fmt::Debug>(
    result: Result<T, ManagerError>,
    what: &str,
) -> bool {
    matches!(result.unwrap_err(), ManagerError::NotFound { what: found } if found == what)
}

impl Fixture {
    pub(crate) async fn call<O: Operation>(&self, operation: O) -> Result<O::Reply, ManagerError> {
        self.manager.call(operation).await
    }

    pub(crate) async fn has_person(&self, username: &str) -> Account {
        self.call(person(username)).await.unwrap()
    }

    pub(crate) async fn has_workspace(&self, name: &str) -> Workspace {
        self.call(workspace(name)).await.unwrap()
    }

    pub(crate) async fn has_member(&self, workspace: &str, account: &AccountId, role: Role) {
        let membership = SetMembership {
            workspace: slug(workspace),
            account: account.clone(),
            role,
            superset_username: None,
        };
        self.call(membership).await.unwrap();
    }

    /// A client with one redirect URI on the host.
    pub(crate) async fn has_client(&self, id: &str, host: &str) -> Client {
        let id: ClientId = id.parse().unwrap();
        let client = Client {
            kind: if id.is_url() {
                ClientKind::Document
            } else {
                ClientKind::Dynamic
            },
            id: id.clone(),
            metadata: ClientMetadata {
                client_name: format!("The app {id}"),
                redirect_uris: vec![format!("https://{host}/callback")],
                grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
                token_endpoint_auth_method: TokenEndpointAuthMethod::None,
                application_type: None,
                client_uri: None,
                jwks: None,
                jwks_uri: None,
                scope: None,
                software_id: None,
                software_version: None,
            },
            owner: None,
            acts_as: None,
            workspace: None,
            scopes: ScopeSet::all(),
            is_verified: false,
            has_secret: false,
            created_at: 0,
            last_used_at: None,
        };
        let create = CreateClient {
            client,
            secret: None,
            registration_token: None,
        };
        self.call(create).await.unwrap()
    }

    pub(crate) async fn has_grant(
        &self,
        account: &AccountId,
        client: &ClientId,
        workspace: &str,
    ) -> GrantId {
        let grant = Grant {
            id: GrantId::new(),
            account: account.clone(),
            client: client.clone(),
            workspace: slug(workspace),
            resource: format!("https://tidegate.example/w/{workspace}/mcp"),
            scopes: ScopeSet::from(Scope::Read),
            is_offline: false,
            created_at: 0,
            expires_at: self.now() + 90 * 86_400,
            last_used_at: None,
            address: None,
            ended: None,
        };
        let create = CreateGrant {
            grant,
            refresh_token: None,
            rules: RefreshRules {
                life_secs: 86_400,
                repeat_window_secs: 120,
                max_repeats: 10,
            },
        };
        self.call(create).await.unwrap().id
    }

    pub(crate) async fn head(&self) -> u64 {
        head(&self.manager).await
    }

    /// What was told to the nodes since.
    pub(crate) async fn changes_since(&self, head: u64) -> Vec<LoggedChange> {
        let page = self.call(ReadChanges { after: Some(head) }).await.unwrap();
        assert!(!page.has_gap);
        page.changes
    }
}

pub(crate) async fn head(manager: &Manager) -> u64 {
    manager
        .call(ReadChanges { after: None })
        .await
        .unwrap()
        .head
}
