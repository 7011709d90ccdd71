use askama::Template;
use tidegate_types::{GrantId, Scope, ScopeSet, WorkspaceSlug};

use crate::scopes;
use crate::{AdminLayout, Timestamp, UntrustedText};

/// API tokens. Forms: `POST /settings/tokens` with `name`, `scope`, `workspace` (slug, or empty for any), `days` (7, 30,
/// 90, 365, or 0 for never); `POST /settings/tokens/<id>/end`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/tokens.html")]
pub struct TokensPage {
    /// Frame.
    pub layout: AdminLayout,
    /// The newest first.
    pub tokens: Vec<ApiTokenLine>,
    /// How many there may be.
    pub most: usize,
    /// Where one may be for.
    pub workspaces: Vec<(WorkspaceSlug, UntrustedText)>,
    /// Scopes to choose from: those that some tool needs.
    pub offered: ScopeSet,
    /// What the form holds.
    pub draft: TokenDraft,
}

/// What the form of a new token holds.
#[derive(Debug, Clone)]
pub struct TokenDraft {
    /// What it is to be called.
    pub name: String,
    /// The most that it may do.
    pub scope: Scope,
    /// The workspace that it is for; any without.
    pub workspace: String,
    /// How long it is good.
    pub days: u32,
}

impl Default for TokenDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            scope: Scope::Read,
            workspace: String::new(),
            days: 30,
        }
    }
}

/// A token.
#[derive(Debug, Clone)]
pub struct ApiTokenLine {
    /// What forms name it by.
    pub id: GrantId,
    /// What it is called.
    pub name: UntrustedText,
    /// What it may do at the most.
    pub scope: Scope,
    /// The one workspace that it is for.
    pub workspace: Option<UntrustedText>,
    /// The last characters of the secret.
    pub hint: UntrustedText,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether that is past.
    pub is_expired: bool,
    /// The last use.
    pub last_used_at: Option<Timestamp>,
    /// The address of the last use.
    pub last_used_from: Option<UntrustedText>,
}

impl ApiTokenLine {
    pub(crate) fn may(&self) -> &'static str {
        scopes::words(self.scope).title
    }
}

impl TokensPage {
    /// Days that a token may live, with words.
    pub const EXPIRIES: [(u32, &'static str); 5] = [
        (7, "7 days"),
        (30, "30 days"),
        (90, "90 days"),
        (365, "1 year"),
        (0, "Never"),
    ];
}
