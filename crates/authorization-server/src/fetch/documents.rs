//! Fetched documents, kept as long as they may be, and refusals for a minute.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::future::Cache;
use tidegate_types::Clock;
use url::Url;

use super::{FetchError, Fetcher, Reach};

/// Of a client's metadata document.
pub(crate) const DOCUMENT_BYTES: usize = 5 * 1024;
/// Of a key set.
pub(crate) const KEY_SET_BYTES: usize = 64 * 1024;

const MOST_KEPT: u64 = 2_000;
/// What says nothing of its life is kept so long.
const DEFAULT_LIFE: Duration = Duration::from_hours(1);
/// The shortest life, so that a host that says `no-store` is not asked by every request.
const SHORTEST_LIFE: Duration = Duration::from_mins(1);
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// How long a failure is not tried again.
const FAILURE_LIFE: Duration = Duration::from_mins(1);
/// What is younger is not fetched again for a key that is not in it.
const RENEWAL_AGE: Duration = Duration::from_mins(1);

/// One fetch at a time for each URL, whoever waits for it.
#[derive(Clone)]
pub(crate) struct Documents {
    fetcher: Arc<dyn Fetcher>,
    clock: Arc<dyn Clock>,
    kept: Cache<String, CachedDocument>,
    reach: Reach,
}

#[derive(Clone)]
struct CachedDocument {
    outcome: Result<Bytes, FetchError>,
    fetched_at: i64,
    fresh_until: i64,
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").finish_non_exhaustive()
    }
}

impl Documents {
    pub(crate) fn new(fetcher: Arc<dyn Fetcher>, clock: Arc<dyn Clock>) -> Self {
        Self {
            fetcher,
            clock,
            kept: Cache::new(MOST_KEPT),
            reach: Reach::default(),
        }
    }

    /// Whether documents can be fetched, as far as is known.
    pub(crate) fn can_be_fetched(&self) -> bool {
        self.reach.is_open()
    }

    /// Finds out by a URL whether they can, for as long as the node lives; without one they can.
    pub(crate) async fn watch_reach(&self, url: Option<Url>) {
        match url {
            Some(url) => {
                let fetcher = Arc::clone(&self.fetcher);
                self.reach.clone().watch(fetcher, url).await;
            }
            None => self.reach.open(),
        }
    }

    /// Whether the next [`get`](Self::get) asks the host.
    pub(crate) async fn is_to_be_fetched(&self, url: &Url) -> bool {
        let now = self.clock.unix_millis();
        let kept = self.kept.get(url.as_str()).await;
        kept.is_none_or(|kept| kept.fresh_until <= now)
    }

    pub(crate) async fn get(&self, url: &Url, most_bytes: usize) -> Result<Bytes, FetchError> {
        let now = self.clock.unix_millis();
        self.look_up(url, most_bytes, move |kept| kept.fresh_until <= now)
            .await
    }

    /// Fetches again what is older than a minute: a key that is needed is not in the set.
    pub(crate) async fn renew(&self, url: &Url, most_bytes: usize) -> Result<Bytes, FetchError> {
        let now = self.clock.unix_millis();
        let is_old = move |kept: &CachedDocument| now - kept.fetched_at >= millis(RENEWAL_AGE);
        self.look_up(url, most_bytes, is_old).await
    }

    async fn look_up(
        &self,
        url: &Url,
        most_bytes: usize,
        is_stale: impl FnMut(&CachedDocument) -> bool + Send,
    ) -> Result<Bytes, FetchError> {
        let fetch = self.fetch(url, most_bytes);
        let entry = self.kept.entry_by_ref(url.as_str());
        let entry = entry.or_insert_with_if(fetch, is_stale).await;
        entry.into_value().outcome
    }

