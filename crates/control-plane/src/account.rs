//! People and service accounts.

mod create;
mod rows;
mod update;
mod upstream;

pub(crate) use create::{NewPerson, NewService, insert_person};
pub(crate) use rows::{find_by_verified_email, has_text, lock, select};
pub(crate) use update::switch_off;
pub(crate) use upstream::{attach, check_identity};

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Somebody who can sign in.
    Person,
    /// A machine's identity; belongs to one workspace and outlives whoever made it.
    Service,
}

/// A person or a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id, the `sub` of its tokens.
    pub id: AccountId,
    /// What it is.
    pub kind: AccountKind,
    /// Unique, lower case; what a person signs in with.
    pub username: String,
    /// Unique where it is verified.
    pub email: Option<String>,
    /// Whether it was proved that the address is theirs: by a provider that is trusted for its domain, or by an
    /// administrator of the deployment who vouched for it (ADR 5).
    pub is_email_verified: bool,
    /// What pages show.
    pub display_name: String,
    /// Whether it may do anything at all.
    pub is_active: bool,
    /// Whether it manages every workspace, account and client of this deployment.
    pub is_administrator: bool,
    /// Whether it has a password here.
    pub has_password: bool,
    /// Whether the password must be changed at the next sign-in: it was printed by the first start or set by
    /// somebody else.
    pub must_change_password: bool,
    /// Browser sessions from before this time count no more. It changes whenever they end, also twice a second: a
    /// session counts as long as it is what it was at the sign-in.
    pub sessions_valid_from: UnixSecs,
    /// When it was made.
    pub created_at: UnixSecs,
    /// The last time that somebody signed in by it.
    pub last_sign_in_at: Option<UnixSecs>,
}

/// How an account is found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKey {
    /// By its id.
    Id(AccountId),
    /// By its name, in any case.
    Username(String),
    /// By its verified address, in any case.
    VerifiedEmail(String),
    /// By what an upstream provider calls it.
    Upstream {
        /// The provider's issuer (`iss`), or `superset:<workspace>` for a Superset's own accounts.
        issuer: String,
        /// `sub`, or `ab_user.id`.
        subject: String,
    },
}

/// An account with the hash of its password (PHC string), for the sign-in alone.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasswordOf {
    /// The account.
    pub account: Account,
    /// Its hash, where it has one.
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for PasswordOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordOf")
            .field("account", &self.account.id)
            .finish_non_exhaustive()
    }
}

/// A filter for accounts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AccountFilter {
    /// Those in whose name, address or display name the text stands, in any case.
    pub search: Option<String>,
    /// Members of this workspace.
    pub workspace: Option<WorkspaceSlug>,
    /// Of this kind.
    pub kind: Option<AccountKind>,
}

/// Makes a person's account. `Invalid`, `Conflict`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateAccount {
    /// 1 to 64 of a-z, 0-9, ., _, -, @ and +, taken in lower case.
    pub username: String,
    /// Address.
    pub email: Option<String>,
    /// Whether it is known to be theirs.
    pub is_email_verified: bool,
    /// What pages show; up to 200 printable characters.
    pub display_name: String,
    /// PHC string.
    pub password_hash: Option<String>,
    /// Whether the password is for one use.
    pub must_change_password: bool,
    /// Whether it manages the deployment.
    pub is_administrator: bool,
}

impl Operation for CreateAccount {
    type Reply = Account;
    const NAME: &'static str = "account.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        create::create(manager, self).await
    }
}

/// Finds an account, active or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindAccount {
    /// By what.
    pub key: AccountKey,
}

impl Operation for FindAccount {
    type Reply = Option<Account>;
    const NAME: &'static str = "account.find";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::find(manager, &self.key).await
    }
}

/// Finds an account with the hash of its password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindPassword {
    /// Its name, its verified address, or an address that nobody proved and only one account with a password has; in any
    /// case, and in this order. Knowing an address opens nothing: the password does.
    pub username: String,
}

impl Operation for FindPassword {
    type Reply = Option<PasswordOf>;
    const NAME: &'static str = "account.find_password";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::find_password(manager, &self.username).await
    }
}

/// Lists accounts by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListAccounts {
    /// Which accounts; all without.
    pub filter: AccountFilter,
    /// At most this many, up to 1,000.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Operation for ListAccounts {
    type Reply = Vec<Account>;
    const NAME: &'static str = "account.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::list(manager, &self).await
    }
}

/// A part of all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsPage {
    /// Those of this part.
    pub accounts: Vec<Account>,
    /// How many there are in all.
    pub total: u64,
}

/// Lists a part of the accounts by name and counts them. `Invalid`: more than 1,000 at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListAccountsPage {
    /// Which accounts; all without.
    pub filter: AccountFilter,
    /// At most this many.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Operation for ListAccountsPage {
    type Reply = AccountsPage;
    const NAME: &'static str = "account.list_page";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::list_page(manager, self).await
    }
}

