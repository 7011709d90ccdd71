use askama::Template;
use tidegate_types::{ClientId, Role, Scope, ScopeSet, WorkspaceSlug};

use crate::scopes;
use crate::{AdminLayout, Span, Timestamp, UntrustedText};

use super::SecretLine;

/// One's own machine clients. Forms: `POST /settings/machines` with `name`, `workspace`, `acts_as` ("service" or "me"),
/// `role` and `superset_username` (service accounts), `scope`, `proof` ("secret" or "key"), `jwks` (for "key"); `POST /settings/machines/<id>/secret` with
/// `overlap`; `POST /settings/machines/<id>/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/machines.html")]
pub struct MachinesPage {
    /// Frame.
    pub layout: AdminLayout,
    /// The newest first.
    pub machines: Vec<MachineClient>,
    /// How many clients of both kinds there may be, and are.
    pub most: usize,
    /// How many clients there are, machines and others.
    pub count: usize,
    /// Where one may be made.
    pub workspaces: Vec<MachineWorkspace>,
    /// How long an access token is good.
    pub access: Span,
    /// Scopes to choose from: those that some tool needs.
    pub offered: ScopeSet,
    /// What the form holds.
    pub draft: MachineDraft,
}

/// What the form of a new machine client holds.
#[derive(Debug, Clone)]
pub struct MachineDraft {
    /// Name.
    pub name: String,
    /// The workspace.
    pub workspace: String,
    /// The most that it may do.
    pub scope: Scope,
    /// Whether it acts as whoever makes it.
    pub is_me: bool,
    /// Role of its service account.
    pub role: Role,
    /// As whom in Superset.
    pub superset_username: String,
    /// Whether it signs by a key.
    pub is_key: bool,
    /// Its public keys.
    pub jwks: String,
}

impl Default for MachineDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            workspace: String::new(),
            scope: Scope::Read,
            is_me: false,
            role: Role::Viewer,
            superset_username: String::new(),
            is_key: false,
            jwks: String::new(),
        }
    }
}

/// A machine client.
#[derive(Debug, Clone)]
pub struct MachineClient {
    /// Its id.
    pub id: ClientId,
    /// What it is called.
    pub name: UntrustedText,
    /// As whom: the service account's name; `None` as its owner.
    pub service_account: Option<UntrustedText>,
    /// In which workspace.
    pub workspace: UntrustedText,
    /// What it may do at the most.
    pub scope: Scope,
    /// Its live secrets; none where it signs assertions.
    pub secrets: Vec<SecretLine>,
    /// Whether it signs assertions.
    pub signs: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
}

impl MachineClient {
    fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }
}

/// A workspace where a machine may be made.
#[derive(Debug, Clone)]
pub struct MachineWorkspace {
    /// What the form sends.
    pub slug: WorkspaceSlug,
    /// What it is called.
    pub title: UntrustedText,
    /// Whether service accounts may be made there by this person: they manage it.
    pub may_make_service_accounts: bool,
}

impl MachinesPage {
    fn may_make_service_accounts(&self) -> bool {
        self.workspaces
            .iter()
            .any(|workspace| workspace.may_make_service_accounts)
    }
}
