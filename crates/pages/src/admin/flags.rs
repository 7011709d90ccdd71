use askama::Template;
use tidegate_types::WorkspaceSlug;

use crate::{Desk, Foreign, Moment};

/// Feature flags. Forms: `POST /admin/flags/<flag>` with `rule` ("on", "off", "percentage", "workspace_on", "workspace_off"),
/// `percentage`, `workspace`; `POST /admin/flags/<flag>/clear` with `workspace` (empty: all other rules).
#[derive(Debug, Clone, Template)]
#[template(path = "admin/flags.html")]
pub struct FlagsPage {
    /// Frame.
    pub desk: Desk,
    /// All that there are.
    pub flags: Vec<FlagLine>,
    /// To choose from.
    pub workspaces: Vec<(WorkspaceSlug, Foreign)>,
}

/// A flag.
#[derive(Debug, Clone)]
pub struct FlagLine {
    /// `MCP_OAUTH_ENABLED`, …
    pub name: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// What the configuration says, where no rule decides.
    pub configured: Option<bool>,
    /// Its rules.
    pub rules: Vec<(FlagSetting, Moment)>,
}

/// What a rule says.
#[derive(Debug, Clone)]
pub enum FlagSetting {
    /// For every workspace.
    Everywhere(bool),
    /// For one.
    In(WorkspaceSlug, bool),
    /// For a part of all.
    Percentage(u8),
}

impl FlagSetting {
    fn words(&self) -> String {
        match self {
            Self::Everywhere(true) => "On everywhere".into(),
            Self::Everywhere(false) => "Off everywhere".into(),
            Self::In(workspace, true) => format!("On in {workspace}"),
            Self::In(workspace, false) => format!("Off in {workspace}"),
            Self::Percentage(part) => format!("On in {part} % of workspaces"),
        }
    }

    fn workspace(&self) -> &str {
        match self {
            Self::In(workspace, _) => workspace.as_str(),
            Self::Everywhere(_) | Self::Percentage(_) => "",
        }
    }
}
