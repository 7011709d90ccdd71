//! An issuer's key set behind a URL (RFC 7517 §5).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use serde::Deserialize;
use tidegate_config::JwksSettings;
use tidegate_types::Clock;
use tokio::sync::Mutex;

use crate::SetupError;
use crate::claims::Refusal;

/// Sets are a few kilobytes; more is a mistake or an attack on our memory.
const MOST_BYTES: usize = 256 * 1024;
const MOST_KEYS: usize = 100;

/// Keys by id, fetched when they are needed and too old, or when a token names a new one.
///
/// Fetching is limited by `min_refetch`, whatever ids tokens name, and one fetch serves all who wait.
/// While the issuer is down, keys stay in use for `stale` beyond their life.
#[derive(Debug)]
pub(crate) struct Jwks {
    settings: JwksSettings,
    clock: Arc<dyn Clock>,
    client: reqwest::Client,
    keys: ArcSwapOption<KeySet>,
    /// Held while fetching.
    fetching: Arc<Mutex<()>>,
    /// Unix milliseconds of the last attempt; `i64::MIN` before the first.
    attempted_at: AtomicI64,
}

#[derive(Debug)]
struct KeySet {
    by_id: HashMap<String, Arc<DecodingKey>>,
    /// The only key of the set, which tokens without a key id are checked with.
    single: Option<Arc<DecodingKey>>,
    fetched_at: i64,
}

impl KeySet {
    fn find(&self, key_id: Option<&str>) -> Option<Arc<DecodingKey>> {
        match key_id {
            Some(id) => self.by_id.get(id).cloned(),
            None => self.single.clone(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("the request failed")]
    Http(#[from] reqwest::Error),
    #[error("the status is {0}")]
    Status(u16),
    #[error("the body is larger than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("the body is not a key set")]
    NotAKeySet(#[from] serde_json::Error),
    #[error("the set has no RSA key for signatures")]
    NoKey,
}

impl Jwks {
    pub(crate) fn new(settings: JwksSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let client = reqwest::Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            // A redirect could lead to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .build()
            .map_err(SetupError::Client)?;
        Ok(Self {
            settings,
            clock,
            client,
            keys: ArcSwapOption::empty(),
            fetching: Arc::default(),
            attempted_at: AtomicI64::new(i64::MIN),
        })
    }

    pub(crate) async fn find(
        self: &Arc<Self>,
        key_id: Option<&str>,
    ) -> Result<Arc<DecodingKey>, Refusal> {
        if let Some(key) = self.fresh(key_id) {
            return Ok(key);
        }
        // Whoever finds a fetch under way and an old key at hand need not wait.
        let fetching = match (
            Arc::clone(&self.fetching).try_lock_owned(),
            self.stale(key_id),
        ) {
            (Ok(lock), _) => lock,
            (Err(_), Some(key)) => return Ok(key),
            (Err(_), None) => Arc::clone(&self.fetching).lock_owned().await,
        };
        if let Some(key) = self.fresh(key_id) {
            return Ok(key);
        }
        let now = self.clock.unix_millis();
        let last = self.attempted_at.load(Ordering::Acquire);
        if !is_older(last, now, self.settings.min_refetch) {
            return self.without_fetching(key_id);
        }
        self.attempted_at.store(now, Ordering::Release);
        // On a task of its own, so that a caller who hangs up cannot undo the one attempt that
        // `min_refetch` allows.
        let own = Arc::clone(self);
        let refresh = tokio::spawn(async move {
            let _fetching = fetching;
            own.refresh().await
        });
        if refresh.await.unwrap_or(false) {
            self.fresh(key_id).ok_or(Refusal::UnknownKey)
        } else {
            self.stale(key_id).ok_or(Refusal::KeysUnavailable)
        }
    }

    /// Whether new keys came.
    async fn refresh(&self) -> bool {
        match self.fetch().await {
            Ok(set) => {
                self.keys.store(Some(Arc::new(set)));
                true
            }
            Err(err) => {
                let host = self.settings.uri.host_str();
                tracing::warn!(error = %Chain(&err), host, "could not fetch the issuer's keys");
                false
            }
        }
    }

    /// The key, from a set that is young enough to be used without asking.
    fn fresh(&self, key_id: Option<&str>) -> Option<Arc<DecodingKey>> {
        let keys = self.keys.load();
        let set = keys.as_ref()?;
        let is_young = !is_older(set.fetched_at, self.clock.unix_millis(), self.settings.ttl);
        is_young.then(|| set.find(key_id)).flatten()
    }

    /// The key, from a set that may be used while the issuer cannot be reached.
    fn stale(&self, key_id: Option<&str>) -> Option<Arc<DecodingKey>> {
        let keys = self.keys.load();
        let set = keys.as_ref()?;
        let most = self.settings.ttl + self.settings.stale;
        let is_usable = !is_older(set.fetched_at, self.clock.unix_millis(), most);
        is_usable.then(|| set.find(key_id)).flatten()
    }

    /// The answer shortly after a fetch: what that one told.
    fn without_fetching(&self, key_id: Option<&str>) -> Result<Arc<DecodingKey>, Refusal> {
        if let Some(key) = self.stale(key_id) {
            return Ok(key);
        }
        let last = self.attempted_at.load(Ordering::Acquire);
        let has_answered = self
            .keys
            .load()
            .as_ref()
            .is_some_and(|set| set.fetched_at >= last);
        Err(if has_answered {
            Refusal::UnknownKey
        } else {
            Refusal::KeysUnavailable
        })
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let request = self
            .client
            .get(self.settings.uri.clone())
            .header("accept", "application/jwk-set+json, application/json");
        let mut response = request.send().await?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let by_id = usable_keys(&body)?;
        let single = match by_id.as_slice() {
            [(_, key)] => Some(Arc::clone(key)),
            _ => None,
        };
        Ok(KeySet {
            by_id: by_id
                .into_iter()
                .filter_map(|(id, key)| Some((id?, key)))
                .collect(),
            single,
            fetched_at: self.clock.unix_millis(),
        })
    }
}

fn is_older(since_millis: i64, now_millis: i64, than: Duration) -> bool {
    let than = i64::try_from(than.as_millis()).unwrap_or(i64::MAX);
    now_millis.saturating_sub(since_millis) >= than
}

/// A key, with the id that most sets give it.
type IdentifiedKey = (Option<String>, Arc<DecodingKey>);

/// The RSA keys for signatures. Others are left out: a set may serve other purposes too.
fn usable_keys(body: &[u8]) -> Result<Vec<IdentifiedKey>, FetchError> {
    #[derive(Deserialize)]
    struct RawSet {
        keys: Vec<serde_json::Value>,
    }
    let set: RawSet = serde_json::from_slice(body)?;
    let keys: Vec<_> = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
        .filter(is_for_rs256)
        .filter_map(|jwk| {
            let key = DecodingKey::from_jwk(&jwk).ok()?;
            Some((jwk.common.key_id, Arc::new(key)))
        })
        .take(MOST_KEYS)
        .collect();
    if keys.is_empty() {
        return Err(FetchError::NoKey);
    }
    Ok(keys)
}

fn is_for_rs256(jwk: &Jwk) -> bool {
    let common = &jwk.common;
    matches!(jwk.algorithm, AlgorithmParameters::RSA(_))
        && matches!(common.key_algorithm, None | Some(KeyAlgorithm::RS256))
        && matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
}

/// An error with its causes, for the log.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(err) = cause {
            write!(f, ": {err}")?;
            cause = err.source();
        }
        Ok(())
    }
}
