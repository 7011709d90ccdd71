//! Administration of a workspace or of the deployment.

mod accounts;
mod audit;
mod connections;
mod flags;
mod members;
mod policy;

pub use accounts::{AccountLine, AccountsPage};
pub use audit::{ActionOption, AuditFields, AuditLine, AuditPage};
pub use connections::{ConnectionLine, ConnectionsPage};
pub use flags::{
    FlagLine, FlagOrigin, FlagState, FlagsPage, PercentageDraft, RuleLine, RuleSetting,
};
pub use members::{
    InvitationLine, InviteDraft, MemberLine, MemberTokensPage, MembersPage, NewMemberDraft,
};
pub use policy::{PolicyDecision, PolicyDraft, PolicyLine, PolicyPage};

use tidegate_types::WorkspaceSlug;

use crate::UntrustedText;

/// A workspace to choose at the top of a page.
#[derive(Debug, Clone)]
pub struct WorkspacePick {
    /// `None`: the whole deployment.
    pub slug: Option<WorkspaceSlug>,
    /// What it is called.
    pub title: UntrustedText,
    /// Whether the page is about it.
    pub is_here: bool,
}

impl WorkspacePick {
    pub(crate) fn value(&self) -> &str {
        self.slug.as_ref().map_or("", WorkspaceSlug::as_str)
    }
}
