//! What both engines do to get a connection.

use std::sync::Arc;
use std::time::Duration;

use bb8::{ErrorSink, ManageConnection, Pool, PooledConnection, RunError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::{Query, QueryError};

/// How much of a database one node uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// Queries at a time, and so connections.
    pub connections: u32,
    /// Callers that may wait for a connection; further ones are told `Busy` at once.
    pub waiting: u32,
    /// How long a caller waits.
    pub checkout_timeout: Duration,
    /// An unused connection is closed after this time.
    pub idle_timeout: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            connections: 8,
            waiting: 64,
            checkout_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(5),
        }
    }
}

/// A pool with a bound on those who wait for it.
pub(crate) struct Connections<M: ManageConnection<Error = QueryError>> {
    pool: Pool<M>,
    places: Arc<Semaphore>,
    failure: watch::Receiver<Option<String>>,
}

/// A connection, until it is dropped.
pub(crate) struct Lease<M: ManageConnection<Error = QueryError>> {
    pub(crate) connection: PooledConnection<'static, M>,
    /// When the query must be over.
    pub(crate) deadline: Instant,
    _place: OwnedSemaphorePermit,
}

impl<M: ManageConnection<Error = QueryError>> Connections<M> {
    pub(crate) fn new(manager: M, limits: PoolLimits) -> Self {
        let (told, failure) = watch::channel(None);
        let pool = Pool::builder()
            .max_size(limits.connections.max(1))
            .min_idle(0)
            .connection_timeout(limits.checkout_timeout.max(Duration::from_millis(1)))
            .idle_timeout(Some(limits.idle_timeout))
            .retry_connection(false)
            // Whether a connection still lives is seen when it is used; asking each time would cost every
            // query a round trip.
            .test_on_check_out(false)
            .error_sink(Box::new(Failures(Arc::new(told))))
            .build_unchecked(manager);
        let places = limits.connections.max(1).saturating_add(limits.waiting);
        Self {
            pool,
            places: Arc::new(Semaphore::new(places as usize)),
            failure,
        }
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// `Busy`: too many wait, or the wait was too long. `Unavailable`: none could be made. `Cancelled`.
    pub(crate) async fn lease(&self, query: &Query) -> Result<Lease<M>, QueryError> {
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|_| QueryError::Busy)?;
        let deadline = Instant::now() + query.timeout;
        // The pool makes connections in the background and tells nobody who waits that it failed.
        let mut failure = self.failure.clone();
        failure.mark_unchanged();
        let connection = tokio::select! {
            biased;
            () = query.cancel.cancelled() => return Err(QueryError::Cancelled),
            connection = self.pool.get_owned() => connection.map_err(|err| match err {
                RunError::User(err) => err,
                RunError::TimedOut => QueryError::Busy,
            })?,
            Ok(()) = failure.changed() => {
                let reason = failure.borrow().clone().unwrap_or_default();
                return Err(QueryError::Unavailable { reason });
            }
            () = tokio::time::sleep_until(deadline) => return Err(QueryError::Busy),
        };
        Ok(Lease {
            connection,
            deadline,
            _place: place,
        })
    }
}

#[derive(Debug, Clone)]
struct Failures(Arc<watch::Sender<Option<String>>>);

impl ErrorSink<QueryError> for Failures {
    fn sink(&self, error: QueryError) {
        let reason = match error {
            QueryError::Unavailable { reason } => reason,
            other => other.to_string(),
        };
        self.0.send_replace(Some(reason));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<QueryError>> {
        Box::new(self.clone())
    }
}
