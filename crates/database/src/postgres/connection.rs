//! One connection: how it is made, what it remembers, and what an error of it means.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use futures_util::StreamExt as _;
use hashlink::LruCache;
use tidegate_postgres::{Canceller, ConnectError, ConnectFailure};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row, SimpleQueryMessage, Statement};

use super::breaker::Breaker;
use super::server::Server;

/// A connection is replaced after this time, so that all of them follow an address that moved.
const MAX_AGE: Duration = Duration::from_mins(30);

/// Statements remembered for each connection.
const MAX_STATEMENTS: usize = 256;

/// Tells the limit that is in force, in milliseconds.
const TIMEOUT: &str = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'";

/// A value and its type.
pub(super) type Bound<'a> = (&'a (dyn ToSql + Sync), Type);

/// Why a change did not end as it should.
pub(super) struct ChangeError {
    pub(super) err: Error,
    /// The server said that it had carried the statement out, so that it may have been committed.
    pub(super) is_completed: bool,
}

impl ChangeError {
    /// Whether the change surely did not happen, and may be sent again on another connection: the server ended this one
    /// before it had carried the statement out. (What ends without a word of the server's is not sure.)
    pub(super) fn may_be_sent_again(&self) -> bool {
        let is_ended = self
            .err
            .as_db_error()
            .is_some_and(|err| err.code().code().starts_with("57P"));
        fate(&self.err) == Fate::Swapped || (is_ended && !self.is_completed)
    }
}

/// A connection of the pool.
pub(crate) struct Connection {
    client: Client,
    canceller: Canceller,
    made: Instant,
    /// When the server last answered on it.
    answered_at: Instant,
    /// Between it and the server stands a pooler that gives each transaction another connection.
    is_pooled: bool,
    /// Statements that were run before, and once more, which is when the server is asked to remember them.
    statements: LruCache<String, Option<Statement>>,
}

impl Connection {
    fn new(client: Client, canceller: Canceller, made: Instant, is_pooled: bool) -> Self {
        Self {
            client,
            canceller,
            made,
            answered_at: Instant::now(),
            is_pooled,
            statements: LruCache::new(MAX_STATEMENTS),
        }
    }

