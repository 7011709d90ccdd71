//! Grants: what an account let a client do in a workspace; and the refresh tokens under them.

mod calls;
mod creation;
mod decision;
mod ending;
mod listing;
mod narrowing;
mod rotation;
mod row;
mod tidying;

use serde::{Deserialize, Serialize};
use tidegate_oauth_types::SecretHash;
use tidegate_types::{AccountId, ClientId, GrantId, ScopeSet, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

pub(crate) use ending::{end_all, end_where};
pub use row::UnknownEndReason;

/// An authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id, in every token under it.
    pub id: GrantId,
    /// Who agreed; for a machine, whom it acts as.
    pub account: AccountId,
    /// Whom they let in.
    pub client: ClientId,
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The resource that tokens are for (`aud`).
    pub resource: String,
    /// What tokens may do at the most.
    pub scopes: ScopeSet,
    /// Whether there are refresh tokens.
    pub is_offline: bool,
    /// When it began.
    pub created_at: UnixSecs,
    /// When it ends whatever happens.
    pub expires_at: UnixSecs,
    /// The last time that a token was used or issued under it, exact to a minute.
    pub last_used_at: Option<UnixSecs>,
    /// The address that agreed.
    pub address: Option<String>,
    /// When and why it ended before its time.
    pub ended: Option<(UnixSecs, EndReason)>,
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person disconnected the client, or signed out everywhere with their clients.
    ByUser,
    /// An administrator did.
    ByAdministrator,
    /// The client revoked its token (RFC 7009).
    ByClient,
    /// A refresh token was presented again after its window (RFC 9700 §4.14.2).
    RefreshReplay,
    /// A code was presented again (RFC 6749 §4.1.2).
    CodeReplay,
    /// The account was deactivated.
    AccountInactive,
    /// The account left the workspace.
    MembershipLost,
    /// The client was removed or blocked.
    ClientRemoved,
    /// A newer grant of the same account, client, workspace and browser took its place.
    Superseded,
    /// No token of it went out: something stood against it as it began.
    Unfinished,
}

/// A grant as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantSummary {
    /// The grant.
    pub grant: Grant,
    /// The client's name.
    pub client_name: String,
    /// Where the client comes from.
    pub client_kind: crate::client::ClientKind,
    /// The account's name.
    pub username: String,
    /// Calls in the last 30 days.
    pub calls: u64,
}

/// What presenting a refresh token comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It was live; the successor is now.
    Rotated(Grant),
    /// It was rotated a moment ago: this is that successor, as it was wrapped then.
    Repeated {
        /// The grant.
        grant: Grant,
        /// The successor, wrapped by what was presented.
        wrapped_successor: String,
    },
    /// It was rotated a moment ago, and its successor was given as often as it may be: nothing was done.
    TooOften(Grant),
    /// It was rotated too long ago, or its successor was used: the grant is ended now.
    Replayed(Grant),
    /// The grant ended, or the token or grant expired.
    Ended(Grant),
    /// No such token.
    Unknown,
}

/// A filter for grants.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GrantFilter {
    /// Of this account.
    pub account: Option<AccountId>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// In this workspace.
    pub workspace: Option<WorkspaceSlug>,
    /// Ended ones as well.
    pub with_ended: bool,
}

/// How refresh tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRules {
    /// How long one is good.
    pub life_secs: u32,
    /// How long after its rotation the same successor is given again.
    pub repeat_window_secs: u32,
    /// How often at the most, up to 1,000; more are refused, and the grant goes on.
    pub max_repeats: u32,
}

/// Begins a grant, with its first refresh token where it is offline. `NotFound`: account or client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateGrant {
    /// `created_at`, `last_used_at` and `ended` are not taken over.
    pub grant: Grant,
    /// The first refresh token.
    pub refresh_token: Option<SecretHash>,
    /// How refresh tokens live.
    pub rules: RefreshRules,
}

impl Operation for CreateGrant {
    type Reply = Grant;
    const NAME: &'static str = "grant.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        creation::create(self, manager).await
    }
}

/// Finds a grant, ended or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindGrant {
    /// The connection's or API token's id.
    pub id: GrantId,
}

impl Operation for FindGrant {
    type Reply = Option<Grant>;
    const NAME: &'static str = "grant.find";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::find(manager, &self.id).await
    }
}

/// The grant that a refresh token is under, whatever their state; for revocation and introspection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindGrantOfRefreshToken {
    /// Of what was presented.
    pub refresh_token: SecretHash,
}

impl Operation for FindGrantOfRefreshToken {
    type Reply = Option<Grant>;
    const NAME: &'static str = "grant.find_of_refresh_token";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        match rotation::grant_of(manager, &self.refresh_token).await? {
            Some(id) => listing::find(manager, &id).await,
            None => Ok(None),
        }
    }
}

/// The live grant of a machine client in a workspace for a resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindStandingGrant {
    /// The client.
    pub client: ClientId,
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// For what.
    pub resource: String,
}

impl Operation for FindStandingGrant {
    type Reply = Option<Grant>;
    const NAME: &'static str = "grant.find_standing";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::find_standing(&self, manager).await
    }
}

