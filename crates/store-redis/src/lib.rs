#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use tidegate_store::{SharedState, StoreError, StoreErrorKind};
use tidegate_types::SecretString;

mod cache;
mod changes;
mod connections;
mod counters;
mod events;
mod health;
mod keys;
mod limits;
mod relay;
mod replies;
mod server;
mod sessions;
mod tickets;
mod validation;
mod wire;

use connections::Connections;
use keys::Keys;

/// Where Redis is and how long to wait for it.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://[[user]:password@]host[:port][/database]`, or `rediss://…` for TLS.
    pub url: SecretString,
    /// How both sides prove who they are, with `rediss://`.
    pub tls: RedisTls,
    /// Connections for commands, at least 1. One more subscribes.
    pub pool_size: usize,
    /// A connection that is older is replaced, so that all of them follow an address that moved.
    pub max_connection_age: Duration,
    /// How long an operation may take, waiting for a connection included.
    pub command_timeout: Duration,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// What every key starts with: 1 to 32 of a-z, A-Z, 0-9, `-` and `_`, usually `tg`.
    pub key_prefix: String,
}

impl RedisSettings {
    /// The Redis at `url`, with what suits most.
    pub fn at(url: &str) -> Self {
        Self {
            url: SecretString::from(url),
            tls: RedisTls::default(),
            pool_size: 16,
            max_connection_age: Duration::from_mins(5),
            command_timeout: Duration::from_millis(500),
            connect_timeout: Duration::from_secs(1),
            key_prefix: "tg".to_owned(),
        }
    }

    /// Whether they can be used, without connecting.
    ///
    /// # Errors
    /// `Unavailable`: the URL, the prefix, a certificate or a key has not the right form.
    pub fn check(&self) -> Result<(), StoreError> {
        Keys::new(&self.key_prefix).map_err(|reason| not_built(reason.into()))?;
        server::client(self).map_err(not_built)?;
        Ok(())
    }
}

/// How both sides of a TLS connection prove who they are. The server's name is always checked.
#[derive(Debug, Clone, Default)]
pub struct RedisTls {
    /// Certificates in PEM form of whoever may have signed the server's. `None`: Mozilla's list, compiled in.
    pub ca: Option<String>,
    /// This client's own, where the server asks for it.
    pub identity: Option<RedisIdentity>,
}

/// A client's certificate and its key.
#[derive(Debug, Clone)]
pub struct RedisIdentity {
    /// The chain in PEM form, this client's first.
    pub certificate: String,
    /// The private key in PEM form.
    pub key: SecretString,
}

/// Builds the state of a deployment, whether Redis can be reached now or not. Connections are served
/// by the tokio runtime that this runs on, which must outlive the state.
///
/// # Errors
/// `Unavailable`: the URL or the prefix has not the right form.
#[expect(
    clippy::unused_async,
    reason = "callers must be inside the runtime that serves the connections"
)]
pub async fn redis_state(settings: RedisSettings) -> Result<SharedState, StoreError> {
    let keys =
        Arc::new(Keys::new(&settings.key_prefix).map_err(|reason| not_built(reason.into()))?);
    let client = server::client(&settings).map_err(not_built)?;
    let redis = Arc::new(Connections::new(&settings, &client).map_err(not_built)?);
    let relay = Arc::new(relay::RedisRelay::start(
        &settings,
        client,
        Arc::clone(&redis),
        Arc::clone(&keys),
    ));
    Ok(SharedState {
        sessions: Arc::new(sessions::RedisSessions::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        events: Arc::new(events::RedisEvents::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        replies: Arc::new(replies::RedisReplies::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        cache: Arc::new(cache::RedisCache::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        validations: Arc::new(validation::RedisValidations::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        limits: Arc::new(limits::RedisRateLimiter::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        tickets: Arc::new(tickets::RedisTickets::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        counters: Arc::new(counters::RedisCounters::new(
            Arc::clone(&redis),
            Arc::clone(&keys),
        )),
        changes: Arc::new(changes::RedisChanges::new(Arc::clone(&redis), keys)),
        relay,
        health: Arc::new(health::RedisHealth::new(redis)),
        is_shared: true,
    })
}

fn not_built(reason: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError {
        operation: "prepare the connections to redis",
        kind: StoreErrorKind::Unavailable,
        source: Some(reason),
    }
}
