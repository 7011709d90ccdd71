use clap::{Subcommand, ValueEnum};
use serde_json::json;
use tidegate_manager::flag::{ClearFlag, EvaluateFlags, FlagRule, ListFlags, SetFlag};
use tidegate_types::WorkspaceSlug;

use super::answer::{Answer, time};
use super::context::{About, Context, json};
use super::failure::Failure;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists all rules; what no rule decides is decided by the nodes' configuration.
    List,
    /// Shows what rules decide in a workspace.
    Show {
        /// Which.
        workspace: WorkspaceSlug,
    },
    /// Sets a flag everywhere, in one workspace, or in a part of all.
    Set {
        /// MCP_SERVICE_ENABLED, MCP_OAUTH_ENABLED, …
        flag: String,
        /// on or off.
        #[arg(required_unless_present = "percentage", conflicts_with = "percentage")]
        to: Option<Switch>,
        /// In this workspace alone.
        #[arg(long, conflicts_with = "percentage")]
        workspace: Option<WorkspaceSlug>,
        /// On for this part of all workspaces, 0 to 100; who is in stays in as it grows.
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=100))]
        percentage: Option<u8>,
    },
    /// Takes rules away, so that the configuration decides again.
    Clear {
        /// Which flag.
        flag: String,
        /// This workspace's rule; the others without.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

const fn word(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

fn told(rule: &FlagRule) -> String {
    match rule {
        FlagRule::Everywhere(is_on) => format!("{} everywhere", word(*is_on)),
        FlagRule::In { workspace, is_on } => format!("{} in {workspace}", word(*is_on)),
        FlagRule::Percentage(part) => format!("on for {part} % of all workspaces"),
    }
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer, Failure> {
    match command {
        Command::List => {
            let all = context.call(ListFlags {}).await?;
            let rows = all
                .iter()
                .map(|one| [one.flag.clone(), told(&one.rule), time(one.set_at)]);
            Ok(Answer::table(["flag", "rule", "since"], rows, json(&all)?))
        }
        Command::Show { workspace } => {
            context.check_workspace(&workspace).await?;
            let decided = context.call(EvaluateFlags { workspace }).await?;
            let rows = decided
                .iter()
                .map(|(flag, is_on)| [flag.clone(), word(*is_on).to_owned()]);
            Ok(Answer::table(["flag", "is"], rows, json(&decided)?))
        }
        Command::Set {
            flag,
            to,
            workspace,
            percentage,
        } => {
            let rule = match (to.map(|to| to == Switch::On), workspace, percentage) {
                (None, None, Some(part)) => FlagRule::Percentage(part),
                (Some(is_on), Some(workspace), None) => FlagRule::In { workspace, is_on },
                (Some(is_on), None, None) => FlagRule::Everywhere(is_on),
                _ => return Err(Failure::Usage("give on, off or --percentage".into())),
            };
            set(flag, rule, context).await
        }
        Command::Clear { flag, workspace } => clear(flag, workspace, context).await,
    }
}

async fn set(flag: String, rule: FlagRule, context: &Context) -> Result<Answer, Failure> {
    let set = SetFlag {
        flag: flag.clone(),
        rule: rule.clone(),
    };
    context.call(set).await?;
    let told = format!("{flag} is {}", told(&rule));
    let workspace = match &rule {
        FlagRule::In { workspace, .. } => Some(workspace),
        FlagRule::Everywhere(_) | FlagRule::Percentage(_) => None,
    };
    let about = About {
        workspace,
        detail: told.clone(),
        ..About::default()
    };
    context.record("flag.set", about).await;
    Ok(Answer::line(
        told,
        json!({ "flag": flag, "rule": json(&rule)? }),
    ))
}

async fn clear(
    flag: String,
    workspace: Option<WorkspaceSlug>,
    context: &Context,
) -> Result<Answer, Failure> {
    let clear = ClearFlag {
        flag: flag.clone(),
        workspace: workspace.clone(),
    };
    if !context.call(clear).await? {
        return Err(Failure::not_found("rule for flag", flag));
    }
    let about = About {
        workspace: workspace.as_ref(),
        detail: flag.clone(),
        ..About::default()
    };
    context.record("flag.cleared", about).await;
    let told = format!("the rule for {flag} is gone");
    Ok(Answer::line(told, json!({ "cleared": flag })))
}
