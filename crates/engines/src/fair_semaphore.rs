//! Waiting for one's share of a pool's connections.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidegate_types::UserId;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::QueryError;
use crate::fair_share::{Admission, FairShare, Ticket};

/// How long a server that took no further connection is not asked for one.
const LIMIT_LIFE: Duration = Duration::from_secs(30);

/// A semaphore whose permits are shared by users: see [`FairShare`].
#[derive(Clone)]
pub(crate) struct FairSemaphore(Arc<Mutex<State>>);

struct State {
    share: Share,
    limited_until: Option<Instant>,
}

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
        Self(Arc::new(Mutex::new(State {
            share: FairShare::new(permits, queue),
            limited_until: None,
        })))
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
        let ticket = match self.update(|share| share.request(user, || permit)) {
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
                Err(_) if self.update(|share| share.held_by(user)) > 0 => {
                    // It may be this one that was granted meanwhile.
                    return granted.try_recv().map_err(|_| QueryError::Busy);
                }
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

    /// Shares so many connections only for a while: the server takes no more.
    pub(crate) fn limit_to(&self, permits: usize) {
        let mut state = self.lock();
        state.share.limit_to(permits);
        state.limited_until = Some(Instant::now() + LIMIT_LIFE);
    }

    /// So many connections are there, whatever the server said: some were being made while it refused others.
    pub(crate) fn raise_limit_to(&self, permits: usize) {
        self.update(|share| share.raise_to(permits));
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.lock().limited_until.is_some()
    }

    /// Changes the share, and hands out what has become free.
    fn update<T>(&self, change: impl FnOnce(&mut Share) -> T) -> T {
        let mut granted = Vec::new();
        let mut state = self.lock();
        let is_over = |until: &mut Instant| *until <= Instant::now();
        if state.limited_until.take_if(is_over).is_some() {
            state.share.lift_limit();
            // Whoever waits comes before the one who asks now.
            self.grant(&mut state.share, &mut granted);
        }
        let changed = change(&mut state.share);
        self.grant(&mut state.share, &mut granted);
        drop(state);
        for (waiter, permit) in granted {
            // Whoever has gone meanwhile releases it by this.
            let _ = waiter.send(permit);
        }
        changed
    }

    fn grant(
        &self,
        share: &mut Share,
        granted: &mut Vec<(oneshot::Sender<FairPermit>, FairPermit)>,
    ) {
        while let Some((next, waiter)) = share.grant_next() {
            granted.push((waiter, self.permit(next)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        self.semaphore.update(|share| share.release(self.user));
    }
}

impl fmt::Debug for FairPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FairPermit({})", self.user)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut state = self.semaphore.lock();
        state.share.withdraw(self.user, self.ticket);
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

    #[tokio::test(start_paused = true)]
    async fn a_server_that_took_no_more_is_asked_again_after_a_while() {
        let semaphore = FairSemaphore::new(4, 8);
        let _held = semaphore.acquire(HEAVY, PATIENCE).await.unwrap();
        semaphore.limit_to(1);
        let start = Instant::now();
        assert!(semaphore.acquire(LIGHT, PATIENCE).await.is_ok());
        assert!(start.elapsed() >= LIMIT_LIFE, "{:?}", start.elapsed());
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
            assert_eq!(1, semaphore.lock().share.held_by(LIGHT));
        }
        assert_eq!(0, semaphore.lock().share.held_by(LIGHT));
        assert!(semaphore.acquire(HEAVY, PATIENCE).now_or_never().is_some());
    }
}
