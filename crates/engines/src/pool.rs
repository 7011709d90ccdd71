//! What both engines do to get a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bb8::{ErrorSink, ManageConnection, Pool, PooledConnection, RunError};
use tidegate_postgres::ConnectFailure as ServerFailure;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::fair_semaphore::{FairPermit, FairSemaphore};
use crate::{ConnectFailure, Query, QueryError};

/// How much of a database one node uses. Connections and waiting places are shared by the users who ask: one of them
/// alone may have at most about three quarters, so that the next one need not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PoolLimits {
    /// Queries at a time, and so connections.
    pub connections: u32,
    /// Queries that may wait for a connection; further ones are told `Busy` at once. Waiting costs next to nothing, and
    /// who is told to come again costs a call each time.
    pub waiting: u32,
    /// How long a query waits for another one of the same user to end, or for a new connection. Behind other users
    /// alone it waits until its own time is over.
    pub checkout_timeout: Duration,
    /// An unused connection is closed after this time.
    pub idle_timeout: Duration,
    /// How long a commit is waited for before it is cancelled. Its answer is then waited for as long again.
    pub commit_timeout: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            connections: 8,
            waiting: 1_024,
            checkout_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_mins(5),
            commit_timeout: Duration::from_secs(10),
        }
    }
}

/// A pooled connection.
pub(crate) trait Pooled {
    /// Whether it is known to have ended.
    fn is_closed(&self) -> bool;

    /// Which of the pool's generations it was made in.
    fn generation(&self) -> u64;

    /// Lets the pool close it instead of lending it again.
    fn retire(&mut self);

    /// Keeps the permit while the server goes on with a query that was given up. Gives it back where nothing runs.
    fn keep_while_running(&mut self, permit: FairPermit) -> Option<FairPermit>;
}

/// Counts the times that all of a pool's connections were given up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Generation(Arc<AtomicU64>);

impl Generation {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// A pool that is shared fairly by its users, with a bound on those who wait for it.
pub(crate) struct Connections<M: ManageConnection<Error = QueryError>> {
    pool: Pool<M>,
    permits: FairSemaphore,
    checkout_timeout: Duration,
    failure: watch::Receiver<Option<(ConnectFailure, String)>>,
    generation: Generation,
}

/// A connection, until it is dropped. The user's share is taken until what runs on it has ended, which may be later.
pub(crate) struct Lease<M>
where
    M: ManageConnection<Error = QueryError, Connection: Pooled>,
{
    // Goes back to the pool before the permit does.
    pub(crate) connection: PooledConnection<'static, M>,
    permit: Option<FairPermit>,
}

impl<M> Drop for Lease<M>
where
    M: ManageConnection<Error = QueryError, Connection: Pooled>,
{
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.permit = self.connection.keep_while_running(permit);
        }
    }
}

