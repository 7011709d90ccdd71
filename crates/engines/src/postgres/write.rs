//! Changes: each comes to its end on a task of its own, and whoever asked hears the truth about it.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::engine::{ends_session, failed, roll_back, run_statements};
use super::manager::{PostgresConnection, PostgresManager};
use crate::pool::{Connections, Lease, Pooled};
use crate::{Query, QueryError, ResultSet};

/// Runs the statements of a write, and commits.
///
/// Dropping the future before the commit rolls back. After that the write goes on without its caller.
///
/// # Errors
/// `OutcomeUnknown`: the server did not say whether the commit came about. With any other error nothing was
/// changed.
pub(super) async fn run(
    connections: &Connections<PostgresManager>,
    query: Query,
    commit_timeout: Duration,
) -> Result<Vec<ResultSet>, QueryError> {
    let deadline = Instant::now() + query.timeout;
    // Dropped with this future.
    let abandoned = CancellationToken::new();
    let _guard = abandoned.clone().drop_guard();
    let mut is_first = true;
    loop {
        let lease = connections.lease(&query, deadline).await?;
        let write = Write {
            query: query.clone(),
            deadline,
            abandoned: abandoned.clone(),
            commit_timeout,
        };
        // It panicked, or the runtime ends: how far it came is not known.
        let ended = tokio::spawn(write.run(lease)).await;
        let (outcome, did_begin) = ended.map_err(|_| QueryError::OutcomeUnknown)?;
        match outcome {
            // It had died while it was idle: no statement ran.
            Err(QueryError::ConnectionLost { .. }) if is_first && !did_begin => {
                is_first = false;
                connections.renew();
            }
            outcome => return outcome,
        }
    }
}

struct Write {
    query: Query,
    deadline: Instant,
    abandoned: CancellationToken,
    commit_timeout: Duration,
}

impl Write {
    /// What came of it, and whether it began at all.
    async fn run(
        self,
        mut lease: Lease<PostgresManager>,
    ) -> (Result<Vec<ResultSet>, QueryError>, bool) {
        let Self {
            query,
            deadline,
            abandoned,
            commit_timeout,
        } = self;
        lease.connection.begin();
        let outcome = tokio::select! {
            biased;
            () = query.cancel.cancelled() => Err(QueryError::Cancelled),
            () = abandoned.cancelled() => Err(QueryError::Cancelled),
            () = tokio::time::sleep_until(deadline) => {
                Err(QueryError::Timeout { after: query.timeout })
            }
            outcome = run_statements(&lease.connection, &query) => outcome,
        };
        // From here on nothing may come between: neither a cancel nor the deadline.
        let outcome = match outcome {
            Ok(outcome) => {
                let committed = commit(&lease.connection, commit_timeout, query.timeout).await;
                committed.map(|()| outcome.results)
            }
            Err(err) => {
                if matches!(err, QueryError::Database { .. }) {
                    // The connection goes either way; this frees its locks before the caller hears of it.
                    let _ = roll_back(&lease.connection).await;
                }
                Err(err)
            }
        };
        if matches!(&outcome, Ok(_) | Err(QueryError::Database { .. })) {
            // The server waits for a query, so there is nothing to cancel.
            lease.connection.end();
        }
        let did_begin = lease.connection.did_begin();
        // Temporary tables, settings, locks, prepared statements: a function may have left any of them.
        lease.connection.retire();
        (outcome, did_begin)
    }
}

/// Commits, and waits for the answer. A commit that takes too long, in a deferred trigger for instance, is
/// cancelled, and then the answer to it tells what came of it.
async fn commit(
    connection: &PostgresConnection,
    patience: Duration,
    given: Duration,
) -> Result<(), QueryError> {
    let mut sent = std::pin::pin!(connection.client.batch_execute("COMMIT"));
    if let Ok(answer) = timeout(patience, &mut sent).await {
        return answer.map_err(|err| not_committed(connection, &err));
    }
    // Side by side: together they take no longer than the answer may.
    let (answer, ()) = tokio::join!(timeout(patience, sent), connection.cancel());
    match answer {
        Ok(Ok(())) => Ok(()),
        Ok(Err(err)) => Err(match not_committed(connection, &err) {
            QueryError::Database { .. } => QueryError::Timeout { after: given },
            other => other,
        }),
        Err(_) => Err(QueryError::OutcomeUnknown),
    }
}

/// The server's refusal of a commit rolls back; anything else says nothing.
fn not_committed(connection: &PostgresConnection, err: &tokio_postgres::Error) -> QueryError {
    match err.as_db_error() {
        Some(db) if !ends_session(db) => failed(connection, err),
        _ => QueryError::OutcomeUnknown,
    }
}
