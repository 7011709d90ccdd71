use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::reader::Reader;

/// `[executor]`: how tool calls run.
#[derive(Debug, Clone)]
pub struct ExecutorSettings {
    /// Calls that make progress at once on a node; `None` is sixteen per core.
    pub slots: Option<NonZeroUsize>,
    /// Longest run of one call.
    pub call_deadline: Duration,
    /// Further calls in flight, which wait for a slot or for a database.
    pub max_waiting: usize,
    /// Longest wait for a slot.
    pub wait_timeout: Duration,
    /// A call that ignores its deadline for so long is given up.
    pub watchdog: Duration,
    /// A workspace without a request for so long is closed on this node.
    pub workspace_idle: Duration,
}

impl ExecutorSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let call_deadline = reader.secs("executor.call_deadline_secs", 1, 3600);
        if call_deadline >= reader.secs("server.shutdown_grace_secs", 1, 3600) {
            reader.refuse(
                "server.shutdown_grace_secs",
                "more than executor.call_deadline_secs, so that a shutdown can wait for every running call",
            );
        }
        Self {
            slots: NonZeroUsize::new(reader.number("executor.slots", 0, 65_536)),
            call_deadline,
            max_waiting: reader.number("executor.max_waiting", 0, 1_000_000),
            wait_timeout: reader.millis("executor.wait_timeout_ms", 0, 600_000),
            watchdog: reader.millis("executor.watchdog_ms", 100, 600_000),
            workspace_idle: reader.secs("executor.workspace_idle_secs", 1, 86_400),
        }
    }
}

/// `[query]`: how databases are asked.
#[derive(Debug, Clone)]
pub struct QuerySettings {
    /// Rows when the caller names no limit.
    pub default_row_limit: u32,
    /// Most rows of an answer.
    pub max_row_limit: u32,
    /// Longest time-out of a caller.
    pub max_timeout: Duration,
    /// Statements that may change tables themselves, where a database allows changes: names of
    /// [`QuerySettings::DDL`].
    pub allowed_ddl: BTreeSet<String>,
    /// Connections to each database, for each node.
    pub pool_size: u32,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Life of an unused connection.
    pub idle: Duration,
}

impl QuerySettings {
    /// The statements that `query.allowed_ddl` may list.
    pub const DDL: [&str; 7] = [
        "create_table",
        "create_view",
        "create_index",
        "alter_table",
        "drop_table",
        "drop_view",
        "truncate",
    ];

    pub(crate) fn read(reader: &mut Reader) -> Self {
        let default_row_limit = reader.number("query.default_row_limit", 1, 1_000_000);
        let max_row_limit = reader.number("query.max_row_limit", 1, 1_000_000);
        if default_row_limit > max_row_limit {
            reader.refuse("query.default_row_limit", "at most query.max_row_limit");
        }
        let max_timeout = reader.secs("query.max_timeout_secs", 1, 3600);
        if max_timeout >= reader.secs("executor.call_deadline_secs", 1, 3600) {
            reader.refuse(
                "query.max_timeout_secs",
                "less than executor.call_deadline_secs, which would end the call first",
            );
        }
        let allowed_ddl: BTreeSet<String> = reader.texts("query.allowed_ddl").into_iter().collect();
        if !allowed_ddl
            .iter()
            .all(|name| Self::DDL.contains(&name.as_str()))
        {
            reader.refuse(
                "query.allowed_ddl",
                &format!("only {}", Self::DDL.join(", ")),
            );
        }
        Self {
            allowed_ddl,
            default_row_limit,
            max_row_limit,
            max_timeout,
            pool_size: reader.number("query.pool_size", 1, 1024),
            connect_timeout: reader.millis("query.connect_timeout_ms", 10, 120_000),
            idle: reader.secs("query.idle_secs", 1, 86_400),
        }
    }
}

/// `[tools]`: what is offered, and in which form.
#[derive(Debug, Clone)]
pub struct ToolSettings {
    /// Whether results carry `structuredContent` besides text.
    pub structured_content: bool,
    /// Tools that are not offered.
    pub disabled: BTreeSet<String>,
    /// What `tools/list` shows.
    pub list: ToolList,
}

/// What `tools/list` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolList {
    /// Every tool that the principal may use.
    All,
    /// `search_tools`, `call_tool` and the pinned ones; the rest is found by searching.
    Search {
        /// Tools that stay in the list.
        pinned: BTreeSet<String>,
    },
}

impl ToolSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let pinned = reader.texts("tools.pinned").into_iter().collect();
        Self {
            structured_content: reader.flag("tools.structured_content"),
            disabled: reader.texts("tools.disabled").into_iter().collect(),
            list: match reader.choice("tools.list", &["all", "search"]) {
                1 => ToolList::Search { pinned },
                _ => ToolList::All,
            },
        }
    }
}
