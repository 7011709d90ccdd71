//! How long clients may keep what they are sent.

use std::time::Duration;

/// How long clients may keep lists and what they read (2026-07-28, `ttlMs`).
#[derive(Debug, Clone, Copy)]
pub struct ClientTtl {
    /// Lists and discovery.
    pub lists: Duration,
    /// `resources/read`.
    pub reads: Duration,
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