/// Lists grants, the newest first, up to 1,000.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListGrants {
    /// Which connections; all without.
    pub filter: GrantFilter,
}

impl Operation for ListGrants {
    type Reply = Vec<GrantSummary>;
    const NAME: &'static str = "grant.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::list(&self.filter, manager).await
    }
}

/// A grant as lists of everybody's show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedGrant {
    /// The grant, with names.
    pub summary: GrantSummary,
    /// Where its client is sent codes; none for one that is gone.
    pub redirect_uris: Vec<String>,
}

/// A part of the grants that match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantsPage {
    /// The newest first.
    pub grants: Vec<ListedGrant>,
    /// How many match.
    pub total: u64,
}

/// Lists a part of the grants, the newest first, and counts them. `Invalid`: more than 1,000 at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListGrantsPage {
    /// Which connections; all without.
    pub filter: GrantFilter,
    /// Those with this text in the account's or the client's name, in any case.
    pub search: Option<String>,
    /// At most this many.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Operation for ListGrantsPage {
    type Reply = GrantsPage;
    const NAME: &'static str = "grant.list_page";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::list_page(&self, manager).await
    }
}

/// The workspace of the grant that an account used last, or agreed to last where none was used since, ended or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindLatestWorkspace {
    /// The account's id.
    pub account: AccountId,
}

impl Operation for FindLatestWorkspace {
    type Reply = Option<WorkspaceSlug>;
    const NAME: &'static str = "grant.find_latest_workspace";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::find_latest_workspace(&self.account, manager).await
    }
}

/// Rotates a refresh token: exactly one of racing calls rotates, the others get its successor. What it does to the grant is durable before it returns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RotateRefreshToken {
    /// Who presents it; another client's is `Unknown`.
    pub client: ClientId,
    /// What is presented.
    pub presented: SecretHash,
    /// What is to take its place.
    pub successor: SecretHash,
    /// The successor, wrapped by what is presented, for repeats.
    pub wrapped_successor: String,
    /// How refresh tokens live.
    pub rules: RefreshRules,
}

impl Operation for RotateRefreshToken {
    type Reply = Rotation;
    const NAME: &'static str = "grant.rotate_refresh_token";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rotation::rotate(self, manager).await
    }
}

/// Takes scopes away, without reconnecting. `NotFound`, `Invalid` (nothing left, or wider than before).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NarrowGrant {
    /// The connection's or API token's id.
    pub id: GrantId,
    /// What is left.
    pub scopes: ScopeSet,
}

impl Operation for NarrowGrant {
    type Reply = Grant;
    const NAME: &'static str = "grant.narrow";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        narrowing::narrow(self, manager).await
    }
}

/// Ends a grant. `None`: no such grant. One that has ended stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndGrant {
    /// The connection's or API token's id.
    pub id: GrantId,
    /// Why it ends, for the record.
    pub reason: EndReason,
}

impl Operation for EndGrant {
    type Reply = Option<Grant>;
    const NAME: &'static str = "grant.end";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        let mut transaction = manager.pool.begin("end a grant").await?;
        let grant = ending::end_one(&mut transaction, &self.id, self.reason, manager.now()).await?;
        transaction.commit().await?;
        Ok(grant)
    }
}

/// Ends all live grants that match, at least one member of the filter given. Returns those that it ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndGrants {
    /// Which connections; at least one member is given.
    pub filter: GrantFilter,
    /// Why it ends, for the record.
    pub reason: EndReason,
}

impl Operation for EndGrants {
    type Reply = Vec<Grant>;
    const NAME: &'static str = "grant.end_all";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        let GrantFilter {
            account,
            client,
            workspace,
            ..
        } = &self.filter;
        if account.is_none() && client.is_none() && workspace.is_none() {
            return Err(ManagerError::Invalid(
                "filter names neither account nor client nor workspace: one of them is needed"
                    .into(),
            ));
        }
        let mut transaction = manager.pool.begin("end grants").await?;
        let ended = end_all(&mut transaction, &self.filter, self.reason, manager.now()).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// Adds calls to grants' counters, as nodes collect them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteGrantUse {
    /// How many calls of each.
    pub calls: Vec<(GrantId, u32)>,
}

impl Operation for NoteGrantUse {
    type Reply = ();
    const NAME: &'static str = "grant.note_use";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        calls::note(self.calls, manager).await
    }
}

/// Removes grants that ended or expired more than a year ago, refresh tokens that were rotated or expired more than 30 days
/// ago, API tokens and counts likewise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveOldGrants {}

impl Operation for RemoveOldGrants {
    type Reply = u64;
    const NAME: &'static str = "grant.remove_old";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        tidying::remove_old(manager).await
    }
}

/// Erases wrapped successors of refresh tokens whose window is over. To be asked about once a minute by some node;
/// [`RemoveOldGrants`] does it as well. Returns how many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EraseWrappedSuccessors {}

impl Operation for EraseWrappedSuccessors {
    type Reply = u64;
    const NAME: &'static str = "grant.erase_wrapped_successors";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        tidying::erase_wrapped(manager, manager.now()).await
    }
}
