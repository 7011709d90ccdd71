//! What a server counted, from its `/metrics`.

use anyhow::ensure;
use serde::Serialize;

use crate::address::LoopbackUrl;
use crate::process::get;

/// The counters that tell whether everything was on: calls that were limited, cached, audited, dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counters {
    pub(crate) audit_written: u64,
    pub(crate) audit_dropped: u64,
    pub(crate) statsd_dropped: u64,
    pub(crate) cache_hits: u64,
    pub(crate) limited: u64,
    pub(crate) overloaded: u64,
    pub(crate) sessions: u64,
    pub(crate) sessions_opened: u64,
    pub(crate) sessions_evicted: u64,
}

impl Counters {
    /// Asks.
    ///
    /// # Errors
    /// No answer.
    pub(crate) fn read(url: &LoopbackUrl) -> anyhow::Result<Self> {
        let reply = get(url, "/metrics")?;
        ensure!(reply.status == 200, "/metrics answered {}", reply.status);
        Ok(Self::parse(&reply.body))
    }

    fn parse(text: &str) -> Self {
        let sum = |name: &str| {
            text.lines()
                .filter_map(|line| line.strip_prefix(name))
                // The name ends here, or its labels follow.
                .filter(|rest| rest.starts_with([' ', '{']) || name.ends_with('}'))
                .filter_map(|rest| rest.rsplit(' ').next()?.parse::<u64>().ok())
                .sum()
        };
        Self {
            audit_written: sum("mcp_audit_written_total"),
            audit_dropped: sum("mcp_dropped_total{what=\"audit\"}"),
            statsd_dropped: sum("mcp_dropped_total{what=\"statsd\"}"),
            cache_hits: sum("mcp_cache_lookups_total{result=\"hit\"}"),
            limited: sum("mcp_limited_total"),
            overloaded: sum("mcp_executor_overloaded_total"),
            sessions: sum("mcp_sessions"),
            sessions_opened: sum("mcp_sessions_opened_total"),
            sessions_evicted: sum("mcp_sessions_ended_total{cause=\"evicted\"}"),
        }
    }

    /// What was added since; `sessions` as it is.
    pub(crate) const fn since(self, before: &Self) -> Self {
        Self {
            audit_written: self.audit_written - before.audit_written,
            audit_dropped: self.audit_dropped - before.audit_dropped,
            statsd_dropped: self.statsd_dropped - before.statsd_dropped,
            cache_hits: self.cache_hits - before.cache_hits,
            limited: self.limited - before.limited,
            overloaded: self.overloaded - before.overloaded,
            sessions: self.sessions,
            sessions_opened: self.sessions_opened - before.sessions_opened,
            sessions_evicted: self.sessions_evicted - before.sessions_evicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_by_their_whole_names() {
        let text = "# HELP mcp_sessions x\nmcp_sessions 7\nmcp_sessions_opened_total 9\n\
                    mcp_limited_total{scope=\"tenant\"} 1\nmcp_limited_total{scope=\"user\"} 2\n\
                    mcp_dropped_total{what=\"audit\"} 4\nmcp_dropped_total{what=\"statsd\"} 5\n# EOF\n";
        let counters = Counters::parse(text);
        assert_eq!(
            (7, 9, 3),
            (
                counters.sessions,
                counters.sessions_opened,
                counters.limited
            )
        );
        assert_eq!((4, 5), (counters.audit_dropped, counters.statsd_dropped));
    }
}