    /// Runs a statement that gives rows. One round trip, but for the second time that the same statement is run.
    pub(super) async fn query(
        &mut self,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, Error> {
        match self.statement(sql, values).await? {
            None => self.client.query_typed(sql, values).await,
            Some(statement) => {
                let values: Vec<&(dyn ToSql + Sync)> =
                    values.iter().map(|(value, _)| *value).collect();
                self.client.query(&statement, &values).await
            }
        }
    }

    /// Runs a statement that changes rows, on its own. Returns how many.
    pub(super) async fn execute(
        &mut self,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<u64, ChangeError> {
        let before = |err| ChangeError {
            err,
            is_completed: false,
        };
        let rows = match self.statement(sql, values).await.map_err(before)? {
            None => {
                let values = values.iter().map(|(value, kind)| (*value, kind.clone()));
                self.client.query_typed_raw(sql, values).await
            }
            Some(statement) => {
                let values = values.iter().map(|(value, _)| *value);
                self.client.query_raw(&statement, values).await
            }
        };
        let mut rows = std::pin::pin!(rows.map_err(before)?);
        while let Some(row) = rows.next().await {
            if let Err(err) = row {
                let is_completed = rows.rows_affected().is_some();
                return Err(ChangeError { err, is_completed });
            }
        }
        Ok(rows.rows_affected().unwrap_or(0))
    }

    /// Runs SQL without values.
    pub(super) async fn script(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }

    /// Asks the server for nothing.
    pub(super) async fn check(&self) -> Result<(), Error> {
        self.client.check_connection().await
    }

    /// Whether it is known that the server is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The server has just answered.
    pub(super) fn note_answer(&mut self) {
        self.answered_at = Instant::now();
    }

    /// How long the server has not been heard of.
    pub(super) fn silence(&self) -> Duration {
        self.answered_at.elapsed()
    }

    pub(super) fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    pub(super) fn is_pooled(&self) -> bool {
        self.is_pooled
    }

    /// The statement as the server remembers it; `None` when it is sent as a whole, which is as fast for one that comes
    /// once, and all that a pooler lets through: what one server was told to remember, the next does not know.
    async fn statement(
        &mut self,
        sql: &str,
        values: &[Bound<'_>],
    ) -> Result<Option<Statement>, Error> {
        if self.is_pooled {
            return Ok(None);
        }
        match self.statements.get(sql) {
            Some(Some(statement)) => Ok(Some(statement.clone())),
            Some(None) => {
                let types: Vec<Type> = values.iter().map(|(_, kind)| kind.clone()).collect();
                let statement = self.client.prepare_typed(sql, &types).await?;
                self.statements
                    .insert(sql.to_owned(), Some(statement.clone()));
                Ok(Some(statement))
            }
            None => {
                self.statements.insert(sql.to_owned(), None);
                Ok(None)
            }
        }
    }
}

/// Makes connections and decides which may be used again.
pub(super) struct Manager {
    server: Server,
    /// Told of connections that could not be made, and asked before one is.
    breaker: Arc<Breaker>,
    /// Runs what serves the sockets, so that a connection made for one caller does not end with the caller's thread. Not that
    /// of the tools, where the calls that wait run: it would spare them being woken, but tools may block all of its threads,
    /// and rights, validation and the audit use the same connections.
    runtime: Handle,
    /// How long the server lets a statement run.
    server_timeout: Duration,
    /// Found out when a connection is made, and when one turns out to be another than it was.
    is_pooled: AtomicBool,
    born: Instant,
    /// Connections made earlier are not used again: nanoseconds since [`Self::born`].
    not_before: AtomicU64,
}

impl Manager {
    pub(super) fn new(
        server: Server,
        breaker: Arc<Breaker>,
        server_timeout: Duration,
        runtime: Handle,
    ) -> Self {
        Self {
            server,
            breaker,
            runtime,
            server_timeout,
            is_pooled: AtomicBool::new(false),
            born: Instant::now(),
            not_before: AtomicU64::new(0),
        }
    }

    /// Connections made until now are not used again.
    pub(super) fn distrust_older(&self) {
        let now = self.nanos_until(Instant::now());
        self.not_before.fetch_max(now, Ordering::Relaxed);
    }

    /// A pooler was found where a server's own connection was expected.
    ///
    /// # Errors
    /// The URI has options for the server, which do not come through.
    pub(super) fn found_pooler(&self) -> Result<(), ConnectError> {
        if self.server.has_options() {
            return Err(ConnectError {
                cause: ConnectFailure::Other,
                reason: "the URI's options do not come through the pooler before the server: set them for the role \
                         (ALTER ROLE … SET …), or connect without the pooler"
                    .to_owned(),
                code: None,
            });
        }
        if !self.is_pooled.swap(true, Ordering::Relaxed) {
            tracing::info!(
                "PostgreSQL is reached through a pooler such as PgBouncer: statements are not prepared, and their time is limited from here"
            );
        }
        Ok(())
    }

    /// How long the server lets a statement run.
    pub(super) fn server_timeout(&self) -> Duration {
        self.server_timeout
    }

    fn nanos_until(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.born);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    async fn connect(&self) -> Result<Connection, ConnectError> {
        let made = Instant::now();
        if !self.is_pooled.load(Ordering::Relaxed) {
            match self.server.connect(true, &self.runtime).await {
                Ok((client, canceller)) => {
                    // A pooler may be told to pass over what it does not know.
                    let is_kept = self.is_limited(&client).await?;
                    if !is_kept {
                        self.found_pooler()?;
                    }
                    return Ok(Connection::new(client, canceller, made, !is_kept));
                }
                Err(err) if refuses_options(&err) => self.found_pooler()?,
                Err(err) => return Err(err),
            }
        }
        let (client, canceller) = self.server.connect(false, &self.runtime).await?;
        Ok(Connection::new(client, canceller, made, true))
    }

    /// Whether the server took the limit that it was asked for.
    async fn is_limited(&self, client: &Client) -> Result<bool, ConnectError> {
        let expected = self.server_timeout.as_millis().to_string();
        let answer = client.simple_query(TIMEOUT).await;
        let answer = answer.map_err(|err| ConnectError {
            cause: ConnectFailure::Other,
            reason: tidegate_postgres::words(&err),
            code: None,
        })?;
        Ok(answer.iter().any(|message| {
            matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some(&*expected))
        }))
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = ConnectError;

    async fn create(&self) -> Result<Connection, ConnectError> {
        self.breaker.may_connect()?;
        // Rare and large: every read would carry it otherwise.
        let made = Box::pin(self.connect()).await;
        made.inspect_err(|err| self.breaker.failed_to_connect(err))
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        _: &Metrics,
    ) -> RecycleResult<ConnectError> {
        // Without a round trip: a read that finds the server gone goes on another connection.
        let is_usable = !connection.is_closed()
            && connection.made.elapsed() < MAX_AGE
            && self.nanos_until(connection.made) >= self.not_before.load(Ordering::Relaxed)
            && connection.is_pooled == self.is_pooled.load(Ordering::Relaxed);
        if is_usable {
            Ok(())
        } else {
            Err(RecycleError::message("it is closed, old or in doubt"))
        }
    }
}

/// What an error says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on.
    Alive,
    /// It is gone, and with it what the server knew of it.
    Lost,
    /// The server does not know what the connection had told it: a pooler gave it to another one. Nothing was done.
    Swapped,
}

pub(crate) fn fate(err: &Error) -> Fate {
    let is_io = err
        .source()
        .is_some_and(|source| source.downcast_ref::<io::Error>().is_some());
    if err.is_closed() || is_io {
        return Fate::Lost;
    }
    let Some(code) = err.code() else {
        return Fate::Alive;
    };
    if *code == SqlState::INVALID_SQL_STATEMENT_NAME || *code == SqlState::DUPLICATE_PSTATEMENT {
        return Fate::Swapped;
    }
    // Class 08: the connection, or a pooler's own words. Class 57P: the server ended it, or is about to end or begin.
    let code = code.code();
    if code.starts_with("08") || code.starts_with("57P") {
        return Fate::Lost;
    }
    // A statement that was remembered before its table changed.
    let is_outdated = code == SqlState::FEATURE_NOT_SUPPORTED.code()
        && err
            .as_db_error()
            .is_some_and(|err| err.message().starts_with("cached plan"));
    if is_outdated { Fate::Lost } else { Fate::Alive }
}

/// Whether a pooler refused what is asked of the server when a connection begins: PgBouncer by `08P01 unsupported startup
/// parameter: options`, others in words of their own.
fn refuses_options(err: &ConnectError) -> bool {
    let message = err.reason.to_ascii_lowercase();
    let is_kind = matches!(
        err.code.as_deref(),
        Some("08P01" | "0A000" | "42704" | "22023")
    );
    is_kind && (message.contains("option") || message.contains("startup parameter"))
}
