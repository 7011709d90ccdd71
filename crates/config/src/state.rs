use std::time::Duration;

use tidegate_types::{ExposeSecret, SecretString};

use crate::reader::Reader;
use crate::redis::RedisSettings;

/// `[state]`: what nodes share.
#[derive(Debug, Clone)]
pub struct StateSettings {
    /// Where it lives.
    pub backend: StateBackend,
    /// How many nodes share it, at least 1.
    pub replicas: u32,
    /// Seals what clients carry between requests. `None` on one node alone: it draws its own.
    pub secret: Option<SecretString>,
    /// Events kept for a stream, at least 1.
    pub event_store_max_events: usize,
    /// Life of these events.
    pub event_store_ttl: Duration,
}

/// Where shared state lives.
#[derive(Debug, Clone)]
pub enum StateBackend {
    /// In this process: one node only.
    Memory {
        /// Most bytes of cached answers.
        cache_bytes: u64,
    },
    /// In Redis: any number of nodes.
    Redis(RedisSettings),
}

impl StateSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let replicas = reader.number("state.replicas", 1, 10_000);
        let cache_bytes = reader.number("state.memory_cache_bytes", 0, 64 << 30);
        let is_redis = reader.choice("state.backend", &["memory", "redis"]) == 1;
        let redis = RedisSettings::read(reader, is_redis);
        let backend = if is_redis {
            StateBackend::Redis(redis)
        } else {
            if replicas > 1 {
                reader.refuse(
                    "state.backend",
                    "\"redis\", since state.replicas is more than 1 and memory is not shared",
                );
            }
            StateBackend::Memory { cache_bytes }
        };
        let secret = reader.secret("state.secret");
        let is_long_enough = |secret: &SecretString| secret.expose_secret().len() >= 32;
        if !secret.as_ref().map_or(replicas == 1, is_long_enough) {
            reader.refuse(
                "state.secret",
                "a text of at least 32 characters, the same on every node",
            );
        }
        Self {
            backend,
            replicas,
            secret,
            event_store_max_events: reader.number("state.event_store_max_events", 1, 100_000),
            event_store_ttl: reader.secs("state.event_store_ttl_secs", 1, 7 * 86_400),
        }
    }
}

/// `[sessions]`: MCP sessions of older clients.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// A session unused for so long ends.
    pub idle: Duration,
    /// Sessions of one user, at least 1.
    pub per_user: usize,
    /// Sessions with an actor on one node.
    pub max_per_node: usize,
}

impl SessionSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        Self {
            idle: reader.secs("sessions.idle_secs", 10, 30 * 86_400),
            per_user: reader.number("sessions.per_user", 1, 1_000),
            max_per_node: reader.number("sessions.max_per_node", 1, 1_000_000),
        }
    }
}
