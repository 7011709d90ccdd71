use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, ClientId, ScopeSet, TokenId, UserId, WorkspaceSlug};

use crate::StoreError;

/// What validating a token's session came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Validation {
    /// The token speaks for this user, who was active.
    Valid {
        /// The user's id in the workspace.
        user: UserId,
        /// The user's name in the workspace.
        username: String,
        /// What the manager said, for tokens of our own.
        #[serde(default)]
        standing: Option<KnownGrantStatus>,
    },
    /// The token was revoked. Outlives any later `put`.
    Revoked,
}

/// What the manager said of a grant or API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownGrantStatus {
    /// Whose it is.
    pub account: AccountId,
    /// By which client.
    pub client: ClientId,
    /// What it may do in the workspace.
    pub scopes: ScopeSet,
    /// The place in the manager's change log that was known when the manager was asked: all changes up to it are
    /// in this.
    pub as_of: u64,
}

/// How often outcomes of a workspace were forgotten, in the adapter's own terms. Larger is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// What is remembered of a token, and the generation to [`put`](ValidationCache::put) a newer outcome with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The outcome, while it lives.
    pub outcome: Option<Validation>,
    /// The workspace's generation at that moment.
    pub generation: Generation,
}

/// How long a good outcome lives at the most, whatever `put` is told.
pub const MAX_VALIDATION_TTL: Duration = Duration::from_hours(24);

/// Outcomes of session validation, so that the manager and the metastore are asked once in 5 minutes and a
/// revocation holds on every node at once.
///
/// Whoever looks something up reads the generation before and hands it in after: what was forgotten meanwhile
/// does not come back.
///
/// Redis: string `tg:{<workspace>}:validation:<token id>`, expiring: the generation that it was put with, a space,
/// and JSON. String `tg:{<workspace>}:generation`, expiring after two days: the generation, a space, and the
/// oldest one whose outcomes still count; both 0 without.
#[async_trait::async_trait]
pub trait ValidationCache: Send + Sync {
    /// The outcome, and the workspace's generation.
    async fn get(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
    ) -> Result<Remembered, StoreError>;

    /// Keeps an outcome for `ttl` if nothing of the workspace was forgotten since `generation` was read. It never
    /// replaces [`Validation::Revoked`]. Returns what the token now comes to, kept or not.
    async fn put(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        outcome: Validation,
        generation: Generation,
        ttl: Duration,
    ) -> Result<Validation, StoreError>;

    /// Forgets a good outcome. A revocation stays.
    async fn forget(&self, workspace: &WorkspaceSlug, token: &TokenId) -> Result<(), StoreError>;

    /// Forgets all good outcomes of a workspace. Revocations stay.
    async fn forget_all(&self, workspace: &WorkspaceSlug) -> Result<(), StoreError>;

    /// Revokes the token for `ttl`, which must reach past its expiry.
    async fn revoke(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        ttl: Duration,
    ) -> Result<(), StoreError>;
}
