//! A small deployment to try things on: one workspace, one person in it, one client.

use std::time::Duration;

use tidegate_control_plane::account::{Account, CreateAccount, CreateServiceAccount};
use tidegate_control_plane::change::{LoggedChange, ReadChanges};
use tidegate_control_plane::client::{Client, ClientKind, CreateClient};
use tidegate_control_plane::effective_grant::{
    CheckEffectiveGrant, EffectiveGrant, IneffectiveReason,
};
use tidegate_control_plane::grant::{CreateGrant, Grant, RefreshRules};
use tidegate_control_plane::workspace::{
    CreateWorkspace, SetMembership, Workspace, WorkspaceConnection,
};
use tidegate_control_plane::{Manager, ManagerError};
use tidegate_oauth_types::{
    ClientMetadata, GrantType, IssuedSecret, SecretHash, SecretKind, TokenEndpointAuthMethod,
};
use tidegate_types::{AccountId, ClientId, GrantId, Role, ScopeSet, WorkspaceSlug};

use crate::fixture::Fixture;

const DAY: i64 = 86_400;

pub(crate) fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

pub(crate) const RULES: RefreshRules = RefreshRules {
    life_secs: 30 * 86_400,
    repeat_window_secs: 120,
    max_repeats: 10,
};

pub(crate) fn slug(text: &str) -> WorkspaceSlug {
    text.parse().unwrap()
}

/// The hash of a refresh token that nobody has to know.
pub(crate) fn token() -> SecretHash {
    IssuedSecret::draw(SecretKind::RefreshToken).hash
}

pub(crate) struct Deployment {
    pub(crate) manager: Manager,
    pub(crate) grace: Account,
    pub(crate) client: Client,
}

impl Deployment {
    /// Workspace `acme`, person `grace` who is its administrator, public client `assistant`.
    pub(crate) async fn new(fixture: &Fixture) -> Self {
        Self::on(fixture.manager.clone()).await
    }

    pub(crate) async fn on(manager: Manager) -> Self {
        workspace(&manager, "acme").await;
        let grace = person(&manager, "grace").await;
        join(&manager, "acme", &grace.id, Role::Admin).await;
        let asked = client("assistant", ClientKind::Registered);
        let client = manager.call(asked).await.unwrap();
        Self {
            manager,
            grace,
            client,
        }
    }

    /// A grant as `grace` gives it to the client for 90 days, with all scopes, and its first refresh token.
    pub(crate) async fn grant(&self, now: i64) -> (Grant, SecretHash) {
        let first = token();
        let asked = self.create_grant(now, first);
        (self.manager.call(asked).await.unwrap(), first)
    }

    pub(crate) fn create_grant(&self, now: i64, first: SecretHash) -> CreateGrant {
        CreateGrant {
            grant: Grant {
                id: GrantId::new(),
                account: self.grace.id.clone(),
                client: self.client.id.clone(),
                workspace: slug("acme"),
                resource: "https://tidegate.example/mcp".into(),
                scopes: ScopeSet::all(),
                is_offline: true,
                created_at: 0,
                expires_at: now + 90 * DAY,
                last_used_at: None,
                address: Some("192.0.2.7".into()),
                ended: None,
            },
            refresh_token: Some(first),
            rules: RULES,
        }
    }

    pub(crate) async fn standing(&self, session: &GrantId) -> EffectiveGrant {
        standing(&self.manager, session, "acme").await
    }

    /// Why the grant does not count.
    pub(crate) async fn refusal(&self, session: &GrantId) -> IneffectiveReason {
        match self.standing(session).await {
            EffectiveGrant::Refused(refusal) => refusal,
            good @ EffectiveGrant::Good { .. } => panic!("must be refused: {good:?}"),
        }
    }

    /// What the grant may do.
    pub(crate) async fn scopes(&self, session: &GrantId) -> ScopeSet {
        match self.standing(session).await {
            EffectiveGrant::Good { scopes, .. } => scopes,
            EffectiveGrant::Refused(refusal) => panic!("must count: {refusal:?}"),
        }
    }

    pub(crate) async fn head(&self) -> u64 {
        let asked = ReadChanges { after: None };
        self.manager.call(asked).await.unwrap().head
    }

