//! Groups of people that join workspaces together.

mod teams;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its name, unique.
    pub name: String,
    /// Its members.
    pub members: Vec<AccountId>,
    /// The workspaces it opens, and as what.
    pub workspaces: Vec<(WorkspaceSlug, Role)>,
    /// When it was made.
    pub created_at: UnixSecs,
}

/// Makes a team. `Invalid`, `Conflict`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateTeam {
    /// 1 to 64 of a-z, 0-9, - and _.
    pub name: String,
}

impl Operation for CreateTeam {
    type Reply = Team;
    const NAME: &'static str = "team.create";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        teams::create(manager, &self.name).await
    }
}

/// All teams by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTeams {}

impl Operation for ListTeams {
    type Reply = Vec<Team>;
    const NAME: &'static str = "team.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        teams::list(manager).await
    }
}

/// Removes a team and what it gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveTeam {
    /// The team's name.
    pub name: String,
}

impl Operation for RemoveTeam {
    type Reply = bool;
    const NAME: &'static str = "team.remove";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        teams::remove(manager, &self.name).await
    }
}

/// Puts an account into a team or takes it out. `NotFound`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetTeamMember {
    /// The team.
    pub team: String,
    /// The account's id.
    pub account: AccountId,
    /// In or out.
    pub is_member: bool,
}

impl Operation for SetTeamMember {
    type Reply = ();
    const NAME: &'static str = "team.set_member";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        teams::set_member(manager, self).await
    }
}

/// Lets a team into a workspace, or out of it. `NotFound`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetTeamWorkspace {
    /// The team.
    pub team: String,
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// As what; `None` takes it out.
    pub role: Option<Role>,
}

impl Operation for SetTeamWorkspace {
    type Reply = ();
    const NAME: &'static str = "team.set_workspace";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        teams::set_workspace(manager, self).await
    }
}
