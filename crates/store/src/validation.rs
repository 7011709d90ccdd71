use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_types::{TokenId, UserId, WorkspaceSlug};

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
    },
    /// The token was revoked. Outlives any later `put`.
    Revoked,
}

/// Outcomes of session validation, so that the metastore is asked once in 5 minutes and a revocation
/// holds on every node at once.
///
/// Redis: string `tg:{<workspace>}:validation:<token id>`, JSON, expiring.
#[async_trait::async_trait]
pub trait ValidationCache: Send + Sync {
    /// The outcome, while it lives.
    async fn get(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
    ) -> Result<Option<Validation>, StoreError>;

    /// Keeps an outcome for `ttl`. It never replaces [`Validation::Revoked`]; returns what now stands.
    async fn put(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        outcome: Validation,
        ttl: Duration,
    ) -> Result<Validation, StoreError>;

    /// Revokes the token for `ttl`, which must reach past its expiry.
    async fn revoke(
        &self,
        workspace: &WorkspaceSlug,
        token: &TokenId,
        ttl: Duration,
    ) -> Result<(), StoreError>;
}
