//! Every metric that is not one of a tool or a method, with its names.

/// A name in each of the worlds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// StatsD name, without the configured prefix.
    pub(crate) statsd: &'static str,
    /// Prometheus name, without `_total`.
    pub(crate) prometheus: &'static str,
    /// Prometheus label that tells apart those of one name.
    pub(crate) label: Option<(&'static str, &'static str)>,
    pub(crate) help: &'static str,
}

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident {
        $($variant:ident = $statsd:literal, $prometheus:literal $([$label:literal = $value:literal])?, $help:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $kind {
            $(#[doc = $help] $variant,)*
        }

        impl $kind {
            pub(crate) const NAMES: &[Names] = &[
                $(Names {
                    statsd: $statsd,
                    prometheus: $prometheus,
                    label: names!(@label $($label, $value)?),
                    help: $help,
                },)*
            ];
        }
    };
    (@label) => { None };
    (@label $label:literal, $value:literal) => { Some(($label, $value)) };
}

// Those of one Prometheus name stand together, since its text form wants them so.
names! {
    /// Something that happens, counted from the start of the process.
    Count {
        CacheHit = "mcp.cache.hit", "mcp_cache_lookups"["result" = "hit"], "Look-ups in the response cache";
        CacheMiss = "mcp.cache.miss", "mcp_cache_lookups"["result" = "miss"], "Look-ups in the response cache";
        CacheStored = "mcp.cache.stored", "mcp_cache_stored", "Answers put into the response cache";
        CacheTooLarge = "mcp.cache.too_large", "mcp_cache_too_large", "Answers too large for the response cache";
        LimitedTenant = "mcp.limit.tenant", "mcp_limited"["scope" = "tenant"], "Calls refused by a rate limit";
        LimitedUser = "mcp.limit.user", "mcp_limited"["scope" = "user"], "Calls refused by a rate limit";
        LimitedClient = "mcp.limit.client", "mcp_limited"["scope" = "client"], "Calls refused by a rate limit";
        LimitedTool = "mcp.limit.tool", "mcp_limited"["scope" = "tool"], "Calls refused by a rate limit";
        LimitsLocal = "mcp.limit.local", "mcp_limits_local", "Calls limited by this node alone, since the store could not be reached";
        SessionOpened = "mcp.session.opened", "mcp_sessions_opened", "Sessions of older clients that were opened";
        SessionResumed = "mcp.session.resumed", "mcp_sessions_resumed", "Sessions taken up from another node or after a restart";
        SessionEnded = "mcp.session.ended", "mcp_sessions_ended"["cause" = "deleted"], "Sessions that ended";
        SessionExpired = "mcp.session.expired", "mcp_sessions_ended"["cause" = "expired"], "Sessions that ended";
        SessionEvicted = "mcp.session.evicted", "mcp_sessions_ended"["cause" = "evicted"], "Sessions that ended";
        StreamResumed = "mcp.stream.resumed", "mcp_streams_resumed", "SSE streams taken up by Last-Event-ID";
        AuthMissing = "mcp.auth.missing", "mcp_auth_failures"["reason" = "missing"], "Requests that nobody was authenticated for";
        AuthRefused = "mcp.auth.refused", "mcp_auth_failures"["reason" = "refused"], "Requests that nobody was authenticated for";
        AuthScope = "mcp.auth.insufficient_scope", "mcp_auth_failures"["reason" = "insufficient_scope"], "Requests that nobody was authenticated for";
        AuthUnavailable = "mcp.auth.unavailable", "mcp_auth_failures"["reason" = "unavailable"], "Requests that nobody was authenticated for";
        EdgeHost = "mcp.edge.host", "mcp_edge_refused"["reason" = "host"], "Requests refused before authentication";
        EdgeOrigin = "mcp.edge.origin", "mcp_edge_refused"["reason" = "origin"], "Requests refused before authentication";
        EdgeTooLarge = "mcp.edge.too_large", "mcp_edge_refused"["reason" = "too_large"], "Requests refused before authentication";
        EdgeMalformed = "mcp.edge.malformed", "mcp_edge_refused"["reason" = "malformed"], "Requests refused before authentication";
        Overloaded = "mcp.executor.overloaded", "mcp_executor_overloaded", "Calls refused since the node had no room";
        CallDeadline = "mcp.executor.deadline", "mcp_executor_ended"["cause" = "deadline"], "Calls that did not end by themselves";
        CallCancelled = "mcp.executor.cancelled", "mcp_executor_ended"["cause" = "cancelled"], "Calls that did not end by themselves";
        CallPanicked = "mcp.executor.panic", "mcp_executor_ended"["cause" = "panic"], "Calls that did not end by themselves";
        CallAbandoned = "mcp.executor.abandoned", "mcp_executor_ended"["cause" = "abandoned"], "Calls that did not end by themselves";
        ActorRestarted = "mcp.actor.restarted", "mcp_actors_restarted", "Actors that were started again after a failure";
        TaskRestarted = "mcp.task.restarted", "mcp_tasks_restarted", "Background tasks that panicked and were started again";
        ResponseShortened = "mcp.response.shortened", "mcp_response_size"["result" = "shortened"], "Answers that the size guard acted on";
        ResponseWarned = "mcp.response.warned", "mcp_response_size"["result" = "warned"], "Answers that the size guard acted on";
        ResponseRefused = "mcp.response.refused", "mcp_response_size"["result" = "refused"], "Answers that the size guard acted on";
        AuditWritten = "mcp.audit.written", "mcp_audit_written", "Audit records written, for each sink";
        StoreUnavailable = "mcp.store.unavailable", "mcp_store_failures"["kind" = "unavailable"], "Operations of the shared store that failed";
        StoreTimeout = "mcp.store.timeout", "mcp_store_failures"["kind" = "timeout"], "Operations of the shared store that failed";
        StoreConflict = "mcp.store.conflict", "mcp_store_failures"["kind" = "conflict"], "Operations of the shared store that failed";
        StoreCorrupt = "mcp.store.corrupt", "mcp_store_failures"["kind" = "corrupt"], "Operations of the shared store that failed";
        DroppedAudit = "mcp.dropped.audit", "mcp_dropped"["what" = "audit"], "Things given up since there was no room or no way";
        DroppedStatsd = "mcp.dropped.statsd", "mcp_dropped"["what" = "statsd"], "Things given up since there was no room or no way";
        DroppedEvent = "mcp.dropped.event", "mcp_dropped"["what" = "event"], "Things given up since there was no room or no way";
        DroppedMessage = "mcp.dropped.message", "mcp_dropped"["what" = "actor_message"], "Things given up since there was no room or no way";
        DroppedSignal = "mcp.dropped.signal", "mcp_dropped"["what" = "relay_signal"], "Things given up since there was no room or no way";
        DroppedStream = "mcp.dropped.stream", "mcp_dropped"["what" = "slow_stream"], "Things given up since there was no room or no way";
    }
}

names! {
    /// Something that there is now.
    Level {
        Sessions = "mcp.sessions", "mcp_sessions", "Sessions with an actor on this node";
        Streams = "mcp.streams", "mcp_streams", "SSE streams that are open on this node";
        Workspaces = "mcp.workspaces", "mcp_workspaces", "Workspaces with an actor on this node";
        InFlight = "mcp.executor.in_flight", "mcp_executor_in_flight", "Tool calls between their arrival and their end";
        Running = "mcp.executor.running", "mcp_executor_running", "Tool calls that make progress";
        Waiting = "mcp.executor.waiting", "mcp_executor_waiting", "Tool calls that wait for a slot";
        AuditQueued = "mcp.audit.queued", "mcp_audit_queued", "Audit records that wait to be written";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_in_the_documentation() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/telemetry.md");
        let text = std::fs::read_to_string(path).unwrap();
        for (names, total) in [(Count::NAMES, "_total"), (Level::NAMES, "")] {
            for names in names {
                let label = names
                    .label
                    .map(|(name, value)| format!("{{{name}=\"{value}\"}}"));
                let (statsd, prometheus) = (names.statsd, names.prometheus);
                let row = format!(
                    "| `{statsd}` | `{prometheus}{total}{}` |",
                    label.unwrap_or_default()
                );
                assert!(text.contains(&row), "docs/telemetry.md has no row {row}");
            }
        }
    }
}
