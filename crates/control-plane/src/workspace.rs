//! Workspaces and who belongs to them.

mod change;
mod declare;
mod listing;
mod lost;
mod members;
mod rows;

pub(crate) use lost::end_lost;
pub(crate) use members::{NewPlace, put_place, role_number, role_of, select_places};
pub(crate) use rows::lock;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use crate::account::Account;
use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// A workspace as the manager knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub slug: WorkspaceSlug,
    /// What pages show.
    pub title: String,
    /// Where it runs: "eu", "us1a"; empty where there are no regions.
    pub region: String,
    /// Its host names, in lower case.
    pub hosts: Vec<String>,
    /// Base URL of links.
    pub public_url: Option<String>,
    /// Whether the configuration of the nodes declares it, so that it is changed there.
    pub is_declared: bool,
    /// Whether it sleeps: nobody is served, and callers are told so.
    pub is_hibernated: bool,
    /// When it was made.
    pub created_at: UnixSecs,
}

/// Where the metastore of a workspace is that no configuration declares.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceConnection {
    /// As `workspaces.<slug>.metastore` in the configuration; sealed at rest.
    pub metastore: String,
    /// That Superset's `SECRET_KEY`; sealed at rest.
    pub secret_key: Option<String>,
    /// Its Superset.
    pub superset_url: Option<String>,
}

impl std::fmt::Debug for WorkspaceConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorkspaceConnection([redacted])")
    }
}

/// An account's place in a workspace, its own or by a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The account's id.
    pub account: AccountId,
    /// As what: the widest of its own and its teams'.
    pub role: Role,
    /// Its own, where it has one besides those of its teams.
    #[serde(default)]
    pub own_role: Option<Role>,
    /// `ab_user.username` that it acts as in this workspace.
    pub superset_username: String,
    /// Whether the place comes from a team alone.
    pub is_by_team: bool,
    /// The time of creation.
    pub created_at: UnixSecs,
}

/// Takes over the workspaces of the nodes' configuration; those that were declared before and are no more stay, not declared. Idempotent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeclareWorkspaces {
    /// `is_declared`, `is_hibernated` and `created_at` are not taken over.
    pub workspaces: Vec<Workspace>,
}

impl Operation for DeclareWorkspaces {
    type Reply = ();
    const NAME: &'static str = "workspace.declare";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        declare::declare(manager, self.workspaces).await
    }
}

/// Makes a workspace that no configuration declares. `Invalid`, `Conflict`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateWorkspace {
    /// Its name.
    pub slug: WorkspaceSlug,
    /// What pages show; the slug without.
    pub title: String,
    /// Where it runs.
    pub region: String,
    /// Its host names.
    pub hosts: Vec<String>,
    /// Base URL of links.
    pub public_url: Option<String>,
    /// Where its metastore is.
    pub connection: WorkspaceConnection,
}

impl Operation for CreateWorkspace {
    type Reply = Workspace;
    const NAME: &'static str = "workspace.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        change::create(manager, self).await
    }
}

/// Finds a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindWorkspace {
    /// The workspace.
    pub slug: WorkspaceSlug,
}

impl Operation for FindWorkspace {
    type Reply = Option<Workspace>;
    const NAME: &'static str = "workspace.find";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::find(manager, &self.slug).await
    }
}

/// Where the metastore of a workspace is that no configuration declares.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindConnection {
    /// The workspace.
    pub slug: WorkspaceSlug,
}

impl Operation for FindConnection {
    type Reply = Option<WorkspaceConnection>;
    const NAME: &'static str = "workspace.find_connection";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::find_connection(manager, &self.slug).await
    }
}

/// Lists all workspaces by name, up to 10,000.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListWorkspaces {}

impl Operation for ListWorkspaces {
    type Reply = Vec<Workspace>;
    const NAME: &'static str = "workspace.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rows::list(manager).await
    }
}

/// Changes what is given. `NotFound`, `Invalid`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateWorkspace {
    /// The workspace.
    pub slug: WorkspaceSlug,
    /// A new title; not for declared ones.
    pub title: Option<String>,
    /// New host names; not for declared ones.
    pub hosts: Option<Vec<String>>,
    /// Asleep or awake.
    pub is_hibernated: Option<bool>,
}

impl Operation for UpdateWorkspace {
    type Reply = Workspace;
    const NAME: &'static str = "workspace.update";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        change::update(manager, self).await
    }
}

/// Removes a workspace that no configuration declares, with its memberships; ends its grants. `NotFound`, `Conflict`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveWorkspace {
    /// The workspace.
    pub slug: WorkspaceSlug,
}

impl Operation for RemoveWorkspace {
    type Reply = ();
    const NAME: &'static str = "workspace.remove";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        change::remove(manager, &self.slug).await
    }
}

/// Makes an account a member, or changes as what. `NotFound`, `Invalid`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetMembership {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The account's id.
    pub account: AccountId,
    /// The role.
    pub role: Role,
    /// `ab_user.username`; the account's own name without.
    pub superset_username: Option<String>,
}

impl Operation for SetMembership {
    type Reply = Membership;
    const NAME: &'static str = "workspace.set_membership";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        members::set(manager, self).await
    }
}

/// Ends a membership and every grant and API token of the account in the workspace. `false`: it was none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMembership {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The account's id.
    pub account: AccountId,
}

impl Operation for RemoveMembership {
    type Reply = bool;
    const NAME: &'static str = "workspace.remove_membership";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        members::remove(manager, &self).await
    }
}

/// An account's workspaces, its own and by teams, by name. An administrator of the deployment who is no member gets none from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMemberships {
    /// The account's id.
    pub account: AccountId,
}

impl Operation for ListMemberships {
    type Reply = Vec<Membership>;
    const NAME: &'static str = "workspace.list_memberships";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        members::list_of_account(manager, &self.account).await
    }
}

/// A workspace's members, up to 10,000.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMembers {
    /// The workspace.
    pub workspace: WorkspaceSlug,
}

impl Operation for ListMembers {
    type Reply = Vec<Membership>;
    const NAME: &'static str = "workspace.list_members";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        members::list_of_workspace(manager, &self.workspace).await
    }
}

/// An account's place in a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindMember {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The account's id.
    pub account: AccountId,
}

impl Operation for FindMember {
    type Reply = Option<Membership>;
    const NAME: &'static str = "workspace.find_member";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::find_member(manager, &self).await
    }
}

/// A member with the account, and what it has in the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account: Account,
    /// Its place.
    pub membership: Membership,
    /// Its live grants in the workspace.
    pub grants: u64,
    /// Its live API tokens that are for the workspace alone.
    pub api_tokens: u64,
}

/// A part of the members that match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersPage {
    /// By name.
    pub members: Vec<Member>,
    /// How many match.
    pub total: u64,
    /// How many active people of the workspace are its administrators, whether they match or not.
    pub administrators: u64,
}

/// Lists a part of a workspace's members by display name and counts them. `Invalid`: more than 1,000 at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMembersPage {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// Those in whose name, address or display name the text stands, in any case.
    pub search: Option<String>,
    /// At most this many.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Operation for ListMembersPage {
    type Reply = MembersPage;
    const NAME: &'static str = "workspace.list_members_page";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        listing::list_page(manager, &self).await
    }
}