/// Changes what is given. Deactivating ends every grant, API token and browser session. `NotFound`, `Invalid`, `Conflict`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateAccount {
    /// The account's id.
    pub id: AccountId,
    /// A new address, not verified.
    pub email: Option<String>,
    /// A new name.
    pub display_name: Option<String>,
    /// On or off.
    pub is_active: Option<bool>,
    /// On or off; the last active administrator stays one.
    pub is_administrator: Option<bool>,
}

impl Operation for UpdateAccount {
    type Reply = Account;
    const NAME: &'static str = "account.update";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        update::update(manager, self).await
    }
}

/// Sets the password, whatever it was, and ends all browser sessions. `NotFound`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetPassword {
    /// The account's id.
    pub id: AccountId,
    /// PHC string.
    pub password_hash: String,
    /// Whether it is for one use.
    pub must_change: bool,
}

impl Operation for SetPassword {
    type Reply = ();
    const NAME: &'static str = "account.set_password";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        update::set_password(manager, self).await
    }
}

/// Puts a new hash in the place of exactly the one that was read. `false`: the password was changed meanwhile, or the
/// account is gone; nothing was done.
#[derive(Clone, Serialize, Deserialize)]
pub struct ReplacePasswordHash {
    /// The account's id.
    pub id: AccountId,
    /// The PHC string that was read.
    pub replaces: String,
    /// The new PHC string.
    pub password_hash: String,
    /// What the new hash is of.
    pub change: PasswordChange,
}

/// What a replaced hash is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordChange {
    /// The same password with other parameters: browser sessions go on.
    SamePassword,
    /// A password that its owner chose: all browser sessions end, and it need not be changed any more.
    NewPassword,
}

impl std::fmt::Debug for ReplacePasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplacePasswordHash")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Operation for ReplacePasswordHash {
    type Reply = bool;
    const NAME: &'static str = "account.replace_password_hash";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        update::replace_password_hash(manager, self).await
    }
}

/// Remembers a sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteSignIn {
    /// The account's id.
    pub id: AccountId,
}

impl Operation for NoteSignIn {
    type Reply = ();
    const NAME: &'static str = "account.note_sign_in";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        update::note_sign_in(manager, &self.id).await
    }
}

/// Ends all browser sessions of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndSessions {
    /// The account's id.
    pub id: AccountId,
}

impl Operation for EndSessions {
    type Reply = ();
    const NAME: &'static str = "account.end_sessions";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        update::end_sessions(manager, &self.id).await
    }
}

/// Ties an upstream identity to an account. `Conflict`: it is tied to another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkUpstream {
    /// The account.
    pub id: AccountId,
    /// As in [`AccountKey::Upstream`].
    pub issuer: String,
    /// As in [`AccountKey::Upstream`].
    pub subject: String,
    /// An address that the provider proved and is trusted for. Where it is the account's own, and no other account has
    /// it verified, it is verified from now on.
    #[serde(default)]
    pub proved_email: Option<String>,
}

impl Operation for LinkUpstream {
    type Reply = ();
    const NAME: &'static str = "account.link_upstream";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        upstream::link(manager, self).await
    }
}

/// What an upstream provider calls somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamIdentity {
    /// As in [`AccountKey::Upstream`].
    pub issuer: String,
    /// As in [`AccountKey::Upstream`].
    pub subject: String,
}

/// A place that a new account gets in a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstPlace {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The role.
    pub role: tidegate_types::Role,
    /// `ab_user.username` that it acts as; its own name without.
    pub superset_username: Option<String>,
}

/// An account found or made by its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmittedAccount {
    /// The account.
    pub account: Account,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// The account of an upstream identity: the one that it is tied to, or a new one, tied to it, with its first place; all in
/// one transaction, so that of many who ask at once one makes it, and nothing is left halfway. `Invalid`, `Conflict` (the
/// name or the verified address is taken), `NotFound` (the workspace).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdmitUpstream {
    /// Who it is.
    pub identity: UpstreamIdentity,
    /// The account to make where there is none; without a password.
    pub account: CreateAccount,
    /// Its place.
    pub place: Option<FirstPlace>,
}

impl Operation for AdmitUpstream {
    type Reply = AdmittedAccount;
    const NAME: &'static str = "account.admit_upstream";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        upstream::admit(manager, self).await
    }
}

/// How many people there are, for the first start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CountAccounts {}

impl Operation for CountAccounts {
    type Reply = u64;
    const NAME: &'static str = "account.count";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::count_people(manager).await
    }
}

/// Makes a service account, a member of one workspace. `Invalid`, `Conflict`, `NotFound`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateServiceAccount {
    /// As in [`CreateAccount`].
    pub username: String,
    /// What pages show.
    pub display_name: String,
    /// Where it works.
    pub workspace: WorkspaceSlug,
    /// The role.
    pub role: tidegate_types::Role,
    /// `ab_user.username` that it acts as; its own name without.
    pub superset_username: Option<String>,
    /// By whom; for the record only.
    pub made_by: Option<AccountId>,
}

impl Operation for CreateServiceAccount {
    type Reply = Account;
    const NAME: &'static str = "account.create_service";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        create::create_service(manager, self).await
    }
}
