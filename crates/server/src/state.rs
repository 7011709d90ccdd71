//! The shared state that the settings ask for.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tidegate_config::{Settings, StateBackend};
use tidegate_protocol::state::StateSealer;
use tidegate_store::{
    CacheOrMiss, Circuit, Degraded, LimitsWithFallback, SharedState, StoreError, StoreErrorKind,
};
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_store_redis::{RedisIdentity, RedisSettings, RedisTls, redis_state};
use tidegate_telemetry::{Count, Metrics};
use tidegate_types::{Clock, ExposeSecret};

/// How long Redis is left alone after it failed, for what can do without.
const PAUSE: Duration = Duration::from_secs(1);

/// How old a connection to Redis becomes, so that all of them follow an address that moved without a word.
const REDIS_CONNECTION_AGE: Duration = Duration::from_mins(5);

/// Builds it. With Redis away the node starts all the same and becomes ready when Redis comes.
///
/// # Errors
/// The settings of Redis have not the right form.
pub(crate) async fn build(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
) -> Result<SharedState, StoreError> {
    let memory = |cache_bytes: u64| {
        let limits = MemoryLimits {
            max_sessions: settings.sessions.max_per_node,
            max_answer_bytes: usize::try_from(cache_bytes).unwrap_or(usize::MAX),
            ..MemoryLimits::default()
        };
        memory_state(Arc::clone(clock), limits)
    };
    let redis = match &settings.state.backend {
        StateBackend::Memory { cache_bytes } => return Ok(memory(*cache_bytes)),
        StateBackend::Redis(redis) => redis,
    };
    let shared = redis_state(redis_settings(redis)).await?;
    let circuit = Arc::new(Circuit::new(Arc::clone(clock), PAUSE));
    let metrics = metrics.clone();
    let on_degraded = Arc::new(move |what: Degraded, err: Option<&StoreError>| {
        if what == Degraded::Limits {
            metrics.count(Count::LimitsLocal);
        }
        if let Some(err) = err {
            metrics.count(match err.kind {
                StoreErrorKind::Unavailable => Count::StoreUnavailable,
                StoreErrorKind::Timeout => Count::StoreTimeout,
                StoreErrorKind::Corrupt => Count::StoreCorrupt,
            });
            tracing::warn!(
                error = err as &dyn std::error::Error,
                "the node goes on without the shared store"
            );
        }
    });
    Ok(SharedState {
        limits: Arc::new(LimitsWithFallback {
            shared: Arc::clone(&shared.limits),
            local: memory(0).limits,
            replicas: NonZeroU32::new(settings.state.replicas).unwrap_or(NonZeroU32::MIN),
            circuit: Arc::clone(&circuit),
            on_degraded: on_degraded.clone(),
        }),
        cache: Arc::new(CacheOrMiss {
            inner: Arc::clone(&shared.cache),
            circuit,
            on_degraded,
        }),
        ..shared
    })
}

/// Whether Redis answers, and takes what the settings say.
///
/// # Errors
/// Why not.
pub(crate) async fn look(redis: &tidegate_config::RedisSettings) -> Result<(), StoreError> {
    let settings = redis_settings(redis);
    settings.check()?;
    redis_state(settings).await?.health.ping().await
}

/// The settings of Redis as its adapter takes them.
pub(crate) fn redis_settings(redis: &tidegate_config::RedisSettings) -> RedisSettings {
    let identity = redis.identity.as_ref().map(|identity| RedisIdentity {
        certificate: identity.certificate.clone(),
        key: identity.key.clone(),
    });
    RedisSettings {
        url: redis.url.clone(),
        tls: RedisTls {
            ca: redis.ca.clone(),
            identity,
        },
        pool_size: redis.pool_size.get(),
        max_connection_age: REDIS_CONNECTION_AGE,
        command_timeout: redis.command_timeout,
        connect_timeout: redis.connect_timeout,
        key_prefix: redis.key_prefix.clone(),
    }
}

/// Seals `requestState`: with the deployment's secret, or with a key of this node's own.
pub(crate) fn sealer(settings: &Settings) -> StateSealer {
    settings
        .state
        .secret
        .as_ref()
        .map_or_else(StateSealer::random, |secret| {
            StateSealer::from_secret(secret.expose_secret())
        })
}
