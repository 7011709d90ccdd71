use serde_json::Value;
use tidegate_protocol::{ToolAnnotations, ToolDefinition};
use tidegate_types::Scope;

/// A permission on a view as Superset's roles grant it, such as `can_read` on `Chart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// `ab_permission.name`.
    pub permission: &'static str,
    /// `ab_view_menu.name`.
    pub view: &'static str,
}

/// Whether finished answers may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheRule {
    /// Never: the tool changes something, or its answer is about this moment.
    Never,
    /// As long as a tool call's answer is kept (`cache.call_tool_ttl`), for callers with the same rights.
    PerRights,
}

/// What may be left out of an answer that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeRule {
    /// The answer is small by nature and is never checked.
    Exempt,
    /// These members are arrays whose tails may go, first one first. Dots descend: `data.rows`.
    Shorten(&'static [&'static str]),
}

/// Which parts of an answer lose the fields that only some may see, such as passwords of connections.
///
/// Every tool says it, so that a new one cannot be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redaction {
    /// The answer is about things of the workspace: fields are hidden at any depth.
    Entities,
    /// The same, but below these members, whose own members are named by data: a column may be called
    /// `password`. Dots descend, through lists too: `charts.form_data`.
    EntitiesBeside(&'static [&'static str]),
    /// The answer is rows of data: whoever may read the table may read all of it.
    Data,
}

/// Whether a call may have to wait for a database.
///
/// Every tool says it, so that one that waits cannot pass for one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touches {
    /// It reads the workspace's metastore or runs queries: it waits for its turn on the node.
    Databases,
    /// It answers from what the server knows by itself, within microseconds, and never waits for anything.
    Nothing,
}

/// Everything about a tool but its function and its types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolSpec {
    /// 1 to 128 of `[A-Za-z0-9_.-]`.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// For models: when to use it, what it gives, what to call before and after.
    pub description: &'static str,
    /// The scope that a token needs.
    pub scope: Scope,
    /// What the user's roles must grant. `None` only where every user of the workspace may call it.
    pub permission: Option<Permission>,
    /// Hints for clients.
    pub annotations: ToolAnnotations,
    /// Groups: `core`, `discovery`, `data`, `explore`, `mutate`.
    pub tags: &'static [&'static str],
    /// Whether a call may have to wait for a database.
    pub touches: Touches,
    /// Whether answers may be kept.
    pub cache: CacheRule,
    /// What may be left out.
    pub size: SizeRule,
    /// What is hidden from those who may not see it.
    pub redaction: Redaction,
}

impl ToolSpec {
    /// What `tools/list` shows, with an input schema.
    pub fn definition(&self, input_schema: Value) -> ToolDefinition {
        ToolDefinition {
            name: self.name.to_owned(),
            title: Some(self.title.to_owned()),
            description: self.description.to_owned(),
            input_schema,
            output_schema: None,
            annotations: Some(self.annotations),
        }
    }
}
