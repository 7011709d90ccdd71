//! PostgreSQL: connections, what is tried again, and what is not.
//!
//! A read may be sent twice, so one that finds its connection gone is sent again on a new one. A change is sent once,
//! and only on a connection that stood a moment ago; when the connection is lost on the way, whether it happened is not
//! known, and the error says so.

mod breaker;
mod connection;
mod lease;
mod server;
mod transaction;

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, PoolError, TimeoutType, Timeouts};
use tidegate_postgres::Canceller;
use tidegate_types::SecretString;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;

use self::breaker::{Breaker, Waiting};
use self::connection::{Bound, Manager};
pub(crate) use self::connection::{Fate, fate};
use self::lease::Lease;
use self::server::Server;
pub(crate) use self::transaction::PostgresTransaction;
use crate::{DatabaseError, PoolSettings};

/// A connection on which the server answered more recently is taken as standing.
const TRUSTED_FOR: Duration = Duration::from_millis(100);

/// How soon a server that is told to stop a statement has to say so; else it hangs.
const CANCEL_GRACE: Duration = Duration::from_millis(500);

/// How long a transaction may wait for its next statement before the server ends it: longer than any call may take.
const LONGEST_IDLE: Duration = Duration::from_mins(5);

/// The connections to one PostgreSQL database.
pub(crate) struct PostgresPool {
    pool: managed::Pool<Manager>,
    breaker: Arc<Breaker>,
    settings: PoolSettings,
}

/// Why one attempt came to nothing.
pub(crate) enum Failure {
    /// No connection could be had.
    NoConnection(DatabaseError),
    /// It did not answer in time.
    Silent,
    /// The server, or the way to it, says so.
    Told(tokio_postgres::Error),
}

