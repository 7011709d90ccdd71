use askama::Template;
use tidegate_types::{ClientId, GrantId, Scope, WorkspaceSlug};

use crate::{AdminLayout, Paging, Timestamp, UntrustedText, paging, scopes};

use super::WorkspacePick;

/// Everybody's connected apps. Its search is GET with `workspace`, `search`, `client`, `page`. Forms:
/// `POST /admin/connections/<grant>/end`; `POST /admin/connections/end` with `client`, for all of a client. Both with `workspace`
/// (empty: the whole deployment).
#[derive(Debug, Clone, Template)]
#[template(path = "admin/connections.html")]
pub struct ConnectionsPage {
    /// Frame.
    pub layout: AdminLayout,
    /// What this person manages.
    pub picks: Vec<WorkspacePick>,
    /// What the page is about; the whole deployment without.
    pub workspace: Option<WorkspaceSlug>,
    /// What the list is narrowed by: part of a person's or an app's name.
    pub search: String,
    /// Only of this client. Its name, where it has something to do with what the page is about.
    pub client: Option<(ClientId, UntrustedText)>,
    /// Those of this part of the list, the newest first.
    pub connections: Vec<ConnectionLine>,
    /// Which part that is.
    pub paging: Paging,
}

/// A connected app of somebody.
#[derive(Debug, Clone)]
pub struct ConnectionLine {
    /// What forms name it by.
    pub id: GrantId,
    /// By which client.
    pub client_id: ClientId,
    /// What it calls itself.
    pub client: UntrustedText,
    /// Where it comes from.
    pub origin: &'static str,
    /// The host that its answers go to.
    pub host: UntrustedText,
    /// The person who agreed to it.
    pub username: UntrustedText,
    /// The workspace.
    pub workspace: UntrustedText,
    /// What it may do at the most.
    pub scope: Scope,
    /// Whether it goes on while the person is away.
    pub is_offline: bool,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
    /// In 30 days.
    pub calls: u64,
}

impl ConnectionLine {
    fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }

    fn calls(&self) -> String {
        paging::calls(self.calls)
    }
}

impl ConnectionsPage {
    fn workspace_value(&self) -> &str {
        self.workspace.as_ref().map_or("", WorkspaceSlug::as_str)
    }
}
