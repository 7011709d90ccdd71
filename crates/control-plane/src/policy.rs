//! Which clients a workspace lets in.

mod effect;
mod judge;
mod rules;
mod unknown;

pub(crate) use judge::hosts_of;

use serde::{Deserialize, Serialize};
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

use crate::{LocalManager, ManagerError, Operation};

/// What is decided about a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientDecision {
    /// It may be used.
    Approved,
    /// It may not.
    Blocked,
    /// It may be used by members of these teams.
    Teams(Vec<String>),
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMatch {
    /// One client.
    Client(ClientId),
    /// Every client whose id or redirect URI is on this host; a private scheme is written as `cursor://`.
    Host(String),
}

/// One rule. A client's own counts before its host's, a workspace's before the deployment's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRule {
    /// The workspace, or the whole deployment.
    pub workspace: Option<WorkspaceSlug>,
    /// About what.
    pub matches: ClientMatch,
    /// What happens to them.
    pub decision: ClientDecision,
}

/// What happens to clients that no rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownClients {
    /// People decide by themselves.
    #[default]
    Allowed,
    /// An administrator approves first.
    NeedApproval,
}

/// Whether somebody may use a client somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientVerdict {
    /// Yes, and an administrator said so.
    Approved,
    /// Yes; nobody said anything.
    Allowed,
    /// No.
    Blocked,
    /// Not before an administrator approves.
    NeedsApproval,
}

/// Sets a rule in place of one about the same. Blocking ends the grants that it hits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetPolicyRule {
    /// The rule; what it is about says which one it replaces.
    pub rule: PolicyRule,
}

impl Operation for SetPolicyRule {
    type Reply = ();
    const NAME: &'static str = "policy.set_rule";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::set(manager, self.rule).await
    }
}

/// Takes a rule away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemovePolicyRule {
    /// Of which workspace.
    pub workspace: Option<WorkspaceSlug>,
    /// About what.
    pub matches: ClientMatch,
}

impl Operation for RemovePolicyRule {
    type Reply = bool;
    const NAME: &'static str = "policy.remove_rule";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::remove(manager, &self).await
    }
}

/// A workspace's rules, or the deployment's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListPolicyRules {
    /// The workspace; the deployment without.
    pub workspace: Option<WorkspaceSlug>,
}

impl Operation for ListPolicyRules {
    type Reply = Vec<PolicyRule>;
    const NAME: &'static str = "policy.list_rules";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        rules::list(manager, self.workspace.as_ref()).await
    }
}

/// Says what happens to clients without a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetUnknownClients {
    /// Where; the deployment without.
    pub workspace: Option<WorkspaceSlug>,
    /// What happens to them from now on.
    pub to: UnknownClients,
}

impl Operation for SetUnknownClients {
    type Reply = ();
    const NAME: &'static str = "policy.set_unknown";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        unknown::set(manager, &self).await
    }
}

/// What happens to clients without a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindUnknownClients {
    /// The workspace; the deployment without.
    pub workspace: Option<WorkspaceSlug>,
}

impl Operation for FindUnknownClients {
    type Reply = UnknownClients;
    const NAME: &'static str = "policy.find_unknown";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        unknown::find(manager, self.workspace.as_ref()).await
    }
}

/// Whether an account may use a client in a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JudgeClient {
    /// The workspace.
    pub workspace: WorkspaceSlug,
    /// The account's id.
    pub account: AccountId,
    /// The client's id.
    pub client: ClientId,
    /// The hosts of its id and redirect URIs.
    pub hosts: Vec<String>,
}

impl Operation for JudgeClient {
    type Reply = ClientVerdict;
    const NAME: &'static str = "policy.judge";

    async fn run(self, manager: &LocalManager) -> Result<Self::Reply, ManagerError> {
        judge::judge(manager, &self).await
    }
}
