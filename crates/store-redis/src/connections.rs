//! The pool of connections for commands.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, Pool, RecycleError, RecycleResult};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError,
    ScriptInvocation, ServerError,
};
use tidegate_store::{StoreError, StoreErrorKind};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::RedisSettings;

/// A connection that was used more recently is taken as working, which saves a round trip.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A younger connection that leads to the wrong server is kept: the address itself leads there still, and making
/// connections again and again would only add to the trouble.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// How long an old connection is kept on when no other can be made.
const POSTPONED: Duration = Duration::from_secs(30);

/// Answers that mean: another server than this one should be asked, or this one in another way. Redis says so before it
/// carries anything out. It is (or was made) a replica, is loading its data, has lost its replicas or its cluster, or
/// wants a password that was not asked for when the connection was made.
const ELSEWHERE: [&str; 10] = [
    "READONLY",
    "LOADING",
    "MASTERDOWN",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MOVED",
    "ASK",
    "NOAUTH",
    "WRONGPASS",
];

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
    /// Told each time that connections turned out to lead to the wrong server.
    moved: Arc<Notify>,
}

/// Why an attempt failed.
enum Failure {
    /// No connection: the request was not sent.
    NotSent(Box<dyn Error + Send + Sync>),
    /// No answer in time.
    Unanswered,
    /// The connection broke before the answer.
    Broken(RedisError),
    /// The connection led to a server that does not carry out such requests (any more); another one may lead elsewhere.
    Elsewhere(RedisError),
    /// Redis answered with an error, or with something else than what was asked for.
    Refused(RedisError),
}

