//! Whether this server reaches the web, where clients publish their documents.
//!
//! Many servers do not: a firewall lets nothing out. A client that is told of documents then sends one that nobody here
//! can read, and its person is stuck; one that is not told registers itself. So documents are offered only after a
//! host of theirs was reached, and not any more once none can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use url::Url;

use super::{FetchError, Fetcher};

/// After the first failure, doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Far more than a document has; what comes is not looked at.
const MOST_BYTES: usize = 64 * 1024;

/// What is known of the way out. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach(Arc<KnownReach>);

#[derive(Debug, Default)]
struct KnownReach {
    /// The last host that was asked answered.
    is_open: AtomicBool,
    /// A host that could not be reached may mean that none can.
    doubts: Notify,
}

impl Reach {
    /// Whether documents of clients can be fetched, as far as is known. No, before anything is.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Acquire)
    }

    /// Learns from a fetch. That one host is away says nothing of the others: it makes us look.
    pub(crate) fn learn<T>(&self, outcome: &Result<T, FetchError>) {
        match outcome {
            Ok(_) => self.open(),
            Err(err) if err.is_from_elsewhere() => self.open(),
            Err(FetchError::Unreachable | FetchError::Timeout) => self.0.doubts.notify_one(),
            // Nothing was asked.
            Err(_) => {}
        }
    }

    /// Takes it that there is a way.
    pub(crate) fn open(&self) {
        self.0.is_open.store(true, Ordering::Release);
    }

    /// Asks for a URL now, and then whenever there is doubt, for as long as the node lives. One request at a time, each
    /// within the fetcher's bounds; after a failure less and less often.
    pub(crate) async fn watch(self, fetcher: Arc<dyn Fetcher>, url: Url) {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut pause = FIRST_PAUSE;
        let mut was_told = false;
        loop {
            let outcome = fetcher.fetch(&url, MOST_BYTES).await.map(drop);
            let is_open = match &outcome {
                Ok(()) => true,
                Err(err) => err.is_from_elsewhere(),
            };
            let was_open = self.0.is_open.swap(is_open, Ordering::AcqRel);
            if is_open {
                if was_told && !was_open {
                    tracing::info!(
                        host,
                        "this server reaches the web again: documents of clients are offered"
                    );
                }
                (pause, was_told) = (FIRST_PAUSE, false);
                // However many hosts of strangers are away.
                tokio::time::sleep(FIRST_PAUSE).await;
                self.0.doubts.notified().await;
                continue;
            }
            if !was_told {
                let reason = outcome.err().map(|err| err.to_string()).unwrap_or_default();
                tracing::warn!(
                    host,
                    reason,
                    "this server cannot reach a host where clients describe themselves, so that such documents are not offered \
                     and clients register themselves; let it reach the web by https, or set oauth.client_documents"
                );
                was_told = true;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;

    use super::super::Fetched;
    use super::*;

    /// Answers with what it is told to, and counts.
    struct Web {
        answer: Mutex<Result<(), FetchError>>,
        asked: Mutex<usize>,
    }

    #[async_trait::async_trait]
    impl Fetcher for Web {
        async fn fetch(&self, _: &Url, _: usize) -> Result<Fetched, FetchError> {
            *self.asked.lock().unwrap() += 1;
            let body = Bytes::new();
            let fresh_for = None;
            (*self.answer.lock().unwrap()).map(|()| Fetched { body, fresh_for })
        }
    }

    struct Bench {
        web: Arc<Web>,
        reach: Reach,
    }

    impl Bench {
        fn start(answer: Result<(), FetchError>) -> Self {
            let web = Arc::new(Web {
                answer: Mutex::new(answer),
                asked: Mutex::new(0),
            });
            let reach = Reach::default();
            let url = Url::parse("https://client.example/c").unwrap();
            tokio::spawn(reach.clone().watch(Arc::clone(&web) as _, url));
            Self { web, reach }
        }

        fn answer(&self, answer: Result<(), FetchError>) {
            *self.web.answer.lock().unwrap() = answer;
        }

        fn asked(&self) -> usize {
            *self.web.asked.lock().unwrap()
        }
    }

    /// Lets the watcher run, in time that stands still otherwise.
    async fn pass(time: Duration) {
        tokio::time::sleep(time).await;
    }

    const MOMENT: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn nothing_is_offered_before_something_was_reached() {
        let bench = Bench::start(Ok(()));
        assert!(!bench.reach.is_open());
        pass(MOMENT).await;
        assert!(bench.reach.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn any_answer_of_the_host_tells_that_there_is_a_way() {
        for answer in [
            FetchError::Status(403),
            FetchError::Status(302),
            FetchError::NotJson,
            FetchError::TooLarge,
        ] {
            let bench = Bench::start(Err(answer));
            pass(MOMENT).await;
            assert!(bench.reach.is_open(), "{answer:?}");
        }
        for answer in [
            FetchError::Unreachable,
            FetchError::Timeout,
            FetchError::AddressNotAllowed,
            FetchError::UrlNotAllowed,
            FetchError::Busy,
        ] {
            let bench = Bench::start(Err(answer));
            pass(MOMENT).await;
            assert!(!bench.reach.is_open(), "{answer:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_stays_away_is_asked_less_and_less_often() {
        let bench = Bench::start(Err(FetchError::Unreachable));
        pass(Duration::from_hours(1)).await;
        let asked = bench.asked();
        assert!((12..=17).contains(&asked), "{asked}");
        bench.answer(Ok(()));
        pass(LONGEST_PAUSE).await;
        assert!(bench.reach.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_was_reached_is_asked_again_only_when_there_is_doubt() {
        let bench = Bench::start(Ok(()));
        pass(Duration::from_hours(24)).await;
        assert_eq!(1, bench.asked());
        // Another host is away, and ours is not.
        bench.reach.learn::<()>(&Err(FetchError::Timeout));
        pass(MOMENT).await;
        assert_eq!(2, bench.asked());
        assert!(bench.reach.is_open());
        bench.answer(Err(FetchError::Unreachable));
        bench.reach.learn::<()>(&Err(FetchError::Unreachable));
        pass(FIRST_PAUSE).await;
        assert!(!bench.reach.is_open());
        // Any document that comes proves the opposite.
        bench.reach.learn(&Ok(()));
        assert!(bench.reach.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_of_strangers_that_are_away_make_few_questions() {
        let bench = Bench::start(Ok(()));
        for _ in 0..10_000 {
            bench.reach.learn::<()>(&Err(FetchError::Timeout));
            pass(Duration::from_millis(10)).await;
        }
        let asked = bench.asked();
        assert!((2..=9).contains(&asked), "{asked}");
    }
}
