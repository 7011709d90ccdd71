use std::time::Duration;

use tidegate_types::{UserId, WorkspaceSlug};

use crate::StoreError;

/// What a budget is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LimitScope {
    /// The whole workspace.
    Tenant,
    /// One user.
    User(UserId),
    /// One OAuth client, by its id.
    Client(String),
    /// One tool for one user.
    Tool(UserId, String),
}

/// How many calls are allowed: a bucket of `burst` that refills evenly (GCRA).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Whose budget.
    pub scope: LimitScope,
    /// Calls a minute in the long run, at least 1.
    pub per_minute: u32,
    /// Calls at once, at least 1.
    pub burst: u32,
}

/// Whether a call is within its budgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All budgets had room, and one call was taken from each.
    Allowed,
    /// One had none; nothing was taken from any.
    Limited {
        /// The first budget without room, in the order given.
        scope: LimitScope,
        /// When a call would be allowed again.
        retry_after: Duration,
    },
}

/// Rate limits over all nodes.
///
/// Redis: one script over strings `tg:{<workspace>}:limit:<scope>`, each the theoretical arrival time
/// of the next call in microseconds by Redis' own clock, expiring when the bucket is full again.
#[async_trait::async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one call from every budget, or from none.
    async fn check(&self, workspace: &WorkspaceSlug, budgets: &[Budget]) -> Result<Verdict, StoreError>;
}
