use askama::Template;
use tidegate_types::WorkspaceSlug;

use crate::{AdminLayout, Timestamp, UntrustedText};

/// Password and sign-out. Forms: `POST /settings/account/sign-out-everywhere` with `apps` ("yes" or absent);
/// `POST /settings/account/join` with `workspace` and `superset_username`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/account.html")]
pub struct AccountPage {
    /// Frame.
    pub layout: AdminLayout,
    /// Address, and whether it is known to be theirs.
    pub email: Option<(UntrustedText, bool)>,
    /// Whether there is a password here.
    pub has_password: bool,
    /// Since when this browser is signed in.
    pub signed_in_at: Timestamp,
    /// Workspaces, with the role.
    pub memberships: Vec<(UntrustedText, &'static str)>,
    /// Workspaces that this person may join by themselves, since they manage the deployment.
    pub joinable: Vec<(WorkspaceSlug, UntrustedText)>,
}
