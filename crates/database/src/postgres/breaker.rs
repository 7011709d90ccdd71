//! Keeps calls from waiting, one after the other, for a server that does not answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long calls are refused after a server did not answer; then one call tries, and the others go on without.
const PAUSE: Duration = Duration::from_secs(1);

const CLOSED: u64 = 0;

/// Open for a pause after each call that got no answer; any answer closes it.
pub(super) struct Breaker {
    born: Instant,
    /// Until when calls are refused: milliseconds since [`Self::born`], or [`CLOSED`].
    open_until: AtomicU64,
}

/// The server did not answer a moment ago.
#[derive(Debug, thiserror::Error)]
#[error("the server did not answer a moment ago, and is left alone for a second")]
pub(super) struct Open;

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            open_until: AtomicU64::new(CLOSED),
        }
    }

    /// Whether a call may be made now. Of those that come after a pause one may, and the others wait for the next.
    pub(super) fn enter(&self) -> Result<(), Open> {
        let open_until = self.open_until.load(Ordering::Relaxed);
        if open_until == CLOSED {
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
        if is_chosen { Ok(()) } else { Err(Open) }
    }

    /// The server answered, with whatever.
    pub(super) fn answered(&self) {
        if self.open_until.load(Ordering::Relaxed) != CLOSED {
            self.open_until.store(CLOSED, Ordering::Relaxed);
        }
    }

    /// The server did not answer in time.
    pub(super) fn silent(&self) {
        self.open_until
            .store(self.millis() + millis(PAUSE), Ordering::Relaxed);
    }

    /// At least one, so that it is never [`CLOSED`].
    fn millis(&self) -> u64 {
        millis(self.born.elapsed()) + 1
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_silence_one_call_a_pause_tries_until_one_is_answered() {
        let breaker = Breaker::new();
        assert!(breaker.enter().is_ok() && breaker.enter().is_ok());
        breaker.silent();
        assert!(breaker.enter().is_err());
        tokio::time::advance(PAUSE).await;
        assert!(breaker.enter().is_ok(), "one tries");
        assert!(breaker.enter().is_err(), "the others do not");
        tokio::time::advance(PAUSE).await;
        assert!(breaker.enter().is_ok(), "whoever tried may be gone");
        breaker.answered();
        assert!(breaker.enter().is_ok() && breaker.enter().is_ok());
    }
}
