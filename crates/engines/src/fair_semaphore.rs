//! Waiting for one's share of a pool's connections.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidegate_types::UserId;
use tokio::sync::oneshot;

use crate::QueryError;
use crate::fair_share::{Admission, FairShare, Ticket};

/// A semaphore whose permits are shared by users: see [`FairShare`].
#[derive(Clone)]
pub(crate) struct FairSemaphore(Arc<Mutex<Share>>);

type Share = FairShare<oneshot::Sender<FairPermit>>;

/// The right to one connection, until it is dropped.
pub(crate) struct FairPermit {
    semaphore: FairSemaphore,
    user: UserId,
}

/// A request in the queue. It leaves the queue when it is dropped.
struct Queued<'a> {
    semaphore: &'a FairSemaphore,
    user: UserId,
    ticket: Ticket,
}

impl FairSemaphore {
    pub(crate) fn new(permits: usize, queue: usize) -> Self {
        Self(Arc::new(Mutex::new(FairShare::new(permits, queue))))
    }

    /// Waits for the user's turn. Cancel safe.
    ///
    /// # Errors
    /// `Busy`: the user may not queue, or waits behind queries of their own for longer than `patience`. A wait
    /// behind others alone ends only when they do: bound it.
    pub(crate) async fn acquire(
        &self,
        user: UserId,
        patience: Duration,
    ) -> Result<FairPermit, QueryError> {
        let (permit, mut granted) = oneshot::channel();
        let ticket = match self.lock().request(user, || permit) {
            Admission::Granted => return Ok(self.permit(user)),
            Admission::Queued(ticket) => ticket,
            Admission::Refused => return Err(QueryError::Busy),
        };
        let _queued = Queued {
            semaphore: self,
            user,
            ticket,
        };
        loop {
            match tokio::time::timeout(patience, &mut granted).await {
                Ok(granted) => return granted.map_err(|_| QueryError::Busy),
                Err(_) if self.lock().held_by(user) > 0 => return Err(QueryError::Busy),
                Err(_) => {}
            }
        }
    }

    fn permit(&self, user: UserId) -> FairPermit {
        FairPermit {
            semaphore: self.clone(),
            user,
        }
    }

    fn release(&self, user: UserId) {
        let mut granted = Vec::new();
        let mut share = self.lock();
        share.release(user);
        while let Some((next, waiter)) = share.grant_next() {
            granted.push((waiter, self.permit(next)));
        }
        drop(share);
        for (waiter, permit) in granted {
            // Whoever has gone meanwhile releases it by this.
            let _ = waiter.send(permit);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Share> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        self.semaphore.release(self.user);
    }
}

impl fmt::Debug for FairPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FairPermit({})", self.user)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.semaphore.lock().withdraw(self.user, self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const HEAVY: UserId = UserId(1);
    const LIGHT: UserId = UserId(2);
    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_wait_behind_oneself_ends_after_the_patience_and_one_behind_others_does_not() {
        let semaphore = FairSemaphore::new(1, 8);
        let held = semaphore.acquire(HEAVY, PATIENCE).await.unwrap();
        let behind_itself = semaphore.acquire(HEAVY, PATIENCE).await;
        assert!(matches!(behind_itself, Err(QueryError::Busy)));
        let behind_others = semaphore.acquire(LIGHT, PATIENCE);
        let mut behind_others = std::pin::pin!(behind_others);
        let minute = tokio::time::timeout(Duration::from_mins(1), &mut behind_others);
        assert!(minute.await.is_err(), "it waits on");
        drop(held);
        assert!(behind_others.await.is_ok());
    }

    #[tokio::test]
    async fn whoever_stops_waiting_leaves_nothing_taken() {
        let semaphore = FairSemaphore::new(1, 2);
        let held = semaphore.acquire(HEAVY, PATIENCE).await.unwrap();
        {
            let mut left_in_the_queue = Box::pin(semaphore.acquire(LIGHT, PATIENCE));
            assert!(left_in_the_queue.as_mut().now_or_never().is_none());
            let mut left_with_a_permit = Box::pin(semaphore.acquire(LIGHT, PATIENCE));
            assert!(left_with_a_permit.as_mut().now_or_never().is_none());
            drop(left_in_the_queue);
            drop(held);
            assert_eq!(1, semaphore.lock().held_by(LIGHT));
        }
        assert_eq!(0, semaphore.lock().held_by(LIGHT));
        assert!(semaphore.acquire(HEAVY, PATIENCE).now_or_never().is_some());
    }
}
