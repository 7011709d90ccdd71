//! What keeps calls within bounds: limits, sizes, caches.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::reader::Reader;

/// Calls a minute in the long run, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls a minute.
    pub per_minute: NonZeroU32,
    /// Calls at once.
    pub burst: NonZeroU32,
}

/// `[limits]`. A level that is `None` has no limit.
#[derive(Debug, Clone)]
pub struct LimitSettings {
    /// A whole workspace.
    pub tenant: Option<Rate>,
    /// A user.
    pub user: Option<Rate>,
    /// An OAuth client.
    pub client: Option<Rate>,
    /// Each tool, for each user.
    pub tool: Option<Rate>,
    /// Tools with a limit of their own, by name.
    pub tools: BTreeMap<String, Option<Rate>>,
}

impl LimitSettings {
    /// The limit of one tool.
    pub fn of_tool(&self, name: &str) -> Option<Rate> {
        self.tools.get(name).copied().unwrap_or(self.tool)
    }

    pub(crate) fn read(reader: &mut Reader) -> Option<Self> {
        let tools = reader
            .names_below("limits.tools")
            .into_iter()
            .map(|tool| {
                let rate = rate(reader, &format!("limits.tools.{tool}"));
                (tool, rate)
            })
            .collect();
        let settings = Self {
            tenant: rate(reader, "limits.tenant"),
            user: rate(reader, "limits.user"),
            client: rate(reader, "limits.client"),
            tool: rate(reader, "limits.tool"),
            tools,
        };
        reader.flag("limits.enabled").then_some(settings)
    }
}

fn rate(reader: &mut Reader, level: &str) -> Option<Rate> {
    let per_minute = reader.number(&format!("{level}.per_minute"), 0, 1_000_000_000);
    let burst = reader.number(&format!("{level}.burst"), 1, 100_000_000);
    Some(Rate {
        per_minute: NonZeroU32::new(per_minute)?,
        burst: NonZeroU32::new(burst)?,
    })
}

/// `[response_size]`.
#[derive(Debug, Clone)]
pub struct ResponseSizeSettings {
    /// Largest answer in estimated tokens.
    pub token_limit: usize,
    /// Percent of the limit from which an answer warns, 1 to 100.
    pub warn_threshold_pct: u8,
    /// Tools that are not checked in tokens.
    pub excluded_tools: BTreeSet<String>,
    /// Largest answer in bytes, of any tool.
    pub max_bytes: usize,
}

impl ResponseSizeSettings {
    pub(crate) fn read(reader: &mut Reader) -> Option<Self> {
        let settings = Self {
            token_limit: reader.number("response_size.token_limit", 100, 10_000_000),
            warn_threshold_pct: reader.number("response_size.warn_threshold_pct", 1, 100),
            excluded_tools: reader
                .texts("response_size.excluded_tools")
                .into_iter()
                .collect(),
            max_bytes: reader.number("response_size.max_bytes", 1024, 256 << 20),
        };
        reader.flag("response_size.enabled").then_some(settings)
    }
}

/// `[cache]`. A life of zero does not cache.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// Life of `tools/list`.
    pub list_tools_ttl: Duration,
    /// Life of `resources/list` and `resources/templates/list`.
    pub list_resources_ttl: Duration,
    /// Life of `prompts/list`.
    pub list_prompts_ttl: Duration,
    /// Life of `resources/read`.
    pub read_resource_ttl: Duration,
    /// Life of `prompts/get`.
    pub get_prompt_ttl: Duration,
    /// Life of `tools/call`.
    pub call_tool_ttl: Duration,
    /// Largest answer that is cached.
    pub max_item_size_bytes: usize,
    /// Tools that are never cached, besides those that write.
    pub excluded_tools: BTreeSet<String>,
}

impl CacheSettings {
    pub(crate) fn read(reader: &mut Reader) -> Option<Self> {
        let mut ttl = |name: &str| reader.secs(&format!("cache.{name}_ttl_secs"), 0, 30 * 86_400);
        let settings = Self {
            list_tools_ttl: ttl("list_tools"),
            list_resources_ttl: ttl("list_resources"),
            list_prompts_ttl: ttl("list_prompts"),
            read_resource_ttl: ttl("read_resource"),
            get_prompt_ttl: ttl("get_prompt"),
            call_tool_ttl: ttl("call_tool"),
            max_item_size_bytes: reader.number("cache.max_item_size_bytes", 0, 256 << 20),
            excluded_tools: reader.texts("cache.excluded_tools").into_iter().collect(),
        };
        reader.flag("cache.enabled").then_some(settings)
    }
}
