use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::Row;

use super::connection::{Bound, Fate, fate};
use super::lease::Lease;
use crate::DatabaseError;

/// How long undoing a transaction may take before its connection is closed instead, which undoes it too.
const ROLLBACK_DEADLINE: Duration = Duration::from_secs(5);

/// A transaction that is open. Dropping it undoes what it did.
pub(crate) struct PostgresTransaction {
    /// `None` once it is over, one way or the other.
    lease: Option<Lease>,
}

impl PostgresTransaction {
    pub(super) fn new(lease: Lease) -> Self {
        Self { lease: Some(lease) }
    }

    pub(crate) async fn fetch(
        &mut self,
        operation: &'static str,
        deadline: Duration,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, DatabaseError> {
        let mut lease = self.take(operation)?;
        let answer = timeout(deadline, lease.query(sql, values)).await;
        self.settle(operation, lease, answer)
    }

    pub(crate) async fn execute(
        &mut self,
        operation: &'static str,
        deadline: Duration,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<u64, DatabaseError> {
        let mut lease = self.take(operation)?;
        let answer = timeout(deadline, lease.execute(sql, values)).await;
        let answer = answer.map(|answer| answer.map_err(|failure| failure.err));
        self.settle(operation, lease, answer)
    }

    pub(crate) async fn run_script(
        &mut self,
        operation: &'static str,
        deadline: Duration,
        sql: &str,
    ) -> Result<(), DatabaseError> {
        let lease = self.take(operation)?;
        let answer = timeout(deadline, lease.script(sql)).await;
        self.settle(operation, lease, answer)
    }

    /// Makes it lasting.
    pub(crate) async fn commit(
        mut self,
        operation: &'static str,
        deadline: Duration,
    ) -> Result<(), DatabaseError> {
        let lease = self.take(operation)?;
        match timeout(deadline, lease.script("COMMIT")).await {
            Ok(Ok(())) => {
                lease.put_back();
                Ok(())
            }
            Ok(Err(err)) if fate(&err) == Fate::Alive => {
                // It was undone; a constraint that is checked at the end says why.
                lease.put_back();
                Err(DatabaseError::from_postgres(operation, err))
            }
            Ok(Err(err)) => {
                lease.take();
                Err(DatabaseError::Interrupted {
                    operation,
                    source: err.into(),
                })
            }
            Err(_) => {
                // Not dropped: to cancel what may be about to be done would only make it less sure.
                lease.take();
                Err(DatabaseError::Timeout { operation })
            }
        }
    }

    /// The connection for one statement. A transaction whose connection was given up stays over.
    fn take(&mut self, operation: &'static str) -> Result<Lease, DatabaseError> {
        self.lease.take().ok_or_else(|| DatabaseError::Unavailable {
            operation,
            source: "the transaction was undone, since its connection was lost".into(),
        })
    }

    fn settle<T>(
        &mut self,
        operation: &'static str,
        lease: Lease,
        answer: Result<Result<T, tokio_postgres::Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, DatabaseError> {
        match answer {
            Ok(Ok(answer)) => {
                self.lease = Some(lease);
                Ok(answer)
            }
            Ok(Err(err)) => {
                if fate(&err) == Fate::Alive {
                    self.lease = Some(lease);
                } else {
                    lease.take();
                }
                // Whatever was done before is undone: nothing of it was committed.
                Err(DatabaseError::from_postgres(operation, err))
            }
            // The lease is dropped in use, so that the server stops and undoes it.
            Err(_) => Err(DatabaseError::Timeout { operation }),
        }
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                match timeout(ROLLBACK_DEADLINE, lease.script("ROLLBACK")).await {
                    Ok(Ok(())) => lease.put_back(),
                    _ => lease.take(),
                }
            })),
            Err(_) => lease.take(),
        }
    }
}
