use askama::Template;
use tidegate_types::{GrantId, Scope};

use crate::scopes::{self, ScopeOption};
use crate::{AdminLayout, Paging, Timestamp, UntrustedText, paging};

/// What is connected, sorted by the query's `sort`, narrowed by `search`, in parts by `page`. Forms: `POST /settings/apps/<grant>/narrow` with `scope`,
/// `POST /settings/apps/<grant>/disconnect`, `POST /settings/apps/disconnect` for all.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/apps.html")]
pub struct AppsPage {
    /// Frame.
    pub layout: AdminLayout,
    /// Those of this part of the list, in the order of `sort`.
    pub apps: Vec<ConnectedApp>,
    /// How many there are in all, found or not.
    pub count: usize,
    /// What the list is narrowed by: part of an app's or a workspace's name.
    pub search: String,
    /// Which part of the list this is.
    pub paging: Paging,
    /// What they are sorted by.
    pub sort: AppSort,
}

/// What connected apps are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AppSort {
    /// The name.
    Name,
    /// The last use, the latest first.
    Used,
    /// When they were connected, the latest first.
    #[default]
    Connected,
}

impl AppSort {
    /// Columns of the table, and what they sort by.
    const COLUMNS: [(Option<Self>, &'static str); 6] = [
        (Some(Self::Name), "App"),
        (None, "Workspace"),
        (None, "May"),
        (Some(Self::Used), "Last used"),
        (Some(Self::Connected), "Connected"),
        (None, "Expires"),
    ];

    /// In the page's query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Used => "used",
            Self::Connected => "connected",
        }
    }

    /// What a query asks for; the usual order for anything else.
    pub fn parse(text: &str) -> Self {
        [Self::Name, Self::Used, Self::Connected]
            .into_iter()
            .find(|sort| sort.as_str() == text)
            .unwrap_or_default()
    }

    const fn direction(self) -> &'static str {
        match self {
            Self::Name => "ascending",
            Self::Used | Self::Connected => "descending",
        }
    }

    const fn arrow(self) -> &'static str {
        match self {
            Self::Name => "↑",
            Self::Used | Self::Connected => "↓",
        }
    }
}

/// A connected app: one client, one workspace, one agreement.
#[derive(Debug, Clone)]
pub struct ConnectedApp {
    /// What forms name it by.
    pub id: GrantId,
    /// What it calls itself.
    pub client: UntrustedText,
    /// Where it comes from: "Verified domain", "Registered itself", …
    pub origin: &'static str,
    /// Where its answers go, or the host of its id.
    pub host: UntrustedText,
    /// In which workspace.
    pub workspace: UntrustedText,
    /// What it may do at the most.
    pub scope: Scope,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
    /// In 30 days.
    pub calls: u64,
    /// Whether it goes on while its person is away.
    pub is_offline: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl ConnectedApp {
    fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }

    fn calls(&self) -> String {
        paging::calls(self.calls)
    }

    /// What is narrower than what it may do.
    fn narrower(&self) -> Vec<ScopeOption> {
        let mut options = scopes::up_to(self.scope);
        options.pop();
        options
    }
}

impl AppsPage {
    /// Whether there are more than are seen at one look.
    fn has_search(&self) -> bool {
        self.count > Self::FEW || !self.search.is_empty()
    }

    /// So many need no search.
    const FEW: usize = 10;
}