impl PostgresPool {
    /// Prepares connections. Lazily: the first statement connects. They are served by the runtime that this runs on.
    pub(crate) fn new(url: &SecretString, settings: PoolSettings) -> Result<Self, DatabaseError> {
        // A little less than what is waited here, so that an answer that says so comes first, and slowness is told from
        // silence.
        let margin = (settings.statement_timeout / 20).min(Duration::from_millis(500));
        let server_timeout = settings
            .statement_timeout
            .saturating_sub(margin)
            .max(Duration::from_millis(1));
        let server = Server::new(url, settings.acquire_timeout, server_timeout)
            .map_err(|reason| DatabaseError::Unsuitable { reason })?;
        let runtime = Handle::try_current().map_err(|_| DatabaseError::Unsuitable {
            reason: "connections to PostgreSQL need a tokio runtime".to_owned(),
        })?;
        let breaker = Arc::new(Breaker::new());
        let manager = Manager::new(server, Arc::clone(&breaker), server_timeout, runtime);
        let pool = managed::Pool::builder(manager)
            .max_size(settings.max_connections.max(1) as usize)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|err| DatabaseError::Unsuitable {
                reason: err.to_string(),
            })?;
        close_idle(pool.clone(), settings.idle_timeout);
        Ok(Self {
            pool,
            breaker,
            settings,
        })
    }

    /// Runs a reading statement.
    pub(crate) async fn fetch(
        &self,
        operation: &'static str,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, DatabaseError> {
        let deadline = Instant::now() + self.settings.statement_timeout;
        let mut outcome = self.fetch_once(operation, sql, values, deadline).await;
        if matches!(&outcome, Err(Failure::Told(err)) if fate(err) != Fate::Alive) {
            outcome = self.fetch_once(operation, sql, values, deadline).await;
        }
        outcome.map_err(|failure| failure.into_error(operation))
    }

    async fn fetch_once(
        &self,
        operation: &'static str,
        sql: &str,
        values: &[Bound<'_>],
        deadline: Instant,
    ) -> Result<Vec<Row>, Failure> {
        let mut lease = self.lease(operation, deadline).await?;
        let canceller = lease.is_pooled().then(|| lease.canceller());
        let mut is_free = true;
        let waiting = self.waiting();
        let answer = {
            let mut query = std::pin::pin!(lease.query(sql, values));
            match timeout_at(deadline, &mut query).await {
                Ok(answer) => Ok(answer),
                Err(late) => match canceller {
                    // Behind a pooler the server has no limit for it: it is told to stop, and says so if it is only slow.
                    Some(canceller) => match stop(&canceller, query).await {
                        Some((answer, was_told)) => {
                            is_free = was_told;
                            Ok(answer)
                        }
                        None => Err(late),
                    },
                    None => Err(late),
                },
            }
        };
        waiting.end();
        match answer {
            Ok(answer) if !is_free => {
                // The server answers, but the request to cancel is still under way and could hit the next statement.
                self.breaker.answered();
                lease.take();
                answer.map_err(Failure::Told)
            }
            answer => self.settle(lease, answer),
        }
    }

    /// Runs a changing statement. Returns how many rows it changed.
    pub(crate) async fn execute(
        &self,
        operation: &'static str,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<u64, DatabaseError> {
        let deadline = Instant::now() + self.settings.statement_timeout;
        let mut may_be_sent_again = false;
        let first = self.execute_once(operation, sql, values, deadline, &mut may_be_sent_again);
        let mut outcome = first.await;
        if outcome.is_err() && may_be_sent_again {
            let second =
                self.execute_once(operation, sql, values, deadline, &mut may_be_sent_again);
            outcome = second.await;
        }
        outcome.map_err(|failure| failure.into_error_of_change(operation))
    }

    async fn execute_once(
        &self,
        operation: &'static str,
        sql: &str,
        values: &[Bound<'_>],
        deadline: Instant,
        may_be_sent_again: &mut bool,
    ) -> Result<u64, Failure> {
        let mut lease = self.checked_lease(operation, deadline).await?;
        let waiting = self.waiting();
        let answer = timeout_at(deadline, lease.execute(sql, values)).await;
        waiting.end();
        let answer = answer.map(|answer| {
            answer.map_err(|failure| {
                *may_be_sent_again = failure.may_be_sent_again();
                failure.err
            })
        });
        self.settle(lease, answer)
    }

    /// Begins a transaction.
    pub(crate) async fn begin(
        &self,
        operation: &'static str,
    ) -> Result<PostgresTransaction, DatabaseError> {
        let deadline = Instant::now() + self.settings.statement_timeout;
        let mut outcome = self.begin_once(operation, deadline).await;
        // Nothing was done in it yet.
        if matches!(&outcome, Err(Failure::Told(err)) if fate(err) != Fate::Alive) {
            outcome = self.begin_once(operation, deadline).await;
        }
        outcome.map_err(|failure| failure.into_error(operation))
    }

    async fn begin_once(
        &self,
        operation: &'static str,
        deadline: Instant,
    ) -> Result<PostgresTransaction, Failure> {
        let lease = self.lease(operation, deadline).await?;
        // One message, and so one round trip. A node that vanishes in the middle leaves rows locked no longer than this.
        let idle = LONGEST_IDLE.as_millis();
        let mut begin = format!("BEGIN; SET LOCAL idle_in_transaction_session_timeout = {idle}");
        if lease.is_pooled() {
            // What a pooler does with a limit of the connection is not known.
            let millis = self.pool.manager().server_timeout().as_millis();
            // Writing to a string does not fail.
            let _ = write!(begin, "; SET LOCAL statement_timeout = {millis}");
        }
        match timeout_at(deadline, lease.script(&begin)).await {
            Ok(Ok(())) => {
                self.breaker.answered();
                Ok(PostgresTransaction::new(lease))
            }
            answer => self.settle(lease, answer).and(Err(Failure::Silent)),
        }
    }

    /// Runs SQL without values. Its time-out is the caller's business.
    pub(crate) async fn run_script(
        &self,
        operation: &'static str,
        sql: &str,
    ) -> Result<(), DatabaseError> {
        let deadline = Instant::now() + self.settings.acquire_timeout;
        let outcome = match self.checked_lease(operation, deadline).await {
            Ok(lease) => {
                let answer = lease.script(sql).await;
                self.settle(lease, Ok(answer))
            }
            Err(failure) => Err(failure),
        };
        outcome.map_err(|failure| failure.into_error_of_change(operation))
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// A connection, made if need be.
    async fn lease(&self, operation: &'static str, deadline: Instant) -> Result<Lease, Failure> {
        let unavailable = |source: crate::error::Source| {
            Failure::NoConnection(DatabaseError::Unavailable { operation, source })
        };
        let has_connection = || self.pool.status().available > 0;
        self.breaker.enter(has_connection).map_err(unavailable)?;
        let within = self.settings.acquire_timeout;
        let timeouts = Timeouts {
            wait: Some(within),
            create: Some(within),
            recycle: None,
        };
        match timeout_at(deadline, self.pool.timeout_get(&timeouts)).await {
            Ok(Ok(connection)) => Ok(Lease::new(connection)),
            Ok(Err(PoolError::Timeout(TimeoutType::Wait))) => {
                let count = self.settings.max_connections;
                Err(unavailable(
                    format!("all {count} connections are in use").into(),
                ))
            }
            Ok(Err(PoolError::Timeout(_))) | Err(_) => {
                self.breaker.silent();
                Err(unavailable("the server does not answer".into()))
            }
            Ok(Err(PoolError::Backend(err))) => Err(unavailable(err.into())),
            Ok(Err(err)) => Err(unavailable(err.into())),
        }
    }

    /// To be held while an answer is awaited: whoever gives up earlier than the statement's own time may be the first to
    /// know that the server is silent.
    fn waiting(&self) -> Waiting<'_> {
        Waiting::new(&self.breaker, self.settings.acquire_timeout)
    }

    /// A connection for what must not be sent twice: one that stood a moment ago.
    async fn checked_lease(
        &self,
        operation: &'static str,
        deadline: Instant,
    ) -> Result<Lease, Failure> {
        let lease = self.lease(operation, deadline).await?;
        if lease.silence() < TRUSTED_FOR {
            return Ok(lease);
        }
        let answer = timeout_at(deadline, lease.check()).await;
        match answer {
            Ok(Ok(())) => Ok(lease),
            Ok(Err(err)) if fate(&err) == Fate::Lost => {
                self.discard(lease);
                self.lease(operation, deadline).await
            }
            answer => self.settle(lease, answer).and(Err(Failure::Silent)),
        }
    }

    /// Puts the connection back, or not, after an answer.
    fn settle<T>(
        &self,
        lease: Lease,
        answer: Result<Result<T, tokio_postgres::Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, Failure> {
        match answer {
            Ok(Ok(answer)) => {
                self.breaker.answered();
                lease.put_back();
                Ok(answer)
            }
            Ok(Err(err)) => {
                match fate(&err) {
                    Fate::Alive => {
                        self.breaker.answered();
                        lease.put_back();
                    }
                    Fate::Lost => self.discard(lease),
                    Fate::Swapped => {
                        // Where that cannot be, the next connection says why.
                        let _ = self.pool.manager().found_pooler();
                        self.discard(lease);
                    }
                }
                Err(Failure::Told(err))
            }
            Err(_) => {
                self.breaker.silent();
                // Dropped in use: the server is told to stop, and the others are as suspect as this one.
                drop(lease);
                self.pool.manager().distrust_older();
                Err(Failure::Silent)
            }
        }
    }

    /// Gives a connection up, and with it all others that stand: what ended one most likely ended them.
    fn discard(&self, lease: Lease) {
        lease.take();
        self.pool.manager().distrust_older();
        self.pool.retain(|_, _| false);
    }
}

impl Failure {
    /// The error of what may be sent again, or was not sent.
    fn into_error(self, operation: &'static str) -> DatabaseError {
        match self {
            Self::NoConnection(err) => err,
            Self::Silent => DatabaseError::Timeout { operation },
            Self::Told(err) => DatabaseError::from_postgres(operation, err),
        }
    }

    /// The error of a change that was sent.
    fn into_error_of_change(self, operation: &'static str) -> DatabaseError {
        match self {
            Self::Told(err) if fate(&err) == Fate::Lost => DatabaseError::Interrupted {
                operation,
                source: err.into(),
            },
            other => other.into_error(operation),
        }
    }
}

/// Has the server stop a statement. Gives what the statement answers, if it does within the grace, and whether the server
/// has surely heard of the request by then.
async fn stop<T>(
    canceller: &Canceller,
    mut statement: Pin<&mut impl Future<Output = T>>,
) -> Option<(T, bool)> {
    let until = Instant::now() + CANCEL_GRACE;
    let mut told = std::pin::pin!(canceller.cancel());
    let mut was_told = false;
    let answer = async {
        loop {
            tokio::select! {
                answer = &mut statement => break answer,
                () = &mut told, if !was_told => was_told = true,
            }
        }
    };
    let answer = timeout_at(until, answer).await.ok()?;
    let was_told = was_told || timeout_at(until, told).await.is_ok();
    Some((answer, was_told))
}

/// Closes connections that are not used, for as long as the pool is there.
fn close_idle(pool: managed::Pool<Manager>, idle_timeout: Duration) {
    let weak = pool.weak();
    drop(pool);
    let every = (idle_timeout / 4).clamp(Duration::from_millis(100), Duration::from_mins(1));
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            let Some(pool) = weak.upgrade().filter(|pool| !pool.is_closed()) else {
                return;
            };
            pool.retain(|_, metrics| metrics.last_used() < idle_timeout);
        }
    });
}
