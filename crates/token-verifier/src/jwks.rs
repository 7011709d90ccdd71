//! An issuer's key set behind a URL (RFC 7517 §5).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tidegate_config::JwksSettings;
use tidegate_http_client::{
    ClientRules, Destinations, GuardedClient, HttpError, Method, PlainHttp, Proxy, Request,
};
use tidegate_oauth_types::jose::VerificationKey;
use tidegate_oauth_types::{Algorithm, JwkSet, OAuthError};
use tidegate_types::Clock;
use tokio::sync::Mutex;

use crate::SetupError;
use crate::claims::TokenRefusal;

/// Sets are a few kilobytes; more is a mistake or an attack on our memory.
const MOST_BYTES: usize = 256 * 1024;

/// Keys by id, fetched when they are needed and too old, or when a token names a new one.
///
/// Fetching is limited by `min_refetch`, whatever ids tokens name, and one fetch serves all who wait.
/// While the issuer is down, keys stay in use for `stale` beyond their life.
#[derive(Debug)]
pub(crate) struct Jwks {
    settings: JwksSettings,
    algorithms: Vec<Algorithm>,
    clock: Arc<dyn Clock>,
    client: GuardedClient,
    keys: ArcSwapOption<KeySet>,
    /// Held while fetching.
    fetching: Arc<Mutex<()>>,
    /// Unix milliseconds of the last attempt; `i64::MIN` before the first.
    attempted_at: AtomicI64,
}

#[derive(Debug)]
struct KeySet {
    keys: JwkSet,
    fetched_at: i64,
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the status is {0}")]
    Status(u16),
    #[error("the body is not a key set")]
    NotAKeySet(#[from] OAuthError),
    #[error("the set has no key for signatures of the algorithm in auth.jwt.algorithm")]
    NoKey,
}

impl Jwks {
    pub(crate) fn new(
        settings: JwksSettings,
        algorithms: Vec<Algorithm>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let client = GuardedClient::new(ClientRules {
            timeout: settings.timeout,
            connect_timeout: settings.timeout,
            destinations: Destinations::Trusted {
                plain_http: PlainHttp::Allowed,
                max_idle_connections: 1,
            },
            proxy: Proxy::Environment,
            root_certificates: Vec::new(),
            // One fetch serves all who wait.
            max_concurrent: 1,
        })
        .map_err(SetupError::Client)?;
        Ok(Self {
            settings,
            algorithms,
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
        algorithm: Algorithm,
    ) -> Result<Arc<VerificationKey>, TokenRefusal> {
        if let Some(key) = self.fresh(key_id, algorithm) {
            return Ok(key);
        }
        // Whoever finds a fetch under way and an old key at hand need not wait.
        let fetching = match (
            Arc::clone(&self.fetching).try_lock_owned(),
            self.stale(key_id, algorithm),
        ) {
            (Ok(lock), _) => lock,
            (Err(_), Some(key)) => return Ok(key),
            (Err(_), None) => Arc::clone(&self.fetching).lock_owned().await,
        };
        if let Some(key) = self.fresh(key_id, algorithm) {
            return Ok(key);
        }
        let now = self.clock.unix_millis();
        let last = self.attempted_at.load(Ordering::Acquire);
        if !is_older(last, now, self.settings.min_refetch) {
            return self.without_fetching(key_id, algorithm);
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
            self.fresh(key_id, algorithm)
                .ok_or(TokenRefusal::UnknownKey)
        } else {
            self.stale(key_id, algorithm)
                .ok_or(TokenRefusal::KeysUnavailable)
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
    fn fresh(&self, key_id: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerificationKey>> {
        let keys = self.keys.load();
        let set = keys.as_ref()?;
        let is_young = !is_older(set.fetched_at, self.clock.unix_millis(), self.settings.ttl);
        is_young.then(|| set.find(key_id, algorithm)).flatten()
    }

    /// The key, from a set that may be used while the issuer cannot be reached.
    fn stale(&self, key_id: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerificationKey>> {
        let keys = self.keys.load();
        let set = keys.as_ref()?;
        let most = self.settings.ttl + self.settings.stale;
        let is_usable = !is_older(set.fetched_at, self.clock.unix_millis(), most);
        is_usable.then(|| set.find(key_id, algorithm)).flatten()
    }

    /// The answer shortly after a fetch: what that one told.
    fn without_fetching(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerificationKey>, TokenRefusal> {
        if let Some(key) = self.stale(key_id, algorithm) {
            return Ok(key);
        }
        let last = self.attempted_at.load(Ordering::Acquire);
        let has_answered = self
            .keys
            .load()
            .as_ref()
            .is_some_and(|set| set.fetched_at >= last);
        Err(if has_answered {
            TokenRefusal::UnknownKey
        } else {
            TokenRefusal::KeysUnavailable
        })
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let request = Request {
            method: Method::Get,
            url: &self.settings.uri,
            accept: "application/jwk-set+json, application/json",
            authorization: None,
            most_bytes: MOST_BYTES,
        };
        let answer = self.client.send(request).await?;
        if !answer.is_success() {
            return Err(FetchError::Status(answer.status()));
        }
        let keys = JwkSet::parse(&answer.read().await?)?;
        // Others are left out: a set may serve other purposes too.
        if !keys.has_key_for(&self.algorithms) {
            return Err(FetchError::NoKey);
        }
        Ok(KeySet {
            keys,
            fetched_at: self.clock.unix_millis(),
        })
    }
}

impl KeySet {
    fn find(&self, key_id: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerificationKey>> {
        let found = self.keys.find(key_id, algorithm).ok()?;
        Some(Arc::new(found.clone()))
    }
}

fn is_older(since_millis: i64, now_millis: i64, than: Duration) -> bool {
    let than = i64::try_from(than.as_millis()).unwrap_or(i64::MAX);
    now_millis.saturating_sub(since_millis) >= than
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
