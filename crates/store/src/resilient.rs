//! What goes on while the store is away: answers are computed instead of cached, and limits fall to this
//! node's share. Everything else (sessions, replies, sign-in) says that it cannot.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tidegate_types::Clock;

use crate::{
    Budget, CacheKey, Plane, RateLimiter, ResponseCache, StoreError, StoreErrorKind, Verdict,
};

/// Keeps calls from waiting for a store that was just out of reach. After such a failure it is open for a pause; then
/// one call tries the store while the others still go without, and its success closes the circuit.
#[derive(Debug)]
pub struct Circuit {
    clock: Arc<dyn Clock>,
    pause_millis: i64,
    /// Until when the store is left alone; [`CLOSED`] when it works.
    open_until_millis: AtomicI64,
}

const CLOSED: i64 = i64::MIN;

impl Circuit {
    /// A closed circuit that opens for `pause` at each failure.
    pub fn new(clock: Arc<dyn Clock>, pause: Duration) -> Self {
        Self {
            clock,
            pause_millis: i64::try_from(pause.as_millis()).unwrap_or(i64::MAX),
            open_until_millis: AtomicI64::new(CLOSED),
        }
    }

    /// Runs `call`, or returns `None` at once while the store is left alone.
    ///
    /// Cancel safe: a call that is dropped counts as neither success nor failure.
    pub async fn run<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<Result<T, StoreError>> {
        let open_until = self.open_until_millis.load(Ordering::Relaxed);
        if open_until != CLOSED {
            let now = self.clock.unix_millis();
            // Whoever moves the end is the one that tries.
            let is_chosen = now >= open_until
                && self
                    .open_until_millis
                    .compare_exchange(
                        open_until,
                        self.end_of_pause(now),
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    )
                    .is_ok();
            if !is_chosen {
                return None;
            }
        }
        let outcome = call.await;
        let failed = matches!(
            &outcome,
            Err(StoreError {
                kind: StoreErrorKind::Unavailable | StoreErrorKind::Timeout,
                ..
            })
        );
        if failed {
            let end = self.end_of_pause(self.clock.unix_millis());
            self.open_until_millis.store(end, Ordering::Relaxed);
        } else if open_until != CLOSED {
            self.open_until_millis.store(CLOSED, Ordering::Relaxed);
        }
        Some(outcome)
    }

    fn end_of_pause(&self, now_millis: i64) -> i64 {
        now_millis.saturating_add(self.pause_millis)
    }
}

/// What was done without the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degraded {
    /// Limits were checked against this node's share.
    Limits,
    /// A cached answer was not looked for.
    CacheRead,
    /// An answer was not cached.
    CacheWrite,
}

/// Hears of everything that was done without the store, to count and log it. The error is the store's,
/// or `None` while the circuit is open.
pub type OnDegraded = Arc<dyn Fn(Degraded, Option<&StoreError>) + Send + Sync>;

/// Rate limits of all nodes while the store works, and this node's share of them while it does not.
///
/// The node's buckets are full when the store goes away, so that at the worst a whole burst more is
/// allowed over all nodes.
pub struct LimitsWithFallback {
    /// The limits of all nodes.
    pub shared: Arc<dyn RateLimiter>,
    /// The limits of this node, in its memory.
    pub local: Arc<dyn RateLimiter>,
    /// How many nodes share a budget.
    pub replicas: NonZeroU32,
    /// Guards `shared`. The cache may use the same one.
    pub circuit: Arc<Circuit>,
    /// Counts.
    pub on_degraded: OnDegraded,
}

impl LimitsWithFallback {
    /// The node's share of a budget, at least one call.
    fn share(&self, budget: &Budget) -> Budget {
        Budget {
            scope: budget.scope.clone(),
            per_minute: (budget.per_minute / self.replicas).max(1),
            burst: (budget.burst / self.replicas).max(1),
        }
    }
}

