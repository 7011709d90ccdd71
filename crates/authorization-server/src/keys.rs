//! The keys that access tokens are signed with: the manager's, remembered for a minute and renewed ahead of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate_control_plane::signing_key::{AddSigningKey, ListSigningKeys, SigningKey};
use tidegate_control_plane::{Manager, UnixSecs};
use tidegate_oauth_types::{Algorithm, Signer, VerificationKeys};
use tidegate_types::Clock;
use tokio::sync::Mutex;

use crate::Rules;
use crate::denied::{Denied, UnavailableDenial};

/// How long keys are remembered. Changes are told at once by [`KeyRing::forget`]; this is for when that is missed.
const FRESH: Duration = Duration::from_mins(1);
const HOUR: i64 = 3_600;

pub(crate) struct KeyRing {
    manager: Manager,
    clock: Arc<dyn Clock>,
    algorithm: Algorithm,
    life_secs: i64,
    /// How long a key is published before it signs.
    lead_secs: i64,
    /// How long a key is published after it signed last: as long as its tokens live, and the overlap.
    tail_secs: u32,
    keys: ArcSwapOption<Keys>,
    is_forgotten: AtomicBool,
    loading: Mutex<()>,
}

/// What is published, and what signs now.
pub(crate) struct Keys {
    pub(crate) signer: Signer,
    pub(crate) verification: VerificationKeys,
    pub(crate) jwks: Value,
    loaded_at: i64,
}

impl KeyRing {
    pub(crate) fn new(manager: Manager, clock: Arc<dyn Clock>, rules: &Rules) -> Self {
        let secs = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 4);
        let tail = rules.key_overlap.saturating_add(rules.access_life);
        Self {
            manager,
            clock,
            algorithm: rules.algorithm,
            life_secs: secs(rules.key_life),
            lead_secs: secs(rules.key_overlap),
            tail_secs: u32::try_from(tail.as_secs()).unwrap_or(u32::MAX),
            keys: ArcSwapOption::empty(),
            is_forgotten: AtomicBool::new(false),
            loading: Mutex::new(()),
        }
    }

    /// Asks the manager the next time.
    pub(crate) fn forget(&self) {
        self.is_forgotten.store(true, Ordering::Release);
    }

    /// The keys of now. While the manager is away, those that were known last.
    pub(crate) async fn current(&self) -> Result<Arc<Keys>, Denied> {
        if let Some(keys) = self.fresh() {
            return Ok(keys);
        }
        let _loading = self.loading.lock().await;
        if let Some(keys) = self.fresh() {
            return Ok(keys);
        }
        self.is_forgotten.store(false, Ordering::Release);
        match Box::pin(self.load()).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                self.keys.store(Some(Arc::clone(&keys)));
                Ok(keys)
            }
            Err(denied) => {
                self.forget();
                let known = self.keys.load_full();
                if known.is_some() {
                    // Nobody hears of it otherwise, since what was known goes on.
                    denied.log();
                }
                known.ok_or(denied)
            }
        }
    }

    fn fresh(&self) -> Option<Arc<Keys>> {
        let keys = self.keys.load_full()?;
        let age = self.clock.unix_millis() - keys.loaded_at;
        let is_fresh = u128::try_from(age).is_ok_and(|age| age < FRESH.as_millis());
        (is_fresh && !self.is_forgotten.load(Ordering::Acquire)).then_some(keys)
    }

    async fn load(&self) -> Result<Keys, Denied> {
        let mut keys = self.manager.call(ListSigningKeys {}).await?;
        if let Some(signs_from) = self.next_key(&keys) {
            match self.add(signs_from).await {
                Ok(()) => keys = self.manager.call(ListSigningKeys {}).await?,
                Err(denied) if keys.is_empty() => return Err(denied),
                // Those that there are go on; the next look tries again.
                Err(denied) => {
                    denied.log();
                    tracing::error!(
                        reason = denied.audit_code(),
                        "a new signing key could not be made"
                    );
                }
            }
        }
        let now = self.clock.unix_secs();
        let signing = keys
            .iter()
            .filter(|key| key.signs_from <= now)
            .max_by_key(|key| key.signs_from)
            .ok_or(UnavailableDenial::NoSigningKey)?;
        let signer = signer_of(signing).ok_or_else(|| UnavailableDenial::SigningKeyDamaged {
            kid: signing.id.clone(),
        })?;
        let published: Vec<Value> = keys.iter().map(|key| key.public_jwk.clone()).collect();
        Ok(Keys {
            signer,
            verification: VerificationKeys::from_jwks(&published),
            jwks: json!({ "keys": published }),
            loaded_at: self.clock.unix_millis(),
        })
    }

    /// When a key that is to be made now begins to sign. Whole hours, so that nodes that make one at once mean the
    /// same time, of which the manager keeps one.
    fn next_key(&self, keys: &[SigningKey]) -> Option<UnixSecs> {
        let now = self.clock.unix_secs();
        // One may have been announced before any other signed.
        if !keys.iter().any(|key| key.signs_from <= now) {
            return Some(now - now.rem_euclid(HOUR));
        }
        let newest = keys.iter().max_by_key(|key| key.signs_from)?;
        let soon = {
            let soon = now.saturating_add(self.lead_secs);
            soon - soon.rem_euclid(HOUR) + HOUR
        };
        if newest.algorithm != self.algorithm.as_str() {
            return Some(soon.max(newest.signs_from + HOUR));
        }
        let due = newest.signs_from.saturating_add(self.life_secs);
        (due.saturating_sub(self.lead_secs) <= now).then(|| due.max(soon))
    }

    async fn add(&self, signs_from: UnixSecs) -> Result<(), Denied> {
        let algorithm = self.algorithm;
        // RSA keys take a while.
        let made = tokio::task::spawn_blocking(move || Signer::generate(algorithm)).await;
        let key = made
            .map_err(|_| UnavailableDenial::NoSigningKey)?
            .map_err(|_| UnavailableDenial::NoSigningKey)?;
        tracing::info!(kid = key.kid, signs_from, "a new signing key was made");
        let key = SigningKey {
            id: key.kid,
            algorithm: key.algorithm.as_str().to_owned(),
            private_key: STANDARD.encode(key.pkcs8),
            public_jwk: key.public_jwk,
            signs_from,
            published_until: None,
        };
        let overlap_secs = self.tail_secs;
        self.manager
            .call(AddSigningKey { key, overlap_secs })
            .await?;
        Ok(())
    }
}

fn signer_of(key: &SigningKey) -> Option<Signer> {
    let der = STANDARD.decode(&key.private_key).ok()?;
    let algorithm = key.algorithm.parse().ok()?;
    Signer::from_pkcs8(&key.id, algorithm, &der).ok()
}
