use std::time::Duration;

use bytes::Bytes;
use tidegate_types::WorkspaceSlug;

use crate::StoreError;

/// Names a finished answer. The digest covers the rights of who asked, the permission epoch, the tool
/// and its canonical arguments, so that two principals share an answer only when it is the same for both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The tenant.
    pub workspace: WorkspaceSlug,
    /// SHA-256 over everything else that the answer depends on.
    pub digest: [u8; 32],
}

/// A larger answer is not kept.
pub const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Finished answers, by what they depend on.
///
/// Redis: string `tg:{<workspace>}:cache:<digest hex>`, expiring.
#[async_trait::async_trait]
pub trait ResponseCache: Send + Sync {
    /// The answer, while it lives.
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>, StoreError>;

    /// Keeps the answer for `ttl`, unless it has more than [`MAX_ANSWER_BYTES`].
    async fn put(&self, key: &CacheKey, answer: Bytes, ttl: Duration) -> Result<(), StoreError>;
}
