//! Keeps calls from a server that is known not to answer: a refusal costs neither a connection nor a statement.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tidegate_postgres::{ConnectError, ConnectFailure};
use tokio::time::Instant;

/// How long calls are refused after a server did not answer; then one call tries, and the others go on without.
const PAUSE: Duration = Duration::from_secs(1);

/// The same after a failure that came at once, such as a refused connection: to try costs little, and a server that
/// comes back is found soon.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

const CLOSED: u64 = 0;

/// Open for a pause after each call that could not reach the server or got no answer; any answer closes it.
pub(super) struct Breaker {
    born: Instant,
    /// Until when calls are refused: milliseconds since [`Self::born`], or [`CLOSED`].
    open_until: AtomicU64,
    /// Somebody was chosen to try, and has not begun to connect.
    is_chosen: AtomicBool,
    /// When the server last answered: milliseconds since [`Self::born`].
    answered_at: AtomicU64,
    /// Why it could not be reached; what everybody is told meanwhile.
    cause: Mutex<Option<ConnectError>>,
}

/// The server did not answer a moment ago.
#[derive(Debug, thiserror::Error)]
#[error("the server did not answer a moment ago, and is left alone for a second")]
pub(super) struct Silent;

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            open_until: AtomicU64::new(CLOSED),
            is_chosen: AtomicBool::new(false),
            answered_at: AtomicU64::new(0),
            cause: Mutex::new(None),
        }
    }

    /// Whether a call may be made now. Of those that come after a pause one may, and the others wait for the next. Where it
    /// is only that no further connection could be made, those whom an unused one serves may go on.
    ///
    /// # Errors
    /// Why not: what was last found out about the server.
    pub(super) fn enter(
        &self,
        has_connection: impl FnOnce() -> bool,
    ) -> Result<(), crate::error::Source> {
        let open_until = self.open_until.load(Ordering::Relaxed);
        if open_until == CLOSED {
            return Ok(());
        }
        let refuses_further_ones = self
            .cause()
            .is_some_and(|err| err.cause != ConnectFailure::TimedOut);
        if refuses_further_ones && has_connection() {
            return Ok(());
        }
        let now = self.millis();
        let is_chosen = now >= open_until
            && self
                .open_until
                .compare_exchange(
                    open_until,
                    now + millis(PAUSE),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok();
        if is_chosen {
            self.is_chosen.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(self.cause().map_or_else(|| Silent.into(), Into::into))
    }

    /// Whether a connection may be made now. Those who came in before it opened wait for a place in the pool, and would
    /// otherwise all try one after the other.
    ///
    /// # Errors
    /// As [`Self::enter`].
    pub(super) fn may_connect(&self) -> Result<(), ConnectError> {
        let is_open = self.open_until.load(Ordering::Relaxed) != CLOSED;
        if is_open && !self.is_chosen.swap(false, Ordering::Relaxed) {
            return Err(self.cause().unwrap_or_else(|| ConnectError {
                cause: ConnectFailure::TimedOut,
                reason: Silent.to_string(),
                code: None,
            }));
        }
        Ok(())
    }

    /// The server answered, with whatever.
    pub(super) fn answered(&self) {
        self.answered_at.store(self.millis(), Ordering::Relaxed);
        if self.open_until.load(Ordering::Relaxed) != CLOSED {
            self.open_until.store(CLOSED, Ordering::Relaxed);
        }
    }

    /// The server did not answer in time.
    pub(super) fn silent(&self) {
        self.open(PAUSE, None);
    }

    /// Somebody who asked at `since` has given up waiting. A server that answered nobody in all that time is as good as
    /// silent, if it was `long` enough; one that did is only slow.
    pub(super) fn given_up(&self, since: Instant, long: Duration) {
        let asked_at = millis(since.saturating_duration_since(self.born)) + 1;
        if since.elapsed() >= long && self.answered_at.load(Ordering::Relaxed) <= asked_at {
            self.silent();
        }
    }

    /// A connection could not be made.
    pub(super) fn failed_to_connect(&self, err: &ConnectError) {
        match err.cause {
            ConnectFailure::TimedOut => self.open(PAUSE, Some(err)),
            // Others: a proxy before the server that closes the connection at once.
            ConnectFailure::Refused
            | ConnectFailure::UnknownHost
            | ConnectFailure::NotReady
            | ConnectFailure::Other => self.open(SHORT_PAUSE, Some(err)),
            // It is there, and the connections that it has may serve.
            ConnectFailure::Tls
            | ConnectFailure::Credentials
            | ConnectFailure::UnknownDatabase
            | ConnectFailure::TooManyConnections
            | ConnectFailure::WrongServer => self.answered(),
        }
    }

    fn open(&self, pause: Duration, cause: Option<&ConnectError>) {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause.cloned();
        self.is_chosen.store(false, Ordering::Relaxed);
        self.open_until
            .store(self.millis() + millis(pause), Ordering::Relaxed);
    }

    fn cause(&self) -> Option<ConnectError> {
        let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        cause.clone()
    }

    /// At least one, so that it is never [`CLOSED`].
    fn millis(&self) -> u64 {
        millis(self.born.elapsed()) + 1
    }
}

/// Somebody waits for an answer. Dropped before it is there, as when the caller's own time is over, it tells the breaker.
pub(super) struct Waiting<'a> {
    breaker: &'a Breaker,
    since: Instant,
    long: Duration,
    is_over: bool,
}

