use askama::Template;
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use crate::{Desk, Foreign, Moment, scopes};

use super::WorkspacePick;

/// Who belongs to a workspace. Forms, all with `workspace`: `POST /admin/members` with `username`, `role`, `superset_username`;
/// `POST /admin/members/<account>/role` with `role`; `POST /admin/members/<account>/remove`; `POST /admin/invitations` with `email`,
/// `role`; `POST /admin/invitations/<id>/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/members.html")]
pub struct MembersPage {
    /// Frame.
    pub desk: Desk,
    /// Workspaces that this person manages.
    pub picks: Vec<WorkspacePick>,
    /// The one that the page is about; `None` when there is none.
    pub workspace: Option<WorkspaceSlug>,
    /// By name.
    pub members: Vec<MemberLine>,
    /// Those that were not accepted yet.
    pub invitations: Vec<InvitationLine>,
    /// The link of an invitation that was just made.
    pub new_link: Option<(Foreign, String)>,
    /// Whether this person may add accounts without asking them, and say as whom they act: they manage the deployment.
    pub can_add: bool,
}

/// A member.
#[derive(Debug, Clone)]
pub struct MemberLine {
    /// What forms name them by.
    pub id: AccountId,
    /// What they sign in with.
    pub username: Foreign,
    /// What they are called.
    pub display_name: Foreign,
    /// As what.
    pub role: Role,
    /// The user of Superset that they act as.
    pub superset_username: Foreign,
    /// Whether the place comes from a team.
    pub is_by_team: bool,
    /// Whether it is a machine.
    pub is_service: bool,
    /// Whether they may do anything.
    pub is_active: bool,
    /// The last sign-in.
    pub last_sign_in_at: Option<Moment>,
}

/// An invitation.
#[derive(Debug, Clone)]
pub struct InvitationLine {
    /// What forms name it by.
    pub id: String,
    /// For whom.
    pub email: Foreign,
    /// As what.
    pub role: Role,
    /// Until when.
    pub expires_at: Moment,
}

impl InvitationLine {
    fn role(&self) -> &'static str {
        scopes::role(self.role)
    }
}
