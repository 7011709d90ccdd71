use askama::Template;
use tidegate_types::WorkspaceSlug;

use crate::{AdminLayout, UntrustedText};

use super::WorkspacePick;

/// Which apps are let in. Forms, all with `workspace` (empty: the whole deployment): `POST /admin/policy/unknown` with `to` ("allowed" or "need_approval");
/// `POST /admin/policy/rules` with `about` ("client" or "host"), `match`, `decision` ("approved", "blocked", "teams"), `teams`
/// (separated by commas or blanks); `POST /admin/policy/rules/remove` with `about`, `match`. What makes apps stop working
/// is done with `confirmed` ("yes") alone.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/policy.html")]
pub struct PolicyPage {
    /// Frame.
    pub layout: AdminLayout,
    /// What this person manages.
    pub picks: Vec<WorkspacePick>,
    /// What the page is about; the whole deployment without.
    pub workspace: Option<WorkspaceSlug>,
    /// Whether apps without a rule need an approval.
    pub needs_approval: bool,
    /// Rules.
    pub rules: Vec<PolicyLine>,
    /// Names of teams, to choose from.
    pub teams: Vec<UntrustedText>,
    /// What the form of a new rule holds.
    pub draft: PolicyDraft,
}

/// What the form of a new rule holds.
#[derive(Debug, Clone, Default)]
pub struct PolicyDraft {
    /// Whether it is about one client.
    pub is_client: bool,
    /// The host or the client's id.
    pub matches: String,
    /// "approved", "blocked" or "teams".
    pub decision: String,
    /// Teams.
    pub teams: String,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct PolicyLine {
    /// Whether it is about a host; about one client else.
    pub is_host: bool,
    /// The host or the client's id.
    pub matches: String,
    /// What the client calls itself, where that is known.
    pub name: Option<UntrustedText>,
    /// What is decided.
    pub decision: PolicyDecision,
}

/// What a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyDecision {
    /// It may be used.
    Approved,
    /// It may not.
    Blocked,
    /// By members of these teams.
    Teams(UntrustedText),
}

impl PolicyPage {
    fn workspace_value(&self) -> &str {
        self.workspace.as_ref().map_or("", WorkspaceSlug::as_str)
    }
}

impl PolicyLine {
    const fn about(&self) -> &'static str {
        if self.is_host { "host" } else { "client" }
    }

    fn shown(&self) -> UntrustedText {
        UntrustedText::bounded(&self.matches, 200)
    }

    /// What comes of its removal.
    fn removal(&self, needs_approval: bool) -> &'static str {
        match (&self.decision, needs_approval) {
            (PolicyDecision::Blocked, false) => {
                "People may connect it again. What was disconnected stays so."
            }
            (PolicyDecision::Blocked, true) => "It stays out until an administrator approves it.",
            (_, false) => "People decide about it themselves.",
            (_, true) => {
                "It is refused at once for everybody, since an administrator approves apps first."
            }
        }
    }
}
