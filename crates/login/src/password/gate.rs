//! The way to the threads where passwords are hashed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::SignInError;

/// Each takes its memory and a core.
const AT_ONCE: usize = 2;
/// Whoever comes after them is told to try again.
const MOST_WAITING: usize = 32;
/// Browsers and people wait so long, and no longer.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// Lets two at a time in, and keeps few waiting, for a short time.
#[derive(Clone)]
pub(crate) struct Gate {
    slots: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// The right to hash now.
pub(crate) struct HashingSlot(OwnedSemaphorePermit);

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }

    /// Waits for a place, for a while.
    ///
    /// # Errors
    /// `Busy`: too many wait, or it takes too long.
    pub(crate) async fn enter(&self) -> Result<HashingSlot, SignInError> {
        const BUSY: SignInError = SignInError::Busy {
            retry_after: RETRY_AFTER,
        };
        let _waiting = self.waiting.try_acquire().map_err(|_| BUSY)?;
        let place = timeout(LONGEST_WAIT, Arc::clone(&self.slots).acquire_owned());
        match place.await {
            Ok(Ok(permit)) => Ok(HashingSlot(permit)),
            Ok(Err(_)) | Err(_) => Err(BUSY),
        }
    }
}

impl HashingSlot {
    /// Does the work on a thread that may block. The place is taken until it is done, even when the caller gave up.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SignInError> {
        let work = move || {
            let _place = self.0;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|err| SignInError::Internal(Box::new(err)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_third_waits_and_a_crowd_is_sent_away() {
        let gate = Gate::new();
        let first = gate.enter().await.unwrap();
        let _second = gate.enter().await.unwrap();
        let crowd: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.enter().await.map(drop) })
            })
            .collect();
        while gate.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = gate.enter().await.map(drop).unwrap_err();
        assert_eq!("busy", refused.code());
        assert!(refused.retry_after().is_some());
        drop(first);
        for waiting in crowd {
            waiting.await.unwrap().unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let gate = Gate::new();
        let _taken = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        let began = tokio::time::Instant::now();
        assert_eq!("busy", gate.enter().await.map(drop).unwrap_err().code());
        assert_eq!(LONGEST_WAIT, began.elapsed());
        assert_eq!(MOST_WAITING, gate.waiting.available_permits());
    }

    #[tokio::test]
    async fn work_of_a_caller_who_gave_up_still_holds_its_place() {
        let gate = Gate::new();
        let (go_on, waits) = mpsc::channel::<()>();
        let place = gate.enter().await.unwrap();
        let work = tokio::spawn(place.run(move || waits.recv().is_ok()));
        tokio::task::yield_now().await;
        work.abort();
        assert!(work.await.is_err());
        assert_eq!(AT_ONCE - 1, gate.slots.available_permits());
        go_on.send(()).unwrap();
        let _all = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_leaves_its_place() {
        let gate = Gate::new();
        let place = gate.enter().await.unwrap();
        let err: Result<(), _> = place.run(|| panic!("broken")).await;
        let err = err.unwrap_err();
        assert_eq!("internal", err.code());
        assert_eq!(AT_ONCE, gate.slots.available_permits());
    }
}