impl Connections {
    pub(crate) fn new(
        settings: &RedisSettings,
        client: &Client,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            // The deadline of the whole operation is kept below.
            .set_response_timeout(None);
        let server = client.get_connection_info().clone();
        let manager = Manager {
            redis: Arc::new(deadpool_redis::Manager::new_with_config(server, config)?),
            runtime: Handle::current(),
            max_age: settings.max_connection_age,
            renewal_timeout: settings.connect_timeout.min(settings.command_timeout / 2),
            born: Instant::now(),
            made: AtomicU32::new(0),
            not_before: AtomicU64::new(0),
        };
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size.max(1))
            .build()?;
        Ok(Self {
            pool,
            command_timeout: settings.command_timeout,
            moved: Arc::default(),
        })
    }

    /// Told each time that connections turned out to lead to the wrong server: it was the primary, and is not any more.
    pub(crate) fn moved(&self) -> Arc<Notify> {
        Arc::clone(&self.moved)
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
        let is_sent_again = match &outcome {
            Err(Failure::Broken(_)) => repeat == Repeat::Harmless,
            Err(Failure::Elsewhere(_)) => true,
            _ => false,
        };
        if is_sent_again {
            outcome = self.attempt(&request, deadline).await;
        }
        outcome.map_err(|failure| failure.into_error(operation))
    }

    async fn attempt<T: FromRedisValue>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let mut pooled = match timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(pooled)) => pooled,
            Ok(Err(err)) => return Err(Failure::NotSent(err.into())),
            Err(elapsed) => return Err(Failure::NotSent(elapsed.into())),
        };
        match timeout_at(deadline, request.send(&mut pooled.connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(err)) if err.kind() == ErrorKind::Io => {
                drop(Object::take(pooled));
                // Those that lie idle broke with it, most likely, and each would fail one more request.
                self.pool.retain(|_, _| false);
                Err(Failure::Broken(err))
            }
            Ok(Err(err)) if is_elsewhere(&err) => {
                if pooled.made.elapsed() < FRESH_FOR {
                    return Err(Failure::Refused(err));
                }
                tracing::warn!(
                    reason = %err,
                    "redis is not the primary, or not ready, where connections lead: others are made"
                );
                drop(Object::take(pooled));
                // Those in use as well, once they come back.
                self.pool.manager().distrust_older();
                self.pool.retain(|_, _| false);
                self.moved.notify_one();
                Err(Failure::Elsewhere(err))
            }
            Ok(Err(err)) => Err(Failure::Refused(err)),
            Err(_) => {
                // Requests behind the unanswered one would wait for it.
                drop(Object::take(pooled));
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
            Self::Elsewhere(err) => (StoreErrorKind::Unavailable, Some(err.into())),
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

/// Whether the answer means that another server should be asked.
fn is_elsewhere(err: &RedisError) -> bool {
    err.clone()
        .into_server_errors()
        .is_some_and(|errors| errors.iter().any(|(_, error)| says_elsewhere(error)))
}

fn says_elsewhere(error: &ServerError) -> bool {
    if ELSEWHERE.contains(&error.code()) {
        return true;
    }
    // A transaction that is given up says why behind its own code, as does a script before Redis 7.
    let is_wrapped = matches!(error.code(), "EXECABORT" | "ERR");
    is_wrapped
        && error.details().is_some_and(|details| {
            details
                .split(|c: char| !c.is_ascii_uppercase())
                .any(|word| ELSEWHERE.contains(&word))
        })
}

/// Makes connections and decides which may be used again.
struct Manager {
    redis: Arc<deadpool_redis::Manager>,
    /// Serves the sockets, so that a connection made for one actix worker does not depend on it.
    runtime: Handle,
    max_age: Duration,
    /// How long replacing an old connection may take, before the request goes on with the old one.
    renewal_timeout: Duration,
    /// What [`Self::not_before`] counts from.
    born: Instant,
    /// How many connections were made, so that those made together do not grow old together.
    made: AtomicU32,
    /// Connections made earlier lead to the wrong server: nanoseconds since [`Self::born`].
    not_before: AtomicU64,
}

/// A connection of the pool.
struct Pooled {
    connection: MultiplexedConnection,
    made: Instant,
    renew_at: Instant,
}

impl Manager {
    fn distrust_older(&self) {
        self.not_before
            .fetch_max(self.nanos_until(Instant::now()), Ordering::Relaxed);
    }

    fn nanos_until(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.born);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// A new connection that answers: making one may need no word of the server's.
    async fn create_working(&self) -> Result<Pooled, RedisError> {
        let mut new = managed::Manager::create(self).await?;
        let () = redis::cmd("PING").query_async(&mut new.connection).await?;
        Ok(new)
    }

    /// When a connection made now is old: between three quarters of the age and all of it.
    fn end_of_life(&self) -> Instant {
        let part = self.made.fetch_add(1, Ordering::Relaxed) % 16;
        Instant::now() + self.max_age * (48 + part) / 64
    }
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = RedisError;

    async fn create(&self) -> Result<Pooled, RedisError> {
        let redis = Arc::clone(&self.redis);
        let made = Instant::now();
        let creation = self
            .runtime
            .spawn(async move { managed::Manager::create(&*redis).await });
        let connection = AbortOnDropHandle::new(creation)
            .await
            .unwrap_or_else(|err| Err(std::io::Error::other(err).into()))?;
        Ok(Pooled {
            connection,
            made,
            renew_at: self.end_of_life(),
        })
    }

    async fn recycle(&self, pooled: &mut Pooled, metrics: &Metrics) -> RecycleResult<RedisError> {
        if self.nanos_until(pooled.made) < self.not_before.load(Ordering::Relaxed) {
            return Err(RecycleError::message("it leads to the wrong server"));
        }
        if Instant::now() >= pooled.renew_at {
            // First, so that nothing is tried again at once when this is given up on the way.
            pooled.renew_at = Instant::now() + POSTPONED;
            // An old connection that works is better than none: a password may have been changed since.
            if let Ok(Ok(new)) = timeout(self.renewal_timeout, self.create_working()).await {
                *pooled = new;
                return Ok(());
            }
        }
        if metrics.last_used() < TRUSTED_FOR {
            return Ok(());
        }
        managed::Manager::recycle(&*self.redis, &mut pooled.connection, metrics).await
    }
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;

    /// The error that Redis' answer is read as.
    fn answered(line: &str) -> RedisError {
        match redis::parse_redis_value(format!("{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => RedisError::from(error),
            other => panic!("{line} is read as {other:?}"),
        }
    }

    #[test]
    fn an_answer_of_a_server_that_cannot_serve_makes_another_connection() {
        for line in [
            "-READONLY You can't write against a read only replica.",
            "-READONLY You can't write against a read only replica. script: 4ca2, on @user_script:1.",
            "-LOADING Redis is loading the dataset in memory",
            "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "-NOREPLICAS Not enough good replicas to write.",
            "-CLUSTERDOWN The cluster is down",
            "-TRYAGAIN Multiple keys request during rehashing of slot",
            "-MOVED 3999 127.0.0.1:6381",
            "-NOAUTH Authentication required.",
            "-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.",
            "-ERR Error running script (call to f_4ca2): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.",
        ] {
            assert!(is_elsewhere(&answered(line)), "{line}");
        }
    }

    #[test]
    fn a_refusal_that_any_connection_would_get_keeps_the_connection() {
        for line in [
            "-ERR unknown command 'FOO'",
            "-ERR value is not an integer or out of range",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
            "-OOM command not allowed when used memory > 'maxmemory'.",
            "-NOPERM this user has no permissions to run the 'set' command",
            "-NOSCRIPT No matching script. Please use EVAL.",
            "-EXECABORT Transaction discarded because of previous errors.",
            "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        ] {
            assert!(!is_elsewhere(&answered(line)), "{line}");
        }
    }
}
