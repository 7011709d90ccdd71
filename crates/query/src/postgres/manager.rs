use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bb8::ManageConnection;
use futures_util::future;
use tidegate_postgres::{Canceller, Connected, Connector, Socket, words};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::wire::{Bounded, RowLimit};
use crate::QueryError;
use crate::breaker::Breaker;
use crate::pool::{Generation, Pooled};

type Connection = tidegate_postgres::Connection<Bounded<Socket>>;

/// How long a connection that was given up may take to end by itself after that.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

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
        rows: RowLimit,
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
        let task = tokio::spawn(drive(connection, end.clone()));
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
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        // Outside of a runtime the process ends, and the server sees the connection close.
        let (Some(task), Ok(runtime)) = (self.task.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let canceller = (self.state == State::InUse && !self.client.is_closed())
            .then(|| self.canceller.clone());
        runtime.spawn(close(task, canceller));
    }
}

/// Ends a connection whose client is gone: what still runs is cancelled, and a server that does not listen to
/// that, such as one that waits for data to copy, sees the socket close.
async fn close(mut task: JoinHandle<()>, canceller: Option<Canceller>) {
    if let Some(canceller) = canceller {
        canceller.cancel().await;
    }
    if tokio::time::timeout(CLOSE_TIMEOUT, &mut task)
        .await
        .is_err()
    {
        task.abort();
    }
}

/// Reads and writes until the connection ends. Notices of the server are nobody's business here.
async fn drive(mut connection: Connection, end: Arc<OnceLock<End>>) {
    while let Some(message) = future::poll_fn(|cx| connection.poll_message(cx)).await {
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
        let rows = RowLimit::new();
        let wrap = |socket| Bounded::new(socket, rows.clone());
        let connected = self
            .connector
            .connect(&wrap)
            .await
            .map_err(QueryError::from);
        attempt.end(&connected);
        Ok(PostgresConnection::new(
            connected?,
            rows.clone(),
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
