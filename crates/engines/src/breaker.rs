//! Keeps callers from waiting, one after the other, for a server that does not answer.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tidegate_postgres::ConnectFailure as ServerFailure;

use crate::{ConnectFailure, QueryError};

/// After a failure that was told at once, such as a refused connection: a server that comes back is found soon.
const SHORT_PAUSE: Duration = Duration::from_millis(100);
/// After one that took time, or that a server counts against us.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// Remembers that no connection could be made. For a moment every caller is told so at once, and then one tries
/// while the others are still told.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<Option<Shut>>);

/// After a failure.
struct Shut {
    until: Instant,
    cause: ConnectFailure,
    reason: String,
}

/// An attempt to connect. Dropped without an end, it leaves the breaker as it was.
pub(crate) struct Attempt<'a>(&'a Breaker);

impl Breaker {
    /// Allows an attempt.
    ///
    /// # Errors
    /// The last failure, while it counts.
    pub(crate) fn attempt(&self) -> Result<Attempt<'_>, QueryError> {
        self.attempt_at(Instant::now())
    }

    fn attempt_at(&self, now: Instant) -> Result<Attempt<'_>, QueryError> {
        let mut shut = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shut) = &mut *shut {
            if now < shut.until {
                return Err(QueryError::Unavailable {
                    cause: shut.cause,
                    reason: shut.reason.clone(),
                });
            }
            // This one tries; the others hear the old failure until it has an answer, or took too long.
            shut.until = now + LONG_PAUSE;
        }
        Ok(Attempt(self))
    }
}

impl Attempt<'_> {
    pub(crate) fn end<T>(self, result: &Result<T, QueryError>) {
        self.end_at(Instant::now(), result);
    }

    fn end_at<T>(self, now: Instant, result: &Result<T, QueryError>) {
        let mut shut = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        *shut = match result {
            Err(QueryError::Unavailable { cause, reason }) => Some(Shut {
                until: now + pause(*cause),
                cause: *cause,
                reason: reason.clone(),
            }),
            _ => None,
        };
    }
}

fn pause(cause: ConnectFailure) -> Duration {
    match cause {
        ConnectFailure::File
        | ConnectFailure::Server(ServerFailure::Refused | ServerFailure::NotReady) => SHORT_PAUSE,
        ConnectFailure::Server(_) => LONG_PAUSE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(cause: ServerFailure) -> Result<(), QueryError> {
        Err(QueryError::Unavailable {
            cause: ConnectFailure::Server(cause),
            reason: "away".to_owned(),
        })
    }

    #[test]
    fn after_a_failure_one_tries_at_a_time() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let first = breaker.attempt_at(start).unwrap();
        first.end_at(start, &failure(ServerFailure::TimedOut));
        assert!(breaker.attempt_at(start).is_err(), "told at once");
        let later = start + LONG_PAUSE;
        let trying = breaker.attempt_at(later).unwrap();
        assert!(breaker.attempt_at(later).is_err(), "one is enough");
        trying.end_at(later, &Ok::<_, QueryError>(()));
        assert!(breaker.attempt_at(later).is_ok() && breaker.attempt_at(later).is_ok());
    }

    #[test]
    fn a_refused_connection_is_tried_again_soon_and_a_refused_password_is_not() {
        for (cause, is_allowed) in [
            (ServerFailure::Refused, true),
            (ServerFailure::Credentials, false),
            (ServerFailure::TooManyConnections, false),
        ] {
            let (breaker, start) = (Breaker::default(), Instant::now());
            let first = breaker.attempt_at(start).unwrap();
            first.end_at(start, &failure(cause));
            let again = breaker.attempt_at(start + SHORT_PAUSE);
            assert_eq!(is_allowed, again.is_ok(), "{cause:?}");
        }
    }

    #[test]
    fn an_attempt_that_is_given_up_does_not_close_it_for_ever() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let first = breaker.attempt_at(start).unwrap();
        first.end_at(start, &failure(ServerFailure::TimedOut));
        let later = start + LONG_PAUSE;
        let _given_up = breaker.attempt_at(later).unwrap();
        assert!(breaker.attempt_at(later).is_err());
        assert!(breaker.attempt_at(later + LONG_PAUSE).is_ok());
    }
}
