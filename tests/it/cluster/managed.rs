//! Nodes that share a manager, and a hand on that manager from outside, as its pages and its command line have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tidegate_control_plane::account::{Account, CreateAccount};
use tidegate_control_plane::api_token::CreateApiToken;
use tidegate_control_plane::client::{Client, ClientKind, CreateClient};
use tidegate_control_plane::grant::{CreateGrant, Grant, RefreshRules};
use tidegate_control_plane::signing_key::{AddSigningKey, SigningKey};
use tidegate_control_plane::workspace::SetMembership;
use tidegate_control_plane::{LocalManager, LocalSettings, Manager, Operation};
use tidegate_oauth_types::{
    AccessTokenClaims, Algorithm, ClientMetadata, GrantType, IssuedSecret, Resource, SecretKind,
    Signer, TokenEndpointAuthMethod,
};
use tidegate_types::{
    ClientId, Clock as _, ExposeSecret, GrantId, Role, ScopeSet, SystemClock, TokenId,
    WorkspaceSlug,
};

use crate::harness::{Caller, ClusterBuilder, Servers, TestCluster};

const SECRET: &str = "what seals secrets in the managers of tests";

/// Where everybody reaches the nodes.
const PUBLIC_URL: &str = "https://tide.test";

/// Nodes with a manager in a database of their own, whose one workspace is `demo`.
pub(crate) struct ManagedCluster {
    pub nodes: TestCluster,
    pub manager: Manager,
    signer: Signer,
}

/// An account that let a client in.
pub(crate) struct Connected {
    pub account: Account,
    pub grant: Grant,
}

pub(crate) fn demo() -> WorkspaceSlug {
    "demo".parse().unwrap()
}

/// An empty database on the server that tests share.
pub(crate) async fn database() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("manager_{}_{number}", std::process::id());
    let servers = Servers::get().await;
    let mut create = std::process::Command::new("psql");
    create
        .args(["-X", "-q", "-d", &servers.postgres_url, "-c"])
        .arg(format!("CREATE DATABASE {name}"));
    let created = tokio::task::spawn_blocking(move || create.status());
    assert!(created.await.unwrap().unwrap().success());
    let (server, _) = servers.postgres_url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// The usual settings of nodes with a manager. Tokens of the other issuer are accepted as well.
pub(crate) async fn builder(database: &str) -> ClusterBuilder {
    TestCluster::builder()
        .await
        .set("MANAGER__URL", database)
        .set("MANAGER__SECRET", SECRET)
        .set("SERVER__PUBLIC_URL", PUBLIC_URL)
}

impl ManagedCluster {
    pub(crate) async fn start(nodes: usize) -> Self {
        let database = database().await;
        let nodes = builder(&database).await.start(nodes).await;
        Self::join(nodes, database).await
    }

    /// Nodes that were started with [`builder`].
    pub(crate) async fn join(nodes: TestCluster, database: String) -> Self {
        let settings = LocalSettings::Postgres {
            url: database.into(),
            secret: SECRET.into(),
        };
        let manager = LocalManager::open(settings, std::sync::Arc::new(SystemClock));
        let manager = Manager::Local(std::sync::Arc::new(manager.await.unwrap()));
        let key = Signer::generate(Algorithm::Es256).unwrap();
        let signer = Signer::from_pkcs8(&key.kid, key.algorithm, &key.pkcs8).unwrap();
        let key = SigningKey {
            id: key.kid,
            algorithm: "ES256".to_owned(),
            private_key: STANDARD.encode(&key.pkcs8),
            public_jwk: key.public_jwk,
            signs_from: SystemClock.unix_secs() + 86_400,
            published_until: None,
        };
        let overlap_secs = 86_400;
        manager
            .call(AddSigningKey { key, overlap_secs })
            .await
            .unwrap();
        Self {
            nodes,
            manager,
            signer,
        }
    }

    pub(crate) async fn call<O: Operation>(&self, operation: O) -> O::Reply {
        self.manager.call(operation).await.unwrap()
    }

