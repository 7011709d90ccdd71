use std::collections::BTreeMap;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use tidegate_config::{Flag, Settings};
use tidegate_control_plane::flag::{
    ClearFlag, EvaluateFlags, FlagRule, ListFlags, SetFlag, StandingRule,
};
use tidegate_types::WorkspaceSlug;

use super::answer::{Answer, time_or_dash};
use super::context::{About, Context, json};
use super::failure::Failure;

#[derive(Subcommand)]
pub enum Command {
    /// Lists all flags: what each is now, and the rules. What no rule decides is decided by each node's configuration; what this
    /// command was given is shown for it.
    List,
    /// Shows what each is in a workspace.
    Show {
        /// The workspace's name.
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
        /// The flag.
        flag: String,
        /// This workspace's rule; the others without.
        #[arg(long)]
        workspace: Option<WorkspaceSlug>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
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
        Command::List => list(context).await,
        Command::Show { workspace } => show(workspace, context).await,
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

/// What a flag is where no workspace's own rule says otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Usually {
    Is(bool),
    /// On in this part of all workspaces.
    InPart(u8),
}

/// A flag as it is now.
struct FlagState<'a> {
    flag: Flag,
    usually: Usually,
    /// Where it is otherwise, or may be.
    elsewhere: BTreeMap<&'a WorkspaceSlug, bool>,
    rules: Vec<&'a StandingRule>,
}

impl<'a> FlagState<'a> {
    fn of(flag: Flag, rules: &'a [StandingRule], settings: &'a Settings) -> Self {
        let rules: Vec<_> = rules
            .iter()
            .filter(|rule| rule.flag == flag.as_str())
            .collect();
        let everywhere = rules.iter().find_map(|standing| match standing.rule {
            FlagRule::Everywhere(is_on) => Some(Usually::Is(is_on)),
            FlagRule::In { .. } | FlagRule::Percentage(_) => None,
        });
        let in_part = rules.iter().find_map(|standing| match standing.rule {
            FlagRule::Percentage(part) => Some(Usually::InPart(part)),
            FlagRule::In { .. } | FlagRule::Everywhere(_) => None,
        });
        let ruled = everywhere.or(in_part);
        let usually = ruled.unwrap_or(Usually::Is(settings.flags.is_on(flag)));
        let mut elsewhere = BTreeMap::new();
        if ruled.is_none() {
            let configured = settings.workspaces.iter();
            elsewhere.extend(configured.map(|one| (&one.slug, one.flags.is_on(flag))));
        }
        elsewhere.extend(rules.iter().filter_map(|standing| match &standing.rule {
            FlagRule::In { workspace, is_on } => Some((workspace, *is_on)),
            FlagRule::Everywhere(_) | FlagRule::Percentage(_) => None,
        }));
        elsewhere.retain(|_, is_on| usually != Usually::Is(*is_on));
        Self {
            flag,
            usually,
            elsewhere,
            rules,
        }
    }

    /// `on`, `off, on in acme`.
    fn words(&self) -> String {
        let mut words = match self.usually {
            Usually::Is(is_on) => word(is_on).to_owned(),
            Usually::InPart(part) => format!("on in {part} % of all workspaces"),
        };
        for (workspace, is_on) in &self.elsewhere {
            words = format!("{words}, {} in {workspace}", word(*is_on));
        }
        words
    }

    fn row(&self) -> [String; 4] {
        let rules: Vec<_> = self.rules.iter().map(|one| told(&one.rule)).collect();
        let by = if rules.is_empty() {
            "configuration".to_owned()
        } else {
            rules.join("; ")
        };
        let since = self.rules.iter().map(|rule| rule.set_at).max();
        [
            self.flag.as_str().to_owned(),
            self.words(),
            by,
            time_or_dash(since),
        ]
    }

    fn json(&self) -> Result<Value, Failure> {
        let (is_on, percentage) = match self.usually {
            Usually::Is(is_on) => (Some(is_on), None),
            Usually::InPart(part) => (None, Some(part)),
        };
        Ok(json!({
            "flag": self.flag.as_str(),
            "is_on": is_on,
            "percentage": percentage,
            "workspaces": json(&self.elsewhere)?,
            "rules": json(&self.rules)?,
        }))
    }
}

async fn list(context: &Context) -> Result<Answer, Failure> {
    let rules = context.call(ListFlags {}).await?;
    let all: Vec<_> = Flag::ALL
        .into_iter()
        .map(|flag| FlagState::of(flag, &rules, &context.settings))
        .collect();
    let shown = all.iter().map(FlagState::json).collect::<Result<_, _>>()?;
    let heading = ["flag", "is", "by", "since"];
    Ok(Answer::table(
        heading,
        all.iter().map(FlagState::row),
        shown,
    ))
}

async fn show(workspace: WorkspaceSlug, context: &Context) -> Result<Answer, Failure> {
    context.check_workspace(&workspace).await?;
    let configured = (context.settings.workspaces.iter())
        .find(|one| one.slug == workspace)
        .map_or(context.settings.flags, |one| one.flags);
    let decided = context.call(EvaluateFlags { workspace }).await?;
    let all = Flag::ALL.map(|flag| match decided.get(flag.as_str()) {
        Some(is_on) => (flag.as_str(), *is_on, "rule"),
        None => (flag.as_str(), configured.is_on(flag), "configuration"),
    });
    let rows =
        all.map(|(flag, is_on, by)| [flag.to_owned(), word(is_on).to_owned(), by.to_owned()]);
    let shown: BTreeMap<_, _> = all.iter().map(|(flag, is_on, _)| (flag, is_on)).collect();
    Ok(Answer::table(["flag", "is", "by"], rows, json(&shown)?))
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
