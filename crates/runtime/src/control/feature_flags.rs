//! Whether a workspace is open to anybody, and to clients of ours.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tidegate_config::{Flag, Flags};
use tidegate_token_verifier::TokenKind;
use tidegate_types::WorkspaceSlug;

use super::{CacheValidity, ControlError};

/// The state of a workspace is asked for again after so long, whether anybody said that it changed or not.
const TTL: Duration = Duration::from_mins(1);

/// While it cannot be asked for, and nobody said that it changed, it counts so long.
const STALE: Duration = Duration::from_mins(10);

/// Workspaces whose state is remembered.
const MAX_KNOWN: u64 = 10_000;

/// How long asking may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long it may take where something is known that still counts, and how soon it is tried again then: a control plane
/// that hangs must cost nobody much whose workspace is known.
const TIMEOUT_IF_KNOWN: Duration = Duration::from_millis(200);
const RETRY: Duration = Duration::from_secs(5);

/// What is on in a workspace, and whether it sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceState {
    /// Its flags: as the control plane rules, or else as this node's configuration says.
    pub flags: Flags,
    /// Whether nobody is served there for now.
    pub is_hibernated: bool,
}

/// Knows the state of workspaces. A team with a flag service of its own implements this one.
#[async_trait::async_trait]
pub trait FlagSource: Send + Sync {
    /// The state of a workspace now. One that does not exist has the state that a new one would have.
    ///
    /// # Errors
    /// It cannot be told now.
    async fn state_of(&self, workspace: &WorkspaceSlug) -> Result<WorkspaceState, ControlError>;
}

/// Why nobody, or nobody with such a token, is served in a workspace. The text says what to ask for, and whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Closed {
    /// `MCP_SERVICE_ENABLED` is off.
    #[error(
        "the MCP service is switched off for this workspace; ask an administrator to turn the flag MCP_SERVICE_ENABLED on"
    )]
    Service,
    /// `MCP_OAUTH_ENABLED` is off.
    #[error(
        "signing in by OAuth is switched off here; ask an administrator to turn the flag MCP_OAUTH_ENABLED on, or use an API token"
    )]
    Oauth,
    /// `MCP_OAUTH_WORKSPACE_ENABLED` is off.
    #[error(
        "signing in by OAuth is switched off for this workspace; ask an administrator to turn the flag MCP_OAUTH_WORKSPACE_ENABLED on, or use an API token"
    )]
    OauthWorkspace,
    /// It sleeps.
    #[error("this workspace is hibernated; ask an administrator to wake it")]
    Hibernated,
}

impl Closed {
    /// A stable name for bodies, metrics and audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service_disabled",
            Self::Oauth => "oauth_disabled",
            Self::OauthWorkspace => "oauth_workspace_disabled",
            Self::Hibernated => "workspace_hibernated",
        }
    }
}

impl WorkspaceState {
    /// What keeps a token of this kind out, if anything does.
    pub(crate) fn refusal(self, kind: TokenKind) -> Option<Closed> {
        let is_off = |flag| !self.flags.is_on(flag);
        if self.is_hibernated {
            Some(Closed::Hibernated)
        } else if is_off(Flag::McpService) {
            Some(Closed::Service)
        } else if kind == TokenKind::OAuth && is_off(Flag::McpOauth) {
            Some(Closed::Oauth)
        } else if kind == TokenKind::OAuth && is_off(Flag::McpOauthWorkspace) {
            Some(Closed::OauthWorkspace)
        } else {
            None
        }
    }
}

/// The states of workspaces, as this node knows them.
pub(crate) struct FeatureFlags {
    source: Option<Arc<dyn FlagSource>>,
    validity: Arc<CacheValidity>,
    known: Cache<WorkspaceSlug, Known>,
    /// One question at a time for each workspace.
    asking: Cache<WorkspaceSlug, Arc<tokio::sync::Mutex<()>>>,
}

#[derive(Clone, Copy)]
struct Known {
    state: WorkspaceState,
    as_of: u64,
    asked_at: tokio::time::Instant,
    /// When it was last asked for in vain.
    failed_at: Option<tokio::time::Instant>,
}

impl FeatureFlags {
    pub(crate) fn new(source: Option<Arc<dyn FlagSource>>, validity: Arc<CacheValidity>) -> Self {
        let known = Cache::builder().max_capacity(MAX_KNOWN).time_to_live(STALE);
        let asking = Cache::builder()
            .max_capacity(MAX_KNOWN)
            .time_to_idle(Duration::from_mins(1));
        Self {
            source,
            validity,
            known: known.build(),
            asking: asking.build(),
        }
    }

    /// What keeps a token of this kind out of a workspace, if anything does.
    ///
    /// # Errors
    /// It cannot be told now.
    pub(crate) async fn refusal(
        &self,
        workspace: &WorkspaceSlug,
        kind: TokenKind,
    ) -> Result<Option<Closed>, ControlError> {
        let Some(source) = &self.source else {
            return Ok(None);
        };
        if let Some(known) = self.known(workspace, TTL) {
            return Ok(known.refusal(kind));
        }
        let turn = self
            .asking
            .get_with(workspace.clone(), Arc::<tokio::sync::Mutex<()>>::default);
        let _turn = turn.lock().await;
        if let Some(known) = self.known(workspace, TTL) {
            return Ok(known.refusal(kind));
        }
        // Read before asking: what changes meanwhile makes the answer old.
        let as_of = self.validity.place();
        let within = match self.known(workspace, STALE) {
            Some(_) => TIMEOUT_IF_KNOWN,
            None => TIMEOUT,
        };
        let asked = tokio::time::timeout(within, source.state_of(workspace)).await;
        match asked.unwrap_or_else(|elapsed| Err(ControlError(elapsed.into()))) {
            Ok(state) => {
                if let Some(as_of) = as_of {
                    let known = Known {
                        state,
                        as_of,
                        asked_at: tokio::time::Instant::now(),
                        failed_at: None,
                    };
                    self.known.insert(workspace.clone(), known);
                }
                Ok(state.refusal(kind))
            }
            Err(err) => {
                tracing::warn!(
                    workspace = %workspace,
                    error = &err as &dyn std::error::Error,
                    "the state of a workspace cannot be asked for"
                );
                let stale = self.known(workspace, STALE);
                if let Some(mut known) = self.known.get(workspace).filter(|_| stale.is_some()) {
                    known.failed_at = Some(tokio::time::Instant::now());
                    self.known.insert(workspace.clone(), known);
                }
                stale.map(|state| state.refusal(kind)).ok_or(err)
            }
        }
    }

    fn known(&self, workspace: &WorkspaceSlug, age: Duration) -> Option<WorkspaceState> {
        let known = self.known.get(workspace)?;
        let was_tried = known
            .failed_at
            .is_some_and(|failed_at| failed_at.elapsed() < RETRY);
        let age = if was_tried { STALE } else { age };
        let counts =
            known.asked_at.elapsed() < age && self.validity.state_holds(known.as_of, workspace);
        counts.then_some(known.state)
    }
}

#[cfg(test)]
mod tests;
