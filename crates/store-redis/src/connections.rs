//! The pool of connections for commands.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, Pool, RecycleResult};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, ScriptInvocation,
};
use tidegate_store::{StoreError, StoreErrorKind};
use tidegate_types::ExposeSecret;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::RedisSettings;

/// A connection that was used more recently is taken as working, which saves a round trip.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// What is sent in one round trip. (A script that Redis does not know takes two more, once.)
pub(crate) enum Request<'a> {
    Command(Cmd),
    Transaction(Pipeline),
    Script(ScriptInvocation<'a>),
}

/// Whether a request may be carried out twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Twice is as good as once: it is sent again when the connection breaks.
    Harmless,
    /// Twice is not once: a broken connection is a time-out.
    Never,
}

impl Request<'_> {
    async fn send<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<T, RedisError> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Transaction(pipeline) => pipeline.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

/// Connections to one Redis.
pub(crate) struct Connections {
    pool: Pool<Manager>,
    command_timeout: Duration,
}

/// Why an attempt failed.
enum Failure {
    /// No connection: the request was not sent.
    NotSent(Box<dyn Error + Send + Sync>),
    /// No answer in time.
    Unanswered,
    /// The connection broke before the answer.
    Broken(RedisError),
    /// Redis answered with an error, or with something else than what was asked for.
    Refused(RedisError),
}

impl Connections {
    pub(crate) fn new(settings: &RedisSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            // The deadline of the whole operation is kept below.
            .set_response_timeout(None);
        let redis = deadpool_redis::Manager::new_with_config(settings.url.expose_secret(), config)?;
        let manager = Manager {
            redis: Arc::new(redis),
            runtime: Handle::current(),
        };
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size.max(1))
            .build()?;
        Ok(Self {
            pool,
            command_timeout: settings.command_timeout,
        })
    }

    /// Sends a request and decodes the answer, within the command time-out.
    pub(crate) async fn query<T: FromRedisValue>(
        &self,
        operation: &'static str,
        repeat: Repeat,
        request: Request<'_>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.command_timeout;
        let mut outcome = self.attempt(&request, deadline).await;
        if matches!(outcome, Err(Failure::Broken(_))) && repeat == Repeat::Harmless {
            outcome = self.attempt(&request, deadline).await;
        }
        outcome.map_err(|failure| failure.into_error(operation))
    }

    async fn attempt<T: FromRedisValue>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let mut connection = match timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(err)) => return Err(Failure::NotSent(err.into())),
            Err(elapsed) => return Err(Failure::NotSent(elapsed.into())),
        };
        match timeout_at(deadline, request.send(&mut connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(err)) if err.kind() == ErrorKind::Io => {
                drop(Object::take(connection));
                // Those that lie idle broke with it, most likely, and each would fail one more request.
                self.pool.retain(|_, _| false);
                Err(Failure::Broken(err))
            }
            Ok(Err(err)) => Err(Failure::Refused(err)),
            Err(_) => {
                // Requests behind the unanswered one would wait for it.
                drop(Object::take(connection));
                Err(Failure::Unanswered)
            }
        }
    }
}

impl Failure {
    fn into_error(self, operation: &'static str) -> StoreError {
        let (kind, source) = match self {
            Self::NotSent(reason) => (StoreErrorKind::Unavailable, Some(reason)),
            Self::Unanswered => (StoreErrorKind::Timeout, None),
            Self::Broken(err) => (StoreErrorKind::Timeout, Some(err.into())),
            Self::Refused(err) => (kind_of_refusal(&err), Some(err.into())),
        };
        StoreError {
            operation,
            kind,
            source,
        }
    }
}

/// What an answer that is an error means. Redis refuses before it changes anything: it is loading, out
/// of memory, a replica, or asks for a password. Only values of the wrong type are a defect of the data.
fn kind_of_refusal(err: &RedisError) -> StoreErrorKind {
    match err.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => StoreErrorKind::Corrupt,
        _ if err.code() == Some("WRONGTYPE") => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    }
}

/// Makes connections and decides which may be used again.
struct Manager {
    redis: Arc<deadpool_redis::Manager>,
    /// Serves the sockets, so that a connection made for one actix worker does not depend on it.
    runtime: Handle,
}

impl managed::Manager for Manager {
    type Type = MultiplexedConnection;
    type Error = RedisError;

    async fn create(&self) -> Result<MultiplexedConnection, RedisError> {
        let redis = Arc::clone(&self.redis);
        let made = self
            .runtime
            .spawn(async move { managed::Manager::create(&*redis).await });
        AbortOnDropHandle::new(made)
            .await
            .unwrap_or_else(|err| Err(std::io::Error::other(err).into()))
    }

    async fn recycle(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> RecycleResult<RedisError> {
        if metrics.last_used() < TRUSTED_FOR {
            return Ok(());
        }
        managed::Manager::recycle(&*self.redis, connection, metrics).await
    }
}