#[async_trait::async_trait]
impl RateLimiter for LimitsWithFallback {
    async fn check(&self, plane: &Plane, budgets: &[Budget]) -> Result<Verdict, StoreError> {
        let shared = self.circuit.run(self.shared.check(plane, budgets)).await;
        let error = match shared {
            Some(Ok(verdict)) => return Ok(verdict),
            Some(Err(err)) => Some(err),
            None => None,
        };
        (self.on_degraded)(Degraded::Limits, error.as_ref());
        let shares: Vec<Budget> = budgets.iter().map(|budget| self.share(budget)).collect();
        self.local.check(plane, &shares).await
    }
}

/// A cache whose failures are misses: it never errs.
pub struct CacheOrMiss {
    /// The cache of all nodes.
    pub inner: Arc<dyn ResponseCache>,
    /// Guards `inner`. The limits may use the same one.
    pub circuit: Arc<Circuit>,
    /// Counts.
    pub on_degraded: OnDegraded,
}

#[async_trait::async_trait]
impl ResponseCache for CacheOrMiss {
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>, StoreError> {
        let error = match self.circuit.run(self.inner.get(key)).await {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(err)) => Some(err),
            None => None,
        };
        (self.on_degraded)(Degraded::CacheRead, error.as_ref());
        Ok(None)
    }

    async fn put(&self, key: &CacheKey, answer: Bytes, ttl: Duration) -> Result<(), StoreError> {
        let error = match self.circuit.run(self.inner.put(key, answer, ttl)).await {
            Some(Ok(())) => return Ok(()),
            Some(Err(err)) => Some(err),
            None => None,
        };
        (self.on_degraded)(Degraded::CacheWrite, error.as_ref());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    use futures_util::FutureExt;
    use tidegate_types::{ManualClock, UserId};

    use super::*;
    use crate::LimitScope;

    const PAUSE: Duration = Duration::from_secs(1);

    /// A store that can be switched off, and counts who asked it.
    #[derive(Default)]
    struct Switched {
        is_off: AtomicBool,
        calls: AtomicUsize,
        budgets: Mutex<Vec<Budget>>,
    }

    impl Switched {
        fn call<T>(&self, answer: T) -> Result<T, StoreError> {
            self.calls.fetch_add(1, Ordering::SeqCst);
            if self.is_off.load(Ordering::SeqCst) {
                let kind = StoreErrorKind::Timeout;
                return Err(StoreError {
                    operation: "try",
                    kind,
                    source: None,
                });
            }
            Ok(answer)
        }

        fn calls(&self) -> usize {
            self.calls.swap(0, Ordering::SeqCst)
        }
    }

    #[async_trait::async_trait]
    impl RateLimiter for Switched {
        async fn check(&self, _: &Plane, budgets: &[Budget]) -> Result<Verdict, StoreError> {
            *self.budgets.lock().unwrap() = budgets.to_vec();
            self.call(Verdict::Allowed)
        }
    }

    #[async_trait::async_trait]
    impl ResponseCache for Switched {
        async fn get(&self, _: &CacheKey) -> Result<Option<Bytes>, StoreError> {
            self.call(Some(Bytes::from_static(b"answer")))
        }

        async fn put(&self, _: &CacheKey, _: Bytes, _: Duration) -> Result<(), StoreError> {
            self.call(())
        }
    }

    struct Bench {
        clock: Arc<ManualClock>,
        shared: Arc<Switched>,
        local: Arc<Switched>,
        heard: Arc<Mutex<Vec<(Degraded, bool)>>>,
        limits: LimitsWithFallback,
        cache: CacheOrMiss,
    }

    fn bench() -> Bench {
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let (shared, local) = (Arc::new(Switched::default()), Arc::new(Switched::default()));
        let circuit = Arc::new(Circuit::new(Arc::clone(&clock) as Arc<dyn Clock>, PAUSE));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let on_degraded: OnDegraded =
            Arc::new(move |what, error| ear.lock().unwrap().push((what, error.is_some())));
        Bench {
            limits: LimitsWithFallback {
                shared: Arc::clone(&shared) as Arc<dyn RateLimiter>,
                local: Arc::clone(&local) as Arc<dyn RateLimiter>,
                replicas: NonZeroU32::new(3).unwrap(),
                circuit: Arc::clone(&circuit),
                on_degraded: Arc::clone(&on_degraded),
            },
            cache: CacheOrMiss {
                inner: Arc::clone(&shared) as Arc<dyn ResponseCache>,
                circuit,
                on_degraded,
            },
            clock,
            shared,
            local,
            heard,
        }
    }

    fn budget(per_minute: u32, burst: u32) -> Budget {
        Budget {
            scope: LimitScope::User(UserId(1)),
            per_minute,
            burst,
        }
    }

    fn key() -> CacheKey {
        CacheKey {
            workspace: "acme".parse().unwrap(),
            digest: [0; 32],
        }
    }

    #[tokio::test]
    async fn limits_fall_to_a_share_of_this_node_that_is_never_nothing() {
        let b = bench();
        let budgets = [budget(60, 10), budget(2, 1)];
        let acme = Plane::Workspace("acme".parse().unwrap());
        b.limits.check(&acme, &budgets).await.unwrap();
        assert_eq!((1, 0), (b.shared.calls(), b.local.calls()));

        b.shared.is_off.store(true, Ordering::SeqCst);
        assert_eq!(
            Verdict::Allowed,
            b.limits.check(&acme, &budgets).await.unwrap()
        );
        assert_eq!(
            vec![budget(20, 3), budget(1, 1)],
            *b.local.budgets.lock().unwrap()
        );
        b.limits.check(&acme, &budgets).await.unwrap();
        assert_eq!(
            (1, 2),
            (b.shared.calls(), b.local.calls()),
            "the second does not wait for the store"
        );
        assert_eq!(
            vec![(Degraded::Limits, true), (Degraded::Limits, false)],
            *b.heard.lock().unwrap()
        );
    }

    #[tokio::test]
    async fn a_cache_that_is_away_is_a_miss_that_is_counted() {
        let b = bench();
        assert!(b.cache.get(&key()).await.unwrap().is_some());
        b.shared.is_off.store(true, Ordering::SeqCst);
        assert_eq!(None, b.cache.get(&key()).await.unwrap());
        b.cache.put(&key(), Bytes::new(), PAUSE).await.unwrap();
        assert_eq!(2, b.shared.calls());
        let heard = b.heard.lock().unwrap();
        assert_eq!(
            vec![(Degraded::CacheRead, true), (Degraded::CacheWrite, false)],
            *heard
        );
    }

    #[tokio::test]
    async fn after_the_pause_one_call_tries_and_its_success_closes_the_circuit() {
        let b = bench();
        b.shared.is_off.store(true, Ordering::SeqCst);
        b.cache.get(&key()).await.unwrap();
        b.clock.advance(PAUSE);
        b.cache.get(&key()).await.unwrap();
        b.cache.get(&key()).await.unwrap();
        assert_eq!(2, b.shared.calls(), "the first failure and one try");

        b.shared.is_off.store(false, Ordering::SeqCst);
        b.clock.advance(PAUSE);
        for _ in 0..3 {
            assert!(b.cache.get(&key()).await.unwrap().is_some());
        }
        assert_eq!(3, b.shared.calls());
    }

    #[tokio::test]
    async fn while_one_call_tries_the_others_go_without() {
        let b = bench();
        b.shared.is_off.store(true, Ordering::SeqCst);
        b.cache.get(&key()).await.unwrap();
        b.clock.advance(PAUSE);
        let circuit = &b.cache.circuit;
        let mut hanging = Box::pin(circuit.run(std::future::pending::<Result<(), StoreError>>()));
        assert!((&mut hanging).now_or_never().is_none());
        assert!(circuit.run(async { Ok(()) }).await.is_none());
        drop(hanging);
        b.clock.advance(PAUSE);
        assert!(
            circuit.run(async { Ok(()) }).await.is_some(),
            "a try that was dropped does not block"
        );
    }
}
