//! A deployment to sign in to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;
use tidegate_control_plane::account::{Account, AccountKey, CreateAccount, FindAccount};
use tidegate_control_plane::audit::{AuditEvent, AuditFilter, ListEvents};
use tidegate_control_plane::workspace::{DeclareWorkspaces, Workspace};
use tidegate_control_plane::{LocalManager, LocalSettings, Manager};
use tidegate_login::{
    NewSession, PasswordCost, SignIn, SignInError, SignInSettings, SupersetAccount,
    SupersetAccounts, SupersetAccountsError,
};
use tidegate_store::SharedState;
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_types::{
    Clock, ExposeSecret, ManualClock, Peer, Role, SecretString, SystemClock, UserId, WorkspaceSlug,
};

pub(crate) const GOOD: &str = "purple tide leaves quietly at nine";
pub(crate) const OTHER: &str = "orange gate opens slowly at seven";

/// Enough to be the same code, and nothing to wait for.
pub(crate) const CHEAP: PasswordCost = PasswordCost {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

pub(crate) struct Stage {
    pub(crate) manager: Manager,
    pub(crate) state: SharedState,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) superset: Arc<Directory>,
    pub(crate) sign_in: SignIn,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// Another one, of the same time.
    pub(crate) async fn beside(other: &Self) -> Self {
        let clock = Arc::new(ManualClock::at(other.clock.now()));
        let state = memory_state(as_clock(&clock), MemoryLimits::default());
        Self::on(state, clock, |_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut SignInSettings)) -> Self {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let state = memory_state(as_clock(&clock), MemoryLimits::default());
        Self::on(state, clock, change).await
    }

    pub(crate) async fn on(
        state: SharedState,
        clock: Arc<ManualClock>,
        change: impl FnOnce(&mut SignInSettings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = LocalSettings::Sqlite {
            path: folder.path().join("manager.sqlite"),
            secret: None,
        };
        let manager = LocalManager::open(database, as_clock(&clock))
            .await
            .unwrap();
        let manager = Manager::Local(Arc::new(manager));
        let workspaces = ["acme", "rival"].map(|slug| Workspace {
            slug: slug.parse().unwrap(),
            title: slug.to_owned(),
            region: String::new(),
            hosts: Vec::new(),
            public_url: None,
            is_declared: true,
            is_hibernated: false,
            created_at: 0,
        });
        manager
            .call(DeclareWorkspaces {
                workspaces: workspaces.to_vec(),
            })
            .await
            .unwrap();
        let superset = Arc::new(Directory::default());
        let mut settings = settings();
        change(&mut settings);
        let sign_in = SignIn::new(
            manager.clone(),
            Arc::clone(&state.tickets),
            Arc::clone(&state.counters),
            Arc::clone(&superset) as Arc<dyn SupersetAccounts>,
            settings,
            as_clock(&clock),
        );
        Self {
            manager,
            state,
            clock,
            superset,
            sign_in,
            _folder: folder,
        }
    }

    /// Another node of the same deployment.
    pub(crate) fn node(&self, change: impl FnOnce(&mut SignInSettings)) -> SignIn {
        let mut settings = settings();
        change(&mut settings);
        SignIn::new(
            self.manager.clone(),
            Arc::clone(&self.state.tickets),
            Arc::clone(&self.state.counters),
            Arc::clone(&self.superset) as Arc<dyn SupersetAccounts>,
            settings,
            as_clock(&self.clock),
        )
    }

    /// A person with the password [`GOOD`], as an administrator makes them.
    pub(crate) async fn person(&self, name: &str) -> Account {
        let create = CreateAccount {
            username: name.to_owned(),
            email: Some(format!("{name}@acme.test")),
            is_email_verified: true,
            display_name: name.to_owned(),
            password_hash: Some(hash_of(GOOD)),
            must_change_password: false,
            is_administrator: false,
        };
        let account = self.manager.call(create).await.unwrap();
        // Nobody signs in within the second in which they were made.
        self.later(1);
        account
    }

    /// Goes to the beginning of an hour, with which bounds of an hour begin anew.
    pub(crate) fn at_the_hour(&self) {
        let passed = u64::try_from(self.clock.unix_secs().rem_euclid(3_600)).unwrap();
        self.later(3_600 - passed);
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn enter(
        &self,
        name: &str,
        password: &str,
    ) -> Result<NewSession, SignInError> {
        self.enter_from("192.0.2.1", name, password).await
    }

    pub(crate) async fn enter_from(
        &self,
        address: &str,
        name: &str,
        password: &str,
    ) -> Result<NewSession, SignInError> {
        let password = SecretString::from(password);
        self.sign_in
            .with_password(name, &password, None, &peer(address))
            .await
    }

    /// From an address with the cookie of a known browser.
    pub(crate) async fn enter_known(
        &self,
        address: &str,
        known_browser: &str,
        name: &str,
        password: &str,
    ) -> Result<NewSession, SignInError> {
        let password = SecretString::from(password);
        self.sign_in
            .with_password(name, &password, Some(known_browser), &peer(address))
            .await
    }

    /// The code of the refusal.
    pub(crate) async fn refusal(&self, name: &str, password: &str) -> &'static str {
        match self.enter(name, password).await {
            Ok(_) => "signed in",
            Err(err) => err.code(),
        }
    }

    pub(crate) async fn is_open(&self, session: &NewSession) -> bool {
        let cookie = session.cookie.expose_secret();
        self.sign_in.session(cookie).await.unwrap().is_some()
    }

    pub(crate) async fn account(&self, key: AccountKey) -> Option<Account> {
        self.manager.call(FindAccount { key }).await.unwrap()
    }

    /// The newest record of the audit whose action begins so.
    pub(crate) async fn last(&self, action: &str) -> AuditEvent {
        self.events(action).await.into_iter().next().unwrap()
    }

    pub(crate) async fn events(&self, action: &str) -> Vec<AuditEvent> {
        let list = ListEvents {
            filter: AuditFilter {
                action: (!action.is_empty()).then(|| action.to_owned()),
                ..AuditFilter::default()
            },
            limit: 1_000,
            offset: 0,
        };
        self.manager.call(list).await.unwrap()
    }
}

fn settings() -> SignInSettings {
    let mut settings = SignInSettings::new("https://tide.test".parse().unwrap());
    settings.password_cost = CHEAP;
    settings
}

pub(crate) fn as_clock(clock: &Arc<ManualClock>) -> Arc<dyn Clock> {
    Arc::clone(clock) as Arc<dyn Clock>
}

pub(crate) fn peer(address: &str) -> Peer {
    Peer {
        address: address.parse().unwrap(),
        user_agent: None,
    }
}

/// Argon2id of the cheap parameters, made by the crate that the reference vectors of the unit tests hold.
pub(crate) fn hash_of(password: &str) -> String {
    use argon2::PasswordHasher as _;
    let params = argon2::Params::new(CHEAP.memory_kib, CHEAP.passes, CHEAP.lanes, None).unwrap();
    argon2::Argon2::from(params)
        .hash_password_with_salt(password.as_bytes(), b"salt of the stage")
        .unwrap()
        .to_string()
}

/// Users of workspaces' Supersets.
#[derive(Default)]
pub(crate) struct Directory {
    users: Mutex<HashMap<(WorkspaceSlug, String), SupersetAccount>>,
    /// Workspaces whose metastore is down.
    pub(crate) down: Mutex<Vec<WorkspaceSlug>>,
    /// What users' rights come to.
    pub(crate) roles: Mutex<HashMap<UserId, Role>>,
    /// Workspaces whose users are made when they are needed.
    pub(crate) ours: Mutex<Vec<WorkspaceSlug>>,
    /// Who was asked for, in order.
    pub(crate) asked: Mutex<Vec<(WorkspaceSlug, String)>>,
}

impl Directory {
    pub(crate) fn put(&self, workspace: &str, user_id: i64, username: &str, hash: &str) {
        let user = SupersetAccount {
            user_id: UserId(user_id),
            username: username.to_owned(),
            email: Some(format!("{username}@acme.test")),
            full_name: format!("{username} of {workspace}"),
            password_hash: Some(hash.to_owned()),
            is_active: true,
            is_made_here: false,
        };
        self.put_user(workspace, user);
    }

    pub(crate) fn put_user(&self, workspace: &str, user: SupersetAccount) {
        let key = (workspace.parse().unwrap(), user.username.to_lowercase());
        self.users.lock().insert(key, user);
    }

    pub(crate) fn remove(&self, workspace: &str, username: &str) {
        let key = (workspace.parse().unwrap(), username.to_owned());
        self.users.lock().remove(&key);
    }
}

#[async_trait::async_trait]
impl SupersetAccounts for Directory {
    async fn find(
        &self,
        workspace: &WorkspaceSlug,
        name: &str,
    ) -> Result<Option<SupersetAccount>, SupersetAccountsError> {
        self.asked.lock().push((workspace.clone(), name.to_owned()));
        if self.down.lock().contains(workspace) {
            return Err(SupersetAccountsError {
                workspace: workspace.clone(),
                source: "down".into(),
            });
        }
        let key = (workspace.clone(), name.to_lowercase());
        Ok(self.users.lock().get(&key).cloned())
    }

    async fn role_of(
        &self,
        _workspace: &WorkspaceSlug,
        user: UserId,
    ) -> Result<Role, SupersetAccountsError> {
        let roles = self.roles.lock();
        Ok(roles.get(&user).copied().unwrap_or(Role::Viewer))
    }

    async fn makes_users(&self, workspace: &WorkspaceSlug) -> Result<bool, SupersetAccountsError> {
        Ok(self.ours.lock().contains(workspace))
    }
}
