//! Tokens that were verified already.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use crate::VerifiedToken;

/// The most that a verified token is believed without a new look at keys and claims.
const LIFE: Duration = Duration::from_mins(5);

/// Verified tokens by SHA-256, bounded. Tokens themselves are not kept.
#[derive(Debug)]
pub(crate) struct TokenCache {
    entries: moka::sync::Cache<[u8; 32], Remembered>,
}

#[derive(Debug, Clone)]
struct Remembered {
    token: Arc<VerifiedToken>,
    generation: u64,
    until_unix_secs: i64,
}

impl TokenCache {
    pub(crate) fn new(most: u64) -> Self {
        let entries = moka::sync::Cache::builder()
            .max_capacity(most)
            .time_to_live(LIFE)
            .build();
        Self { entries }
    }

    /// The token, if it was verified by keys of this generation.
    pub(crate) fn get(
        &self,
        digest: &[u8; 32],
        generation: u64,
        now_unix_secs: i64,
    ) -> Option<Arc<VerifiedToken>> {
        let found = self.entries.get(digest)?;
        let is_good = generation == found.generation && now_unix_secs < found.until_unix_secs;
        is_good.then_some(found.token)
    }

    /// Remembers the token until it expires, and for five minutes at most.
    pub(crate) fn put(
        &self,
        digest: [u8; 32],
        generation: u64,
        token: Arc<VerifiedToken>,
        now_unix_secs: i64,
    ) {
        let most = now_unix_secs.saturating_add(LIFE.as_secs().cast_signed());
        let until_unix_secs = token.expires_at_unix_secs.map_or(most, |exp| exp.min(most));
        self.entries.insert(
            digest,
            Remembered {
                token,
                generation,
                until_unix_secs,
            },
        );
    }
}

/// What a token is known by.
pub(crate) fn digest_of(token: &str) -> [u8; 32] {
    let hash = digest(&SHA256, token.as_bytes());
    hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

pub(crate) fn hex_of(digest: &[u8; 32]) -> String {
    use std::fmt::Write;
    digest
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes every write");
            hex
        })
}