impl<M> Connections<M>
where
    M: ManageConnection<Error = QueryError>,
    M::Connection: Pooled,
{
    /// `generation` is the one that the manager stamps its connections with.
    pub(crate) fn new(manager: M, generation: Generation, limits: PoolLimits) -> Self {
        let (told, failure) = watch::channel(None);
        let connections = limits.connections.max(1);
        let checkout_timeout = limits.checkout_timeout.max(Duration::from_millis(1));
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(0)
            .connection_timeout(checkout_timeout)
            .idle_timeout(Some(limits.idle_timeout))
            .retry_connection(false)
            // Whether a connection still lives is seen when it is used; asking each time would cost every
            // query a round trip.
            .test_on_check_out(false)
            .error_sink(Box::new(Failures(Arc::new(told))))
            .build_unchecked(manager);
        Self {
            pool,
            permits: FairSemaphore::new(connections as usize, limits.waiting as usize),
            checkout_timeout,
            failure,
            generation,
        }
    }

    /// Waits for a connection that is not known to have ended.
    ///
    /// # Errors
    /// `Busy`: too many queries wait, of the user or of all, or the wait was too long. `Unavailable`: none could be
    /// made. `Cancelled`.
    pub(crate) async fn lease(
        &self,
        query: &Query,
        deadline: Instant,
    ) -> Result<Lease<M>, QueryError> {
        let leased = async {
            loop {
                let permit = self.permits.acquire(query.user, self.checkout_timeout);
                match self.connect(permit.await?).await {
                    Ok(lease) => return Ok(lease),
                    Err(NoConnection::Failed(err)) => return Err(err),
                    // It waits for its share of those that are there.
                    Err(NoConnection::Crowded) => tokio::time::sleep(CROWDED_PAUSE).await,
                }
            }
        };
        tokio::select! {
            biased;
            () = query.cancel.cancelled() => Err(QueryError::Cancelled),
            lease = leased => lease,
            () = tokio::time::sleep_until(deadline) => Err(QueryError::Busy),
        }
    }

    async fn connect(&self, permit: FairPermit) -> Result<Lease<M>, NoConnection> {
        loop {
            let mut connection = self.connection().await?;
            if connection.generation() < self.generation.now() || connection.is_closed() {
                // It died while it was idle. The pool drops it, and in the end makes a new one.
                connection.retire();
                continue;
            }
            if self.permits.is_limited() {
                let connections = self.pool.state().connections;
                self.permits.raise_limit_to(connections as usize);
            }
            return Ok(Lease {
                connection,
                permit: Some(permit),
            });
        }
    }

    async fn connection(&self) -> Result<PooledConnection<'static, M>, NoConnection> {
        // The pool makes connections in the background and tells nobody who waits that it failed.
        let mut failure = self.failure.clone();
        failure.mark_unchanged();
        tokio::select! {
            biased;
            connection = self.pool.get_owned() => {
                connection.map_err(|err| NoConnection::Failed(self.failed(err)))
            }
            Ok(()) = failure.changed() => {
                let last = failure.borrow_and_update().clone();
                let (cause, reason) = last.unwrap_or((OTHER, String::new()));
                let connections = self.pool.state().connections;
                if cause == ConnectFailure::Server(ServerFailure::TooManyConnections)
                    && connections > 0
                {
                    // Those that are there will do, once they are free. While this one still counts, so that
                    // nobody else tries in its place.
                    self.permits.limit_to(connections as usize);
                    return Err(NoConnection::Crowded);
                }
                Err(NoConnection::Failed(QueryError::Unavailable { cause, reason }))
            }
        }
    }

    fn failed(&self, err: RunError<QueryError>) -> QueryError {
        match err {
            RunError::User(err) => err,
            RunError::TimedOut if self.pool.state().connections == 0 => QueryError::Unavailable {
                cause: ConnectFailure::Server(ServerFailure::TimedOut),
                reason: "no connection was made in time".to_owned(),
            },
            RunError::TimedOut => QueryError::Busy,
        }
    }

    /// Gives up every connection that was made before: one of them ended, and its neighbours may have, too.
    pub(crate) fn renew(&self) {
        self.generation.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Before somebody whom the server took no connection for looks for one again.
const CROWDED_PAUSE: Duration = Duration::from_millis(20);

/// Why there is no connection.
enum NoConnection {
    /// The server takes no more of them, but there are some.
    Crowded,
    Failed(QueryError),
}

const OTHER: ConnectFailure = ConnectFailure::Server(ServerFailure::Other);

#[derive(Debug, Clone)]
struct Failures(Arc<watch::Sender<Option<(ConnectFailure, String)>>>);

impl ErrorSink<QueryError> for Failures {
    fn sink(&self, error: QueryError) {
        self.0.send_replace(Some(match error {
            QueryError::Unavailable { cause, reason } => (cause, reason),
            other => (OTHER, other.to_string()),
        }));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<QueryError>> {
        Box::new(self.clone())
    }
}