impl<'a> Waiting<'a> {
    /// Begins to wait; `long` is how much later a server that answered nobody is taken as silent.
    pub(super) fn new(breaker: &'a Breaker, long: Duration) -> Self {
        Self {
            breaker,
            since: Instant::now(),
            long,
            is_over: false,
        }
    }

    /// There is an answer, or it is known that there is none.
    pub(super) fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.breaker.given_up(self.since, self.long);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is no unused connection.
    fn none() -> bool {
        false
    }

    const LONG: Duration = Duration::from_secs(3);

    fn failure(cause: ConnectFailure) -> ConnectError {
        ConnectError {
            cause,
            reason: "in its own words".to_owned(),
            code: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_silence_one_call_a_pause_tries_until_one_is_answered() {
        let breaker = Breaker::new();
        assert!(breaker.enter(none).is_ok() && breaker.enter(none).is_ok());
        breaker.silent();
        assert!(breaker.enter(none).is_err());
        tokio::time::advance(PAUSE).await;
        assert!(breaker.enter(none).is_ok(), "one tries");
        assert!(breaker.enter(none).is_err(), "the others do not");
        tokio::time::advance(PAUSE).await;
        assert!(breaker.enter(none).is_ok(), "whoever tried may be gone");
        breaker.answered();
        assert!(breaker.enter(none).is_ok() && breaker.enter(none).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_refuses_connections_is_tried_ten_times_a_second_however_many_ask() {
        let breaker = Breaker::new();
        let (mut tries, mut asked) = (0, 0);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            for _ in 0..40 {
                asked += 1;
                if breaker.enter(none).is_ok() && breaker.may_connect().is_ok() {
                    tries += 1;
                    breaker.failed_to_connect(&failure(ConnectFailure::Refused));
                }
            }
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert_eq!((100, 40_000), (tries, asked));
        tokio::time::advance(SHORT_PAUSE).await;
        assert!(breaker.enter(none).is_ok() && breaker.may_connect().is_ok());
        breaker.answered();
        assert!(breaker.enter(none).is_ok() && breaker.may_connect().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_a_place_in_the_pool_do_not_try_one_after_the_other() {
        let breaker = Breaker::new();
        assert!(breaker.enter(none).is_ok() && breaker.enter(none).is_ok());
        assert!(breaker.may_connect().is_ok());
        breaker.failed_to_connect(&failure(ConnectFailure::Refused));
        let told = breaker.may_connect().unwrap_err();
        assert_eq!(ConnectFailure::Refused, told.cause);
        tokio::time::advance(SHORT_PAUSE).await;
        assert!(breaker.may_connect().is_err(), "nobody was chosen");
        assert!(breaker.enter(none).is_ok());
        assert!(breaker.may_connect().is_ok(), "the chosen one tries");
        assert!(breaker.may_connect().is_err(), "once");
    }

    #[tokio::test(start_paused = true)]
    async fn unused_connections_serve_though_no_further_one_can_be_made() {
        let breaker = Breaker::new();
        breaker.failed_to_connect(&failure(ConnectFailure::Other));
        assert!(breaker.enter(|| true).is_ok());
        assert!(breaker.may_connect().is_err());
        assert!(breaker.enter(none).is_err());
        breaker.silent();
        assert!(breaker.enter(|| true).is_err(), "it does not answer");
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_is_told_what_was_found_out_about_the_server() {
        let breaker = Breaker::new();
        breaker.failed_to_connect(&failure(ConnectFailure::Refused));
        let told = breaker.enter(none).unwrap_err();
        assert_eq!("in its own words", told.to_string());
        breaker.silent();
        assert!(breaker.enter(none).unwrap_err().is::<Silent>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_refuses_us_alone_is_there() {
        for cause in [
            ConnectFailure::TooManyConnections,
            ConnectFailure::Credentials,
        ] {
            let breaker = Breaker::new();
            breaker.failed_to_connect(&failure(cause));
            assert!(breaker.enter(none).is_ok(), "{cause:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_after_a_while_without_a_sign_of_the_server_warns_the_others() {
        for (waits, somebody_is_answered, is_open) in [
            (LONG, false, true),
            (LONG, true, false),
            (LONG / 2, false, false),
        ] {
            let breaker = Breaker::new();
            breaker.answered();
            let waiting = Waiting::new(&breaker, LONG);
            tokio::time::advance(waits / 2).await;
            if somebody_is_answered {
                breaker.answered();
            }
            tokio::time::advance(waits / 2).await;
            drop(waiting);
            assert_eq!(is_open, breaker.enter(none).is_err(), "{waits:?}");
        }
        let breaker = Breaker::new();
        let waiting = Waiting::new(&breaker, LONG);
        tokio::time::advance(LONG).await;
        waiting.end();
        assert!(breaker.enter(none).is_ok(), "it was answered");
    }
}