    pub(crate) async fn changes_after(&self, place: u64) -> Vec<LoggedChange> {
        let asked = ReadChanges { after: Some(place) };
        let page = self.manager.call(asked).await.unwrap();
        assert!(!page.has_gap);
        page.changes
    }

    /// Whether the log tells nodes to check this grant of `acme` again.
    pub(crate) async fn tells_to_check(&self, after: u64, session: &GrantId) -> bool {
        let changes = self.changes_after(after).await;
        changes.iter().any(|change| match change {
            LoggedChange::Session { id, .. } => id == session,
            LoggedChange::Workspace { workspace } => workspace.as_str() == "acme",
            LoggedChange::Account => true,
            LoggedChange::Flags { .. } | LoggedChange::Keys => false,
        })
    }
}

pub(crate) async fn standing(manager: &Manager, session: &GrantId, at: &str) -> EffectiveGrant {
    let check = CheckEffectiveGrant {
        session: session.clone(),
        workspace: slug(at),
    };
    manager.call(check).await.unwrap()
}

pub(crate) async fn workspace(manager: &Manager, name: &str) -> Workspace {
    let create = CreateWorkspace {
        slug: slug(name),
        title: String::new(),
        region: String::new(),
        hosts: Vec::new(),
        public_url: None,
        connection: WorkspaceConnection {
            metastore: format!("sqlite:{name}.sqlite"),
            secret_key: None,
            superset_url: None,
        },
    };
    manager.call(create).await.unwrap()
}

pub(crate) async fn person(manager: &Manager, name: &str) -> Account {
    let create = CreateAccount {
        username: name.into(),
        email: None,
        is_email_verified: false,
        display_name: name.into(),
        password_hash: None,
        must_change_password: false,
        is_administrator: false,
    };
    manager.call(create).await.unwrap()
}

pub(crate) async fn service(manager: &Manager, name: &str, made_by: &AccountId) -> Account {
    let create = CreateServiceAccount {
        username: name.into(),
        display_name: name.into(),
        workspace: slug("acme"),
        role: Role::Analyst,
        superset_username: None,
        made_by: Some(made_by.clone()),
    };
    manager.call(create).await.unwrap()
}

pub(crate) async fn join(manager: &Manager, at: &str, account: &AccountId, role: Role) {
    let set = SetMembership {
        workspace: slug(at),
        account: account.clone(),
        role,
        superset_username: None,
    };
    manager.call(set).await.unwrap();
}

/// A public client without owner, or a machine that proves itself by a secret.
pub(crate) fn client(name: &str, kind: ClientKind) -> CreateClient {
    let is_machine = kind == ClientKind::Machine;
    let id: ClientId = match kind {
        ClientKind::Document => format!("https://{name}.example/client.json")
            .parse()
            .unwrap(),
        _ => ClientId::random(),
    };
    let metadata = ClientMetadata {
        client_name: name.into(),
        redirect_uris: if is_machine {
            Vec::new()
        } else {
            vec![format!("https://{name}.example/callback")]
        },
        grant_types: if is_machine {
            vec![GrantType::ClientCredentials]
        } else {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        },
        token_endpoint_auth_method: if is_machine {
            TokenEndpointAuthMethod::ClientSecretBasic
        } else {
            TokenEndpointAuthMethod::None
        },
        application_type: None,
        client_uri: None,
        jwks: None,
        jwks_uri: None,
        scope: None,
        software_id: None,
        software_version: None,
    };
    CreateClient {
        client: Client {
            id,
            kind,
            metadata,
            owner: None,
            acts_as: None,
            workspace: None,
            scopes: ScopeSet::all(),
            is_verified: false,
            has_secret: false,
            created_at: 0,
            last_used_at: None,
        },
        secret: is_machine.then(|| IssuedSecret::draw(SecretKind::ClientSecret).hash),
        registration_token: None,
    }
}

/// The words of a refusal of this kind.
pub(crate) fn invalid<T: std::fmt::Debug>(result: Result<T, ManagerError>) -> String {
    match result {
        Err(ManagerError::Invalid(words)) => words,
        other => panic!("must be invalid: {other:?}"),
    }
}
