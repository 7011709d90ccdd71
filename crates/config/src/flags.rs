//! Feature flags, under the names that Superset and its platform give them.

/// A feature that can be on or off in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// `MCP_SERVICE_ENABLED`: the MCP service.
    McpService,
    /// `MCP_OAUTH_ENABLED`: sign-in by OAuth, everywhere.
    McpOauth,
    /// `MCP_OAUTH_WORKSPACE_ENABLED`: sign-in by OAuth, in one workspace.
    McpOauthWorkspace,
    /// `CHATBOT_ENABLED`: the chat page.
    Chatbot,
    /// `DASHBOARD_RBAC`: roles of a dashboard open it to their members.
    DashboardRbac,
    /// `ENABLE_TEMPLATE_PROCESSING`: `{{ name }}` in the SQL of `execute_sql` is filled in.
    TemplateProcessing,
}

impl Flag {
    /// All flags.
    pub const ALL: [Self; 6] = [
        Self::McpService,
        Self::McpOauth,
        Self::McpOauthWorkspace,
        Self::Chatbot,
        Self::DashboardRbac,
        Self::TemplateProcessing,
    ];

    /// The name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::McpService => "MCP_SERVICE_ENABLED",
            Self::McpOauth => "MCP_OAUTH_ENABLED",
            Self::McpOauthWorkspace => "MCP_OAUTH_WORKSPACE_ENABLED",
            Self::Chatbot => "CHATBOT_ENABLED",
            Self::DashboardRbac => "DASHBOARD_RBAC",
            Self::TemplateProcessing => "ENABLE_TEMPLATE_PROCESSING",
        }
    }
}

/// The flags that are on in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u8);

impl Flags {
    /// Whether the feature is on.
    pub const fn is_on(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// The same flags with one set.
    pub const fn with(self, flag: Flag, on: bool) -> Self {
        let bit = 1 << flag as u8;
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }
}
