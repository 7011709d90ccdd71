use tidegate_types::{SessionId, UserId, WorkspaceSlug};

use crate::StreamId;

/// A legacy session of one user in one workspace. Looking up another user's session id finds nothing,
/// since the user is part of the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SessionKey {
    /// The tenant.
    pub workspace: WorkspaceSlug,
    /// The owner of the session.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

/// One SSE stream of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct StreamKey {
    /// The session that the stream belongs to.
    pub session: SessionKey,
    /// The stream within it.
    pub stream: StreamId,
}
