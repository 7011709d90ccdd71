use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bb8::ManageConnection;
use futures_util::{FutureExt, future};
use tidegate_postgres::{Canceller, Connected, Connector, Socket, words};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::wire::{Bounded, HangUp, RowLimit};
use crate::QueryError;
use crate::breaker::Breaker;
use crate::fair_semaphore::FairPermit;
use crate::pool::{Generation, Pooled};

type Connection = tidegate_postgres::Connection<Bounded<Socket>>;

/// How long a connection that is closed may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after a request to cancel a server that goes on is told that nothing more comes.
const HANG_UP_AFTER: Duration = Duration::from_secs(2);
/// How long a query that goes on even then keeps its share of the pool. After that it counts as lost.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

pub(super) struct PostgresConnection {
    pub(super) client: Client,
    pub(super) rows: RowLimit,
    /// The session's time zone when it began.
    pub(super) zone: Option<String>,
    canceller: Canceller,
    end: Arc<OnceLock<End>>,
    generation: u64,
    state: State,
    did_begin: AtomicBool,
    hang_up: HangUp,
    /// The share of a query that was given up and goes on.
    permit: Option<FairPermit>,
    /// Reads and writes on the socket; ends after the client.
    task: Option<JoinHandle<()>>,
}

/// What the connection does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A query runs, or was given up: what the server would send next is not known then, so nobody else may
    /// get the connection.
    InUse,
    /// Nothing runs, and nobody may get it.
    Retired,
}

/// Why a connection ended.
pub(super) struct End {
    pub(super) reason: String,
    /// Not the server or the network: it sent something that is not understood.
    pub(super) is_defect: bool,
}

impl PostgresConnection {
    fn new(
        connected: Connected<Bounded<Socket>>,
        (rows, hang_up): (RowLimit, HangUp),
        connector: Arc<Connector>,
        generation: u64,
    ) -> Self {
        let Connected {
            client,
            connection,
            route,
        } = connected;
        let zone = connection.parameter("TimeZone").map(str::to_owned);
        let end = Arc::new(OnceLock::new());
        let task = tokio::spawn(drive(connection, end.clone(), hang_up.clone()));
        let canceller = Canceller::new(&client, connector, route);
        Self {
            client,
            rows,
            zone,
            canceller,
            end,
            generation,
            state: State::Idle,
            did_begin: AtomicBool::new(false),
            hang_up,
            permit: None,
            task: Some(task),
        }
    }

    /// A query begins.
    pub(super) fn begin(&mut self) {
        self.state = State::InUse;
        self.did_begin.store(false, Ordering::Relaxed);
    }

    /// The server has begun the transaction.
    pub(super) fn has_begun(&self) {
        self.did_begin.store(true, Ordering::Relaxed);
    }

    /// Whether it has: no statement of the query ran before.
    pub(super) fn did_begin(&self) -> bool {
        self.did_begin.load(Ordering::Relaxed)
    }

    /// The server waits for the next query.
    pub(super) fn end(&mut self) {
        self.state = State::Idle;
    }

    /// Why the connection ended, once it has.
    pub(super) fn reason(&self) -> Option<&End> {
        self.end.get()
    }

    fn is_running(&self) -> bool {
        self.state == State::InUse && !self.client.is_closed()
    }

    /// Asks the server to stop what runs; whether that came in time is seen by the query.
    pub(super) async fn cancel(&self) {
        self.canceller.cancel().await;
    }
}

impl Pooled for PostgresConnection {
    fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn retire(&mut self) {
        if self.state == State::Idle {
            self.state = State::Retired;
        }
    }

    fn keep_while_running(&mut self, permit: FairPermit) -> Option<FairPermit> {
        if !self.is_running() {
            return Some(permit);
        }
        self.permit = Some(permit);
        None
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        // Outside of a runtime the process ends, and the server sees the connection close.
        let (Some(task), Ok(runtime)) = (self.task.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let abandoned = self.is_running().then(|| Abandoned {
            canceller: self.canceller.clone(),
            hang_up: self.hang_up.clone(),
            _permit: self.permit.take(),
        });
        runtime.spawn(close(task, abandoned));
    }
}

/// A query that was given up while the server ran it.
struct Abandoned {
    canceller: Canceller,
    hang_up: HangUp,
    /// What it has of the pool, until it has ended.
    _permit: Option<FairPermit>,
}

/// Ends a connection whose client is gone: what still runs is cancelled, and a server that does not listen to
/// that, such as one that waits for data to copy, is told that nothing more comes. A query that goes on even so is
/// waited for, since the server works for it as for any other.
async fn close(mut task: JoinHandle<()>, abandoned: Option<Abandoned>) {
    let mut patience = CLOSE_TIMEOUT;
    if let Some(abandoned) = &abandoned {
        abandoned.canceller.cancel().await;
        let ended = tokio::time::timeout(HANG_UP_AFTER, &mut task).await;
        if ended.is_ok() {
            return;
        }
        abandoned.hang_up.now();
        patience = STOP_TIMEOUT;
    }
    let ended = tokio::time::timeout(patience, &mut task).await;
    if ended.is_err() {
        task.abort();
    }
}

/// Reads and writes until the connection ends. Notices of the server are nobody's business here.
async fn drive(mut connection: Connection, end: Arc<OnceLock<End>>, hang_up: HangUp) {
    let mut told = pin!(hang_up.told().fuse());
    loop {
        let message = tokio::select! {
            biased;
            message = future::poll_fn(|cx| connection.poll_message(cx)) => message,
            // The next look at the stream does it.
            () = &mut told => continue,
        };
        let Some(message) = message else { return };
        if let Err(err) = message {
            let source = std::error::Error::source(&err);
            let source = source.and_then(|source| source.downcast_ref::<io::Error>());
            let is_defect =
                source.is_some_and(|source| source.kind() == io::ErrorKind::InvalidData);
            let reason = words(&err);
            tracing::debug!(error = %reason, "a database connection ended");
            // Before those who wait for an answer hear of it, which is when the connection is dropped.
            let _ = end.set(End { reason, is_defect });
            return;
        }
    }
}

pub(super) struct PostgresManager {
    connector: Arc<Connector>,
    breaker: Breaker,
    generation: Generation,
}

impl PostgresManager {
    pub(super) fn new(connector: Connector, generation: Generation) -> Self {
        Self {
            connector: Arc::new(connector),
            breaker: Breaker::default(),
            generation,
        }
    }
}

impl ManageConnection for PostgresManager {
    type Connection = PostgresConnection;
    type Error = QueryError;

    async fn connect(&self) -> Result<PostgresConnection, QueryError> {
        let generation = self.generation.now();
        let attempt = self.breaker.attempt()?;
        let (rows, hang_up) = (RowLimit::new(), HangUp::default());
        let wrap = |socket| Bounded::new(socket, rows.clone(), hang_up.clone());
        let connected = self
            .connector
            .connect(&wrap)
            .await
            .map_err(QueryError::from);
        attempt.end(&connected);
        Ok(PostgresConnection::new(
            connected?,
            (rows.clone(), hang_up.clone()),
            self.connector.clone(),
            generation,
        ))
    }

    async fn is_valid(&self, connection: &mut PostgresConnection) -> Result<(), QueryError> {
        if self.has_broken(connection) {
            return Err(QueryError::ConnectionLost {
                reason: "the connection is closed".to_owned(),
            });
        }
        Ok(())
    }

    fn has_broken(&self, connection: &mut PostgresConnection) -> bool {
        connection.state != State::Idle || connection.client.is_closed()
    }
}
