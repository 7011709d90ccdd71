//! The keys of this deployment, as this node knows them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tidegate_oauth_types::VerificationKeys;
use tidegate_types::Clock;
use tokio::sync::Mutex;

use super::OwnRefusal;
use crate::OwnKeys;

/// Keys are read again after so long, whether anybody said that they changed or not.
const TTL: Duration = Duration::from_mins(5);

/// While they cannot be read, they are used so long after their reading.
const STALE: Duration = Duration::from_hours(1);

/// Shortest time between two readings, whatever key ids tokens name.
const MIN_REFETCH: Duration = Duration::from_secs(1);

/// How long reading may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Keys by id, read when they are needed and too old, when a token names a new one, and when they were told to have
/// changed.
///
/// One reading serves all who wait. Keys that were told to have changed are not used any more, since the change may
/// have been that one was taken out; others are used for a while when they cannot be read.
#[derive(Debug)]
pub(super) struct KeyRing {
    source: Arc<dyn OwnKeys>,
    clock: Arc<dyn Clock>,
    known: ArcSwapOption<Ring>,
    /// Held while reading.
    reading: Arc<Mutex<()>>,
    /// Unix milliseconds of the last attempt; `i64::MIN` before the first.
    attempted_at: AtomicI64,
    /// How often the keys were told to have changed.
    changes: AtomicU64,
}

/// Keys as they were read at one time.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) keys: VerificationKeys,
    /// Which changes are in it: what was verified under another generation is verified again.
    pub(super) generation: u64,
    read_at: i64,
}

impl KeyRing {
    pub(super) fn new(source: Arc<dyn OwnKeys>, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            known: ArcSwapOption::empty(),
            reading: Arc::default(),
            attempted_at: AtomicI64::new(i64::MIN),
            changes: AtomicU64::new(0),
        }
    }

    /// The keys changed: those that are known are not to be used any more.
    pub(super) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        // Whoever told us may do so at any time, and what is known now is of no use.
        self.attempted_at.store(i64::MIN, Ordering::Release);
    }

    /// The generation of the keys, if they need not be read again.
    pub(super) fn generation(&self) -> Option<u64> {
        self.usable(TTL).map(|ring| ring.generation)
    }

    /// Keys that are fit to check this token with. It may still name one that is not among them.
    ///
    /// # Errors
    /// `Unavailable`: there are none, and they cannot be read now.
    pub(super) async fn for_token(&self, token: &str) -> Result<Arc<Ring>, OwnRefusal> {
        let young = self.usable(TTL);
        let named = VerificationKeys::named_key(token);
        let knows = |ring: &Arc<Ring>| named.as_ref().is_none_or(|kid| ring.keys.contains(kid));
        if let Some(ring) = young.as_ref().filter(|ring| knows(ring)) {
            return Ok(Arc::clone(ring));
        }
        // A key that is not known is read for; a ring that is merely old goes on until the new one is there.
        let old = self.usable(TTL + STALE);
        let reading = match (self.reading.try_lock(), &old) {
            (Ok(lock), _) => lock,
            (Err(_), Some(ring)) if knows(ring) => return Ok(Arc::clone(ring)),
            (Err(_), _) => self.reading.lock().await,
        };
        // Keys may change while they are read, but not for ever.
        for _ in 0..3 {
            if let Some(ring) = self.usable(TTL).filter(|ring| knows(ring)) {
                return Ok(ring);
            }
            let now = self.clock.unix_millis();
            let last = self.attempted_at.load(Ordering::Acquire);
            if now.saturating_sub(last) < millis(MIN_REFETCH) {
                break;
            }
            self.attempted_at.store(now, Ordering::Release);
            self.read().await;
        }
        drop(reading);
        self.usable(TTL + STALE).ok_or(OwnRefusal::Unavailable)
    }

    async fn read(&self) {
        let generation = self.changes.load(Ordering::Acquire);
        let read_at = self.clock.unix_millis();
        match tokio::time::timeout(TIMEOUT, self.source.public_jwks()).await {
            Ok(Ok(jwks)) => self.known.store(Some(Arc::new(Ring {
                keys: VerificationKeys::from_jwks(&jwks),
                generation,
                read_at,
            }))),
            Ok(Err(err)) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "could not read our own keys"
                );
            }
            Err(_) => tracing::warn!("could not read this server's signing keys in time"),
        }
    }

    /// What is known, if it is no older than `age` and nobody said that it changed.
    fn usable(&self, age: Duration) -> Option<Arc<Ring>> {
        let now = self.clock.unix_millis();
        let changes = self.changes.load(Ordering::Acquire);
        self.known.load_full().filter(|ring| {
            ring.generation == changes && now.saturating_sub(ring.read_at) < millis(age)
        })
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
