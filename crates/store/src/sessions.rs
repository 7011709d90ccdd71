use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_types::{SessionId, UserId, WorkspaceSlug};

use crate::{SessionKey, StoreError};

/// What a legacy session is, as any node must know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// The negotiated protocol revision, such as `2025-11-25`.
    pub protocol_version: String,
    /// `capabilities` of the client's `initialize`, as JSON text of at most 16 KiB.
    pub client_capabilities: String,
    /// `clientInfo` of the client's `initialize`, as JSON text of at most 4 KiB.
    pub client_info: String,
    /// When the session began, in seconds since the Unix epoch.
    pub created_unix_secs: i64,
    /// The level that `logging/setLevel` chose.
    pub log_level: Option<String>,
    /// URIs of `resources/subscribe`, at most [`SessionRecord::MAX_SUBSCRIPTIONS`].
    pub subscriptions: BTreeSet<String>,
}

impl SessionRecord {
    /// How many resources one session may subscribe to.
    pub const MAX_SUBSCRIPTIONS: usize = 100;

    /// How long a subscription's URI may be.
    pub const MAX_URI_BYTES: usize = 2_048;
}

/// One change to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChange {
    /// `logging/setLevel`.
    SetLogLevel(String),
    /// `resources/subscribe`.
    Subscribe(String),
    /// `resources/unsubscribe`.
    Unsubscribe(String),
}

/// How long sessions live and how many a user may have.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// A session that is not touched for so long is gone.
    pub idle: Duration,
    /// A user's further session ends the one that was not used for longest.
    pub per_user: usize,
}

/// Legacy MCP sessions (revisions 2025-03-26 to 2025-11-25).
///
/// Redis: hash `tg:{<workspace>}:session:<user>:<session>`, expiring when idle; sorted set
/// `tg:{<workspace>}:sessions:<user>` by last use, for the limit per user.
#[async_trait::async_trait]
pub trait SessionStore: Send + Sync {
    /// Opens a session, ending the user's coldest ones above the limit. Returns those that it ended,
    /// coldest first.
    async fn create(
        &self,
        key: &SessionKey,
        record: &SessionRecord,
        limits: SessionLimits,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Returns the session and makes it the user's warmest, or `None` when it is unknown, ended or expired.
    async fn touch(
        &self,
        key: &SessionKey,
        idle: Duration,
    ) -> Result<Option<SessionRecord>, StoreError>;

    /// Applies one change atomically. It does not count as use of the session. `false`: the session is gone,
    /// or a subscription would be one too many or too long.
    async fn change(&self, key: &SessionKey, change: SessionChange) -> Result<bool, StoreError>;

    /// Ends the session. `false` when there was none.
    async fn end(&self, key: &SessionKey) -> Result<bool, StoreError>;

    /// The user's live sessions, coldest first.
    async fn of_user(
        &self,
        workspace: &WorkspaceSlug,
        user: UserId,
    ) -> Result<Vec<SessionId>, StoreError>;
}
