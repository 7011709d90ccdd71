use tidegate_types::WorkspaceSlug;

/// Whether OAuth is switched on: the flags `MCP_OAUTH_ENABLED`, `MCP_OAUTH_WORKSPACE_ENABLED` and
/// `MCP_SERVICE_ENABLED`, which change without a restart. Asked on every issue of a token.
#[async_trait::async_trait]
pub trait OAuthGate: Send + Sync {
    /// In this deployment.
    async fn is_on(&self) -> bool;

    /// In this workspace; off where it is off in the deployment.
    async fn is_on_in(&self, workspace: &WorkspaceSlug) -> bool;
}

/// On everywhere, for tests and for deployments without flags.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysOn;

#[async_trait::async_trait]
impl OAuthGate for AlwaysOn {
    async fn is_on(&self) -> bool {
        true
    }

    async fn is_on_in(&self, _workspace: &WorkspaceSlug) -> bool {
        true
    }
}
