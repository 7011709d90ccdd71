use askama::Template;
use tidegate_types::{AccountId, Role, WorkspaceSlug};

use crate::paging::grouped;
use crate::{AdminLayout, ApiTokenLine, Paging, Timestamp, UntrustedText, scopes};

use super::WorkspacePick;

/// Who belongs to a workspace. Its search is GET with `workspace`, `search`, `page`. Forms, all with `workspace`: `POST /admin/members`
/// with `username`, `role`, `superset_username`; `POST /admin/members/<account>/role` with `role`;
/// `POST /admin/members/<account>/remove`; `POST /admin/invitations` with `email`, `role`; `POST /admin/invitations/<id>/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/members.html")]
pub struct MembersPage {
    /// Frame.
    pub layout: AdminLayout,
    /// Workspaces that this person manages.
    pub picks: Vec<WorkspacePick>,
    /// The one that the page is about; `None` when there is none.
    pub workspace: Option<WorkspaceSlug>,
    /// What the list is narrowed by.
    pub search: String,
    /// Those of this part of the list, by name.
    pub members: Vec<MemberLine>,
    /// Which part that is.
    pub paging: Paging,
    /// Those that were not accepted yet.
    pub invitations: Vec<InvitationLine>,
    /// The link of an invitation that was just made.
    pub new_link: Option<(UntrustedText, String)>,
    /// What the form of a new invitation holds.
    pub invite: InviteDraft,
    /// What the form of a new member holds.
    pub new_member: NewMemberDraft,
    /// Whether this person may add accounts without asking them, and say as whom they act: they manage the deployment.
    pub can_add: bool,
}

/// What was typed for an invitation.
#[derive(Debug, Clone)]
pub struct InviteDraft {
    /// The address of the invited person.
    pub email: String,
    /// The role.
    pub role: Role,
}

/// What was typed for a new member.
#[derive(Debug, Clone)]
pub struct NewMemberDraft {
    /// The name of the account.
    pub username: String,
    /// The role.
    pub role: Role,
    /// As whom in Superset.
    pub superset_username: String,
    /// Whether it was refused, so that the form is open.
    pub is_open: bool,
}

/// A member.
#[derive(Debug, Clone)]
pub struct MemberLine {
    /// What forms name them by.
    pub id: AccountId,
    /// What they sign in with.
    pub username: UntrustedText,
    /// What they are called.
    pub display_name: UntrustedText,
    /// The role.
    pub role: Role,
    /// The user of Superset that they act as.
    pub superset_username: UntrustedText,
    /// Whether it is whoever looks at the page.
    pub is_self: bool,
    /// Whether they manage the deployment.
    pub is_administrator: bool,
    /// Whether nobody else manages this workspace by their own role.
    pub is_last_administrator: bool,
    /// Whether the place comes from a team.
    pub is_by_team: bool,
    /// Whether it is a machine.
    pub is_service: bool,
    /// Whether they may do anything.
    pub is_active: bool,
    /// The last sign-in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Their connected apps in this workspace.
    pub connections: u64,
    /// Their API tokens for this workspace alone.
    pub api_tokens: u64,
}

impl MemberLine {
    /// "3 apps, 1 token", what they have in this workspace.
    fn apps(&self) -> String {
        many(self.connections, "app")
    }

    fn tokens(&self) -> String {
        many(self.api_tokens, "token")
    }

    /// What ends with their place.
    fn ends(&self) -> String {
        let whose = if self.is_self { "Your" } else { "Their" };
        let has = [
            (self.connections, "connected app"),
            (self.api_tokens, "API token"),
        ];
        let lost: Vec<String> = has
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| many(*number, noun))
            .collect();
        if lost.is_empty() {
            return format!("{whose} apps and API tokens can do nothing here any more.");
        }
        let is_one = self.connections + self.api_tokens == 1;
        let verb = if is_one { "ends" } else { "end" };
        format!(
            "{whose} {} in this workspace {verb} at once.",
            lost.join(" and ")
        )
    }
}

/// A member's API tokens, which whoever manages the workspace may end. Form: `POST /admin/members/<account>/tokens/<id>/end` with
/// `workspace`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/member_tokens.html")]
pub struct MemberTokensPage {
    /// Frame.
    pub layout: AdminLayout,
    /// The workspace that the page is about.
    pub workspace: WorkspaceSlug,
    /// What it is called.
    pub workspace_title: UntrustedText,
    /// The owner of the tokens.
    pub account: AccountId,
    /// What they are called.
    pub display_name: UntrustedText,
    /// The newest first: those for this workspace alone, and for whoever manages the deployment those for any.
    pub tokens: Vec<ApiTokenLine>,
    /// Whether those for any workspace are among them.
    pub has_all: bool,
}

fn many(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// An invitation.
#[derive(Debug, Clone)]
pub struct InvitationLine {
    /// What forms name it by.
    pub id: String,
    /// The address of the invited person.
    pub email: UntrustedText,
    /// The role.
    pub role: Role,
    /// The time of expiry.
    pub expires_at: Timestamp,
}

impl InvitationLine {
    fn role(&self) -> &'static str {
        scopes::role(self.role)
    }
}
