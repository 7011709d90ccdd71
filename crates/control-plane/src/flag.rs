//! Feature flags that change without a restart.

mod rules;

use serde::{Deserialize, Serialize};
use tidegate_types::WorkspaceSlug;

use crate::{LocalManager, ManagerError, Operation, UnixSecs};

pub use rules::decided;

/// The flags that rules may be about: those that the settings know.
pub const KNOWN_FLAGS: [&str; 6] = [
    "MCP_SERVICE_ENABLED",
    "MCP_OAUTH_ENABLED",
    "MCP_OAUTH_WORKSPACE_ENABLED",
    "CHATBOT_ENABLED",
    "DASHBOARD_RBAC",
    "ENABLE_TEMPLATE_PROCESSING",
];

/// How a flag is set. What no rule decides is decided by the nodes' configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagRule {
    /// On or off for every workspace.
    Everywhere(bool),
    /// On or off for one.
    In {
        /// The workspace.
        workspace: WorkspaceSlug,
        /// On or off.
        is_on: bool,
    },
    /// On for this part of all workspaces, 0 to 100; a workspace that is in stays in as the part grows.
    Percentage(u8),
}

/// A rule as it stands. A workspace's own rule counts before `Everywhere`, that before a percentage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingRule {
    /// `MCP_OAUTH_ENABLED`, …
    pub flag: String,
    /// How it is set.
    pub rule: FlagRule,
    /// The time of the last change.
    pub set_at: UnixSecs,
}

/// Sets a rule, in place of one of the same kind for the same flag. `Invalid`: unknown flag, percentage above 100. `NotFound`: the workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetFlag {
    /// The flag's name.
    pub flag: String,
    /// What decides it.
    pub rule: FlagRule,
}

impl Operation for SetFlag {
    type Reply = ();
    const NAME: &'static str = "flag.set";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::set(manager, &self).await
    }
}

/// Takes away the rule for one workspace, or all other rules of a flag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearFlag {
    /// The flag's name.
    pub flag: String,
    /// The workspace's own rule; the others without.
    pub workspace: Option<WorkspaceSlug>,
}

impl Operation for ClearFlag {
    type Reply = bool;
    const NAME: &'static str = "flag.clear";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::clear(manager, &self).await
    }
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Every workspace.
    Everywhere,
    /// A part of all workspaces.
    Percentage,
    /// One workspace.
    In(WorkspaceSlug),
}

/// Takes away one rule of a flag. `false`: there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearFlagRule {
    /// The flag.
    pub flag: String,
    /// Which of its rules.
    pub kind: RuleKind,
}

impl Operation for ClearFlagRule {
    type Reply = bool;
    const NAME: &'static str = "flag.clear_rule";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::clear_one(manager, &self).await
    }
}

/// All rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListFlags {}

impl Operation for ListFlags {
    type Reply = Vec<StandingRule>;
    const NAME: &'static str = "flag.list";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::list(manager).await
    }
}

/// The flags that rules decide in a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EvaluateFlags {
    /// The workspace.
    pub workspace: WorkspaceSlug,
}

impl Operation for EvaluateFlags {
    type Reply = std::collections::BTreeMap<String, bool>;
    const NAME: &'static str = "flag.evaluate";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::evaluate(manager, &self.workspace).await
    }
}