    /// An account that is a member of `demo` and acts there as the user of this name.
    pub(crate) async fn member(&self, username: &str, role: Role) -> Account {
        let account = self
            .call(CreateAccount {
                // Not the user's own name: what counts is what the membership says.
                username: format!("{username}-of-the-manager"),
                email: None,
                is_email_verified: false,
                display_name: username.to_owned(),
                password_hash: None,
                must_change_password: false,
                is_administrator: false,
            })
            .await;
        self.call(SetMembership {
            workspace: demo(),
            account: account.id.clone(),
            role,
            superset_username: Some(username.to_owned()),
        })
        .await;
        account
    }

    /// A member who let a client of theirs do everything in `demo`.
    pub(crate) async fn connected(&self, username: &str, role: Role) -> Connected {
        let account = self.member(username, role).await;
        let client = self.client(&account).await;
        let grant = self.grant(&account, &client).await;
        Connected { account, grant }
    }

    async fn client(&self, owner: &Account) -> Client {
        let metadata = ClientMetadata {
            client_name: "A client of the tests".to_owned(),
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            token_endpoint_auth_method: TokenEndpointAuthMethod::None,
            application_type: None,
            client_uri: None,
            jwks: None,
            jwks_uri: None,
            scope: None,
            software_id: None,
            software_version: None,
        };
        let client = Client {
            id: ClientId::random(),
            kind: ClientKind::Registered,
            metadata,
            owner: Some(owner.id.clone()),
            acts_as: None,
            workspace: None,
            scopes: ScopeSet::all(),
            is_verified: true,
            has_secret: false,
            created_at: 0,
            last_used_at: None,
        };
        self.call(CreateClient {
            client,
            secret: None,
            registration_token: None,
        })
        .await
    }

    async fn grant(&self, account: &Account, client: &Client) -> Grant {
        let grant = Grant {
            id: GrantId::new(),
            account: account.id.clone(),
            client: client.id.clone(),
            workspace: demo(),
            resource: format!("{PUBLIC_URL}/mcp"),
            scopes: ScopeSet::all(),
            is_offline: false,
            created_at: 0,
            expires_at: SystemClock.unix_secs() + 3_600,
            last_used_at: None,
            address: None,
            ended: None,
        };
        let rules = RefreshRules {
            life_secs: 3_600,
            repeat_window_secs: 10,
            max_repeats: 3,
        };
        self.call(CreateGrant {
            grant,
            refresh_token: None,
            rules,
        })
        .await
    }

    /// What a token under the grant says.
    pub(crate) fn claims(grant: &Grant) -> AccessTokenClaims {
        let jti: TokenId = GrantId::new().as_str().parse().unwrap();
        AccessTokenClaims {
            iss: PUBLIC_URL.to_owned(),
            sub: grant.account.clone(),
            aud: Resource::parse(&grant.resource).unwrap(),
            client_id: grant.client.clone(),
            scope: grant.scopes,
            jti,
            iat: SystemClock.unix_secs(),
            exp: SystemClock.unix_secs() + 3_600,
            gid: grant.id.clone(),
            workspace: Some(grant.workspace.clone()),
        }
    }

    /// A token of these claims, signed as the authorization server signs.
    pub(crate) fn sign(&self, claims: &AccessTokenClaims) -> String {
        let token = self.signer.sign(claims).unwrap();
        token.expose_secret().to_owned()
    }

    /// Somebody who sends requests with a token under the grant.
    pub(crate) fn caller(&self, grant: &Grant) -> Caller {
        let token = self.sign(&Self::claims(grant));
        self.nodes.node(0).anyone().bearer(token)
    }

    /// An API token of the account, for any of its workspaces.
    pub(crate) async fn api_token(&self, account: &Account) -> (GrantId, String) {
        let secret = IssuedSecret::draw(SecretKind::ApiToken);
        let token = self
            .call(CreateApiToken {
                account: account.id.clone(),
                name: "a script".to_owned(),
                scopes: ScopeSet::all(),
                workspace: None,
                secret: secret.hash,
                hint: "hint".to_owned(),
                expires_at: None,
            })
            .await;
        (token.id, secret.text.expose_secret().to_owned())
    }
}
