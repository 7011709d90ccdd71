//! After the call: giving its answer to those who wait for it, and keeping it.

use std::time::Duration;

use bytes::Bytes;
use tidegate_store::CacheKey;

use super::single_flight::{Computed, Lead};
use crate::service::Core;

/// Where an answer goes that is computed now.
pub(super) struct Keeping {
    pub(super) lead: Lead,
    pub(super) key: CacheKey,
    pub(super) ttl: Duration,
}

impl Keeping {
    /// Gives it to those who wait, and keeps it if it may be kept.
    pub(super) async fn end(self, core: &Core, computed: &Computed) {
        self.lead.finish(computed);
        if let Ok(produced) = &**computed
            && produced.may_be_kept
            && self.lead.is_newest()
        {
            write(core, &self.key, produced.result.clone(), self.ttl).await;
        }
    }
}

/// Keeps an answer, unless it is too large.
async fn write(core: &Core, key: &CacheKey, answer: Bytes, ttl: Duration) {
    let max = core
        .settings
        .cache
        .as_ref()
        .map_or(0, |cache| cache.max_item_size_bytes);
    if answer.len() > max {
        return;
    }
    if let Err(err) = core.state.cache.put(key, answer, ttl).await {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "the response cache cannot be written"
        );
    }
}
