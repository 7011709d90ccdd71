use tidegate_types::WorkspaceSlug;

/// Which switch keeps applications out. The text says what to ask for, and whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SwitchedOff {
    /// `MCP_SERVICE_ENABLED` is off.
    #[error(
        "the MCP service is switched off here: ask an administrator to turn the flag MCP_SERVICE_ENABLED on"
    )]
    Service,
    /// `MCP_OAUTH_ENABLED` is off.
    #[error(
        "connecting applications is switched off here: ask an administrator to turn the flag MCP_OAUTH_ENABLED on, or use an API token"
    )]
    OAuth,
    /// `MCP_OAUTH_WORKSPACE_ENABLED` is off.
    #[error(
        "connecting applications is switched off for this workspace: ask an administrator to turn the flag \
         MCP_OAUTH_WORKSPACE_ENABLED on, or use an API token"
    )]
    OAuthInWorkspace,
}

/// Whether OAuth is switched on: the flags `MCP_OAUTH_ENABLED`, `MCP_OAUTH_WORKSPACE_ENABLED` and
/// `MCP_SERVICE_ENABLED`, which change without a restart. Asked on every issue of a token.
#[async_trait::async_trait]
pub trait OAuthGate: Send + Sync {
    /// What keeps applications out of this deployment, if anything does.
    async fn off(&self) -> Option<SwitchedOff>;

    /// What keeps applications out of this workspace, if anything does; off where it is off in the deployment.
    async fn off_in(&self, workspace: &WorkspaceSlug) -> Option<SwitchedOff>;
}

/// On everywhere, for tests and for deployments without flags.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysOn;

#[async_trait::async_trait]
impl OAuthGate for AlwaysOn {
    async fn off(&self) -> Option<SwitchedOff> {
        None
    }

    async fn off_in(&self, _workspace: &WorkspaceSlug) -> Option<SwitchedOff> {
        None
    }
}
