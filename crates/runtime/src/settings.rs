//! What the node needs to know of the configuration.

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_config::{CacheSettings, LimitSettings};
use tidegate_protocol::LogLevel;
use tidegate_store::{Retention, SessionLimits};
use tidegate_tools::SizeBudget;

use crate::service::ClientTtl;

/// Settings of a node. The server makes them from the configuration.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// Legacy sessions.
    pub sessions: SessionLimits,
    /// Sessions that may be alive on this node at once.
    pub max_live_sessions: usize,
    /// Change streams that one user of a workspace may have open on this node.
    pub streams_per_user: usize,
    /// How much of each stream is kept.
    pub retention: Retention,
    /// How long a call may take.
    pub call_limit: Duration,
    /// How long a call may wait for its client's answers.
    pub ask_limit: Duration,
    /// A call that runs longer answers with a stream, so that nothing between closes the connection.
    pub sse_after: Duration,
    /// Calls that make progress at once.
    pub running: usize,
    /// Further calls in flight: they wait for a slot, a database or a person.
    pub waiting: usize,
    /// How long they wait.
    pub wait_timeout: Duration,
    /// How long the threads for tools may be unresponsive.
    pub watchdog: Duration,
    /// A workspace without a request for so long is closed on this node.
    pub workspace_idle: Duration,
    /// Rate limits; none without.
    pub limits: Option<LimitSettings>,
    /// The response cache; none without.
    pub cache: Option<CacheSettings>,
    /// How large answers may be; any without.
    pub size: Option<SizeBudget>,
    /// How long clients may keep what they get.
    pub client_ttl: ClientTtl,
    /// The level of log messages for sessions that chose none.
    pub default_log_level: LogLevel,
    /// What models are told about this server at the beginning.
    pub instructions: String,
    /// The tools that `tools/list` shows where the others are found by searching; all without.
    pub pinned_tools: Option<BTreeSet<String>>,
}
