use askama::Template;
use tidegate_types::{GrantId, Scope};

use crate::scopes::{self, ScopeOption};
use crate::{Desk, Foreign, Moment};

/// What is connected. Forms: `POST /settings/apps/<grant>/narrow` with `scope`, `POST /settings/apps/<grant>/disconnect`,
/// `POST /settings/apps/disconnect` for all.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/apps.html")]
pub struct AppsPage {
    /// Frame.
    pub desk: Desk,
    /// The newest first.
    pub apps: Vec<ConnectedApp>,
}

/// A connection: one client, one workspace, one agreement.
#[derive(Debug, Clone)]
pub struct ConnectedApp {
    /// What forms name it by.
    pub id: GrantId,
    /// What it calls itself.
    pub client: Foreign,
    /// Where it comes from: "Verified domain", "Registered itself", …
    pub origin: &'static str,
    /// Where its answers go, or the host of its id.
    pub host: Foreign,
    /// In which workspace.
    pub workspace: Foreign,
    /// What it may do at the most.
    pub scope: Scope,
    /// Since when.
    pub created_at: Moment,
    /// The last use.
    pub last_used_at: Option<Moment>,
    /// In 30 days.
    pub calls: u64,
    /// Whether it goes on while its person is away.
    pub is_offline: bool,
    /// When it ends.
    pub expires_at: Moment,
}

impl ConnectedApp {
    fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }

    /// What is narrower than what it may do.
    fn narrower(&self) -> Vec<ScopeOption> {
        let mut options = scopes::up_to(self.scope);
        options.pop();
        options
    }
}
