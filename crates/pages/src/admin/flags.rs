use askama::Template;
use tidegate_types::WorkspaceSlug;

use crate::{AdminLayout, Timestamp, UntrustedText};

use super::WorkspacePick;

/// Feature flags, in the whole deployment or in one workspace. Forms, all with `workspace` (empty: the whole deployment):
/// `POST /admin/flags/<flag>` with `rule` ("on", "off", or "percentage" with `percentage`, for the whole deployment alone);
/// `POST /admin/flags/<flag>/clear` with `rule` ("everywhere", "percentage", "workspace").
#[derive(Debug, Clone, Template)]
#[template(path = "admin/flags.html")]
pub struct FlagsPage {
    /// Frame.
    pub layout: AdminLayout,
    /// The whole deployment, and each workspace.
    pub picks: Vec<WorkspacePick>,
    /// What the page is about; the whole deployment without.
    pub workspace: Option<(WorkspaceSlug, UntrustedText)>,
    /// All that there are.
    pub flags: Vec<FlagLine>,
}

/// A flag.
#[derive(Debug, Clone)]
pub struct FlagLine {
    /// `MCP_OAUTH_ENABLED`, …
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What is there while it is on.
    pub on: &'static str,
    /// What stops working when it goes off.
    pub off: &'static str,
    /// Whether rules change it; the configuration alone does else.
    pub is_live: bool,
    /// Whether it is on now.
    pub state: FlagState,
    /// By which rule.
    pub origin: FlagOrigin,
    /// The rules that are about this: the page's workspace, or all.
    pub rules: Vec<RuleLine>,
    /// What was typed for a percentage and refused.
    pub percentage: Option<PercentageDraft>,
}

/// Whether a flag is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagState {
    /// Here, or in every workspace.
    On,
    /// Neither here nor anywhere.
    Off,
    /// On in some workspaces of the deployment.
    Mixed {
        /// In how many.
        on: usize,
        /// How many there are.
        of: usize,
    },
}

/// What decides a flag where nothing narrower does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagOrigin {
    /// What Tidegate does when nobody says anything.
    Default,
    /// The configuration of the nodes.
    Configuration,
    /// A rule for a part of all workspaces.
    Percentage(u8),
    /// A rule for every workspace.
    Everywhere,
    /// A rule for this workspace.
    Workspace,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct RuleLine {
    /// What it says.
    pub setting: RuleSetting,
    /// The time from which it holds.
    pub since: Timestamp,
}

/// What a rule says.
#[derive(Debug, Clone)]
pub enum RuleSetting {
    /// For every workspace.
    Everywhere(bool),
    /// For one.
    In(WorkspaceSlug, UntrustedText, bool),
    /// For a part of all.
    Percentage(u8),
}

/// A percentage that was refused.
#[derive(Debug, Clone)]
pub struct PercentageDraft {
    /// What was typed.
    pub typed: String,
    /// Why it was refused.
    pub problem: String,
}

impl FlagsPage {
    fn workspace_value(&self) -> &str {
        self.workspace
            .as_ref()
            .map_or("", |(workspace, _)| workspace.as_str())
    }

    /// "everywhere", "in Sales".
    fn place(&self) -> String {
        match &self.workspace {
            None => "everywhere".to_owned(),
            Some((_, title)) => format!("in {title}"),
        }
    }
}

impl FlagLine {
    fn is_off(&self) -> bool {
        self.state == FlagState::Off
    }

    fn is_on(&self) -> bool {
        self.state == FlagState::On
    }

    fn class(&self) -> &'static str {
        match self.state {
            FlagState::On => "good",
            FlagState::Off => "bad",
            FlagState::Mixed { .. } => "warn",
        }
    }

    fn badge(&self) -> &'static str {
        match self.state {
            FlagState::On => "On",
            FlagState::Off => "Off",
            FlagState::Mixed { .. } => "On in some",
        }
    }

    /// Which rule decides, as a sentence.
    fn because(&self) -> String {
        let by = match self.origin {
            FlagOrigin::Default => "by default".to_owned(),
            FlagOrigin::Configuration => "by the configuration".to_owned(),
            FlagOrigin::Percentage(part) => {
                format!("by the rule for {part} % of all workspaces")
            }
            FlagOrigin::Everywhere => "by the rule for every workspace".to_owned(),
            FlagOrigin::Workspace => "by the rule for this workspace".to_owned(),
        };
        match self.state {
            FlagState::On => format!("It is on here, {by}."),
            FlagState::Off => format!("It is off here, {by}."),
            FlagState::Mixed { on, of } => {
                format!(
                    "It is on in {on} of {of} workspaces; where no rule of their own decides, {by}."
                )
            }
        }
    }

    /// The same, for the whole deployment.
    fn because_everywhere(&self) -> String {
        self.because()
            .replace("It is on here", "It is on in every workspace")
            .replace("It is off here", "It is off in every workspace")
    }
}

impl RuleSetting {
    fn words(&self) -> String {
        match self {
            Self::Everywhere(true) => "On everywhere".into(),
            Self::Everywhere(false) => "Off everywhere".into(),
            Self::In(_, title, true) => format!("On in {title}"),
            Self::In(_, title, false) => format!("Off in {title}"),
            Self::Percentage(part) => format!("On in {part} % of all workspaces"),
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Everywhere(_) => "everywhere",
            Self::In(..) => "workspace",
            Self::Percentage(_) => "percentage",
        }
    }

    fn workspace(&self) -> &str {
        match self {
            Self::In(workspace, ..) => workspace.as_str(),
            Self::Everywhere(_) | Self::Percentage(_) => "",
        }
    }
}
