//! API tokens that were found already.

use std::sync::Arc;
use std::time::Duration;

use tidegate_oauth_types::{SecretHash, SecretKind};
use tokio::sync::Semaphore;

use super::OwnRefusal;
use crate::{ApiTokenFound, ApiTokens};

/// How long a token is known. What it may still do is asked on every use, so this only saves finding its id.
const FOUND: Duration = Duration::from_mins(1);

/// How long it is known that there is none: nobody has a secret before its token is made.
const NOT_FOUND: Duration = Duration::from_secs(10);

/// Secrets that are looked for at once. Anybody can make up new ones, and each costs a statement.
const MOST_AT_ONCE: usize = 32;

/// How long finding may take, waiting for others included.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct KnownApiTokens {
    source: Arc<dyn ApiTokens>,
    found: moka::sync::Cache<SecretHash, ApiTokenFound>,
    /// Apart, so that made-up secrets push out no real ones.
    not_found: moka::sync::Cache<SecretHash, ()>,
    looking: Semaphore,
}

impl KnownApiTokens {
    pub(super) fn new(source: Arc<dyn ApiTokens>, entries: u64) -> Self {
        let found = moka::sync::Cache::builder().max_capacity(entries);
        let not_found = moka::sync::Cache::builder().max_capacity(entries);
        Self {
            source,
            found: found.time_to_live(FOUND).build(),
            not_found: not_found.time_to_live(NOT_FOUND).build(),
            looking: Semaphore::new(MOST_AT_ONCE),
        }
    }

    /// The token of a presented secret. Its checksum is looked at first.
    ///
    /// # Errors
    /// It is none, or that cannot be told now.
    pub(super) async fn find(&self, secret: &str) -> Result<ApiTokenFound, OwnRefusal> {
        let hash = SecretHash::of_presented(SecretKind::ApiToken, secret)
            .map_err(|_| OwnRefusal::MalformedSecret)?;
        if let Some(found) = self.found.get(&hash) {
            return Ok(found);
        }
        if self.not_found.contains_key(&hash) {
            return Err(OwnRefusal::UnknownSecret);
        }
        let look = async {
            let _turn = self.looking.acquire().await.ok()?;
            self.source.find(&hash).await.ok()
        };
        let found = tokio::time::timeout(TIMEOUT, look).await;
        if let Some(found) = found.ok().flatten().ok_or(OwnRefusal::Unavailable)? {
            self.found.insert(hash, found.clone());
            Ok(found)
        } else {
            self.not_found.insert(hash, ());
            Err(OwnRefusal::UnknownSecret)
        }
    }
}
