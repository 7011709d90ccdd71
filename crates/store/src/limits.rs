use std::time::Duration;

use tidegate_types::{AccountId, ClientId, UserId, WorkspaceSlug};

use crate::StoreError;

/// Where budgets lie: those of two planes never meet, whatever they are for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Plane {
    /// What members of a workspace do in it.
    Workspace(WorkspaceSlug),
    /// What people and clients do before a workspace is chosen.
    Control,
}

impl From<&WorkspaceSlug> for Plane {
    fn from(workspace: &WorkspaceSlug) -> Self {
        Self::Workspace(workspace.clone())
    }
}

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
    /// Everybody at an endpoint of the control plane.
    Everybody(LimitedEndpoint),
    /// One network at an endpoint, as [`tidegate_types::Peer::network`] names it.
    Address(LimitedEndpoint, String),
    /// One account at an endpoint.
    Account(LimitedEndpoint, AccountId),
    /// One OAuth client at an endpoint.
    ClientAt(LimitedEndpoint, ClientId),
}

/// What is asked of the control plane. Each has budgets of its own, so that nobody who floods one closes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitedEndpoint {
    /// Sign-in by password, or the return from a provider.
    SignIn,
    /// The authorization endpoint.
    Authorize,
    /// The token endpoint.
    Token,
    /// Registration of clients.
    Registration,
    /// Device authorization requests.
    Device,
    /// User codes that people enter (RFC 8628 §5.1).
    UserCode,
    /// Revocation and introspection.
    Inspection,
    /// Fetching a client's metadata document.
    ClientDocument,
    /// Everything else that pages and programs do.
    Page,
}

impl LimitedEndpoint {
    /// All endpoints.
    pub const ALL: [Self; 9] = [
        Self::SignIn,
        Self::Authorize,
        Self::Token,
        Self::Registration,
        Self::Device,
        Self::UserCode,
        Self::Inspection,
        Self::ClientDocument,
        Self::Page,
    ];

    /// A stable name for keys and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Registration => "registration",
            Self::Device => "device",
            Self::UserCode => "user-code",
            Self::Inspection => "inspection",
            Self::ClientDocument => "client-document",
            Self::Page => "page",
        }
    }
}

/// How many calls are allowed: a bucket of `burst` that refills evenly (GCRA).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The owner of the budget.
    pub scope: LimitScope,
    /// Calls a minute in the long run, at least 1.
    pub per_minute: u32,
    /// Calls at once, at least 1.
    pub burst: u32,
}

impl Budget {
    /// Microseconds in which one call refills: `60 s / per_minute`, rounded down, at least 1.
    pub fn interval_micros(&self) -> i64 {
        (60_000_000 / i64::from(self.per_minute.max(1))).max(1)
    }

    /// Microseconds in which an empty bucket fills, at most ten years, so that an adapter may count
    /// in 64-bit floating point (exact to 2^53).
    pub fn window_micros(&self) -> i64 {
        const TEN_YEARS: i64 = 10 * 366 * 86_400 * 1_000_000;
        (self.interval_micros() * i64::from(self.burst.max(1))).min(TEN_YEARS)
    }
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
        /// When the call would be within all its budgets.
        retry_after: Duration,
    },
}

/// Rate limits over all nodes.
///
/// Redis: one script over strings `tg:{<workspace>}:limit:<scope>`, each the theoretical arrival time
/// of the next call in microseconds by Redis' own clock, expiring when the bucket is full again. In the place of the
/// workspace, the control plane has `~`, which cannot be one.
#[async_trait::async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one call from every budget, or from none. A scope stands at most once in `budgets`.
    async fn check(&self, plane: &Plane, budgets: &[Budget]) -> Result<Verdict, StoreError>;
}