    async fn fetch(&self, url: &Url, most_bytes: usize) -> CachedDocument {
        let fetched = self.fetcher.fetch(url, most_bytes).await;
        self.reach.learn(&fetched);
        let now = self.clock.unix_millis();
        let (outcome, life) = match fetched {
            Ok(fetched) => {
                let life = fetched.fresh_for.unwrap_or(DEFAULT_LIFE);
                (Ok(fetched.body), life.clamp(SHORTEST_LIFE, LONGEST_LIFE))
            }
            Err(err @ (FetchError::Unreachable | FetchError::Timeout)) => {
                tracing::warn!(
                    host = url.host_str(),
                    error = %err,
                    "this server cannot reach the host where a client describes itself"
                );
                (Err(err), FAILURE_LIFE)
            }
            Err(err) => {
                tracing::info!(host = url.host_str(), error = %err, "a document of a client was not fetched");
                (Err(err), FAILURE_LIFE)
            }
        };
        CachedDocument {
            outcome,
            fetched_at: now,
            fresh_until: now.saturating_add(millis(life)),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::DateTime;
    use tidegate_types::ManualClock;

    use super::super::Fetched;
    use super::*;

    /// Answers with what it is told to, slowly, and counts.
    struct Counting {
        answer: Mutex<Result<Fetched, FetchError>>,
        fetches: AtomicUsize,
    }

    #[async_trait::async_trait]
    impl Fetcher for Counting {
        async fn fetch(&self, _url: &Url, _most_bytes: usize) -> Result<Fetched, FetchError> {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.answer.lock().unwrap().clone()
        }
    }

    struct Bench {
        fetcher: Arc<Counting>,
        clock: Arc<ManualClock>,
        documents: Documents,
        url: Url,
    }

    fn bench(fresh_for: Option<Duration>) -> Bench {
        let fetcher = Arc::new(Counting {
            answer: Mutex::new(Ok(Fetched {
                body: Bytes::from_static(b"{}"),
                fresh_for,
            })),
            fetches: AtomicUsize::new(0),
        });
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        Bench {
            documents: Documents::new(Arc::clone(&fetcher) as _, Arc::clone(&clock) as _),
            fetcher,
            clock,
            url: Url::parse("https://client.example/client.json").unwrap(),
        }
    }

    impl Bench {
        async fn get(&self) -> Result<Bytes, FetchError> {
            self.documents.get(&self.url, 100).await
        }

        fn fetches(&self) -> usize {
            self.fetcher.fetches.load(Ordering::SeqCst)
        }

        /// Just before the end of a life nothing is fetched; at its end it is.
        async fn assert_lives(&self, life: Duration) {
            let before = self.fetches();
            self.clock
                .advance(life.checked_sub(Duration::from_millis(1)).unwrap());
            let _ = self.get().await;
            assert_eq!(before, self.fetches(), "fetched too early");
            self.clock.advance(Duration::from_millis(1));
            let _ = self.get().await;
            assert_eq!(before + 1, self.fetches(), "kept too long");
        }
    }

    #[tokio::test]
    async fn a_document_lives_as_its_headers_say_within_a_minute_and_a_day() {
        let day = Duration::from_hours(24);
        for (said, life) in [
            (None, Duration::from_hours(1)),
            (Some(Duration::from_mins(10)), Duration::from_mins(10)),
            (Some(Duration::ZERO), Duration::from_mins(1)),
            (Some(day * 365), day),
        ] {
            let bench = bench(said);
            bench.get().await.unwrap();
            bench.assert_lives(life).await;
        }
    }

    #[tokio::test]
    async fn a_failure_is_not_tried_again_for_a_minute() {
        let bench = bench(None);
        *bench.fetcher.answer.lock().unwrap() = Err(FetchError::Timeout);
        assert_eq!(Err(FetchError::Timeout), bench.get().await);
        bench.assert_lives(Duration::from_mins(1)).await;
    }

    #[tokio::test]
    async fn many_who_wait_cause_one_fetch() {
        let bench = bench(None);
        let waiting = (0..50).map(|_| bench.get());
        for outcome in futures_util::future::join_all(waiting).await {
            outcome.unwrap();
        }
        assert_eq!(1, bench.fetches());
    }

    #[tokio::test]
    async fn a_set_is_renewed_at_most_once_a_minute() {
        let bench = bench(None);
        bench.get().await.unwrap();
        bench.documents.renew(&bench.url, 100).await.unwrap();
        assert_eq!(1, bench.fetches());
        bench.clock.advance(Duration::from_mins(1));
        bench.documents.renew(&bench.url, 100).await.unwrap();
        bench.documents.renew(&bench.url, 100).await.unwrap();
        assert_eq!(2, bench.fetches());
    }
}
