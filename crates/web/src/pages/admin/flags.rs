//! `/admin/flags`: feature flags.

use actix_web::web;
use tidegate_config::Flag;
use tidegate_manager::flag::{ClearFlag, FlagRule, ListFlags, SetFlag};
use tidegate_manager::workspace::ListWorkspaces;
use tidegate_pages::{FlagLine, FlagSetting, FlagsPage, Foreign, Moment, Section};
use tidegate_types::WorkspaceSlug;

use crate::pages::Answer;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Administrator, Get, Post};
use crate::pages::desk::{Outcome, desk, done};
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::record::{About, record};

/// Workspaces to choose from.
const MOST_WORKSPACES: usize = 1_000;

pub(crate) async fn get(Get { by, query }: Get<Administrator>) -> Answer {
    show(&by, Outcome::of(&query)).await
}

/// `rule`, `percentage`, `workspace`.
pub(crate) async fn set(Post { by, form }: Post<Administrator>, flag: web::Path<String>) -> Answer {
    let flag = known(&flag)?;
    let rule = match rule(&form) {
        Ok(rule) => rule,
        Err(problem) => return show(&by, Outcome::Refused(problem)).await,
    };
    let detail = format!("{}: {rule:?}", flag.as_str());
    let operation = SetFlag {
        flag: flag.as_str().to_owned(),
        rule,
    };
    match by.0.visit.change(operation).await? {
        Ok(()) => {
            note(&by, "flag.set", detail).await;
            Ok(done(Section::Flags, "flag-set", &[]))
        }
        Err(problem) => show(&by, Outcome::Refused(problem)).await,
    }
}

/// `workspace`: its own rule; all others without.
pub(crate) async fn clear(
    Post { by, form }: Post<Administrator>,
    flag: web::Path<String>,
) -> Answer {
    let flag = known(&flag)?;
    let workspace = match form.read_if_there::<WorkspaceSlug>("workspace") {
        Ok(workspace) => workspace,
        Err(problem) => return show(&by, Outcome::Refused(problem)).await,
    };
    let detail = format!("{} {}", flag.as_str(), super::value(workspace.as_ref()));
    let operation = ClearFlag {
        flag: flag.as_str().to_owned(),
        workspace,
    };
    by.0.visit.ask(operation).await?;
    note(&by, "flag.cleared", detail).await;
    Ok(done(Section::Flags, "flag-cleared", &[]))
}

fn known(name: &str) -> Result<Flag, Failure> {
    Flag::ALL
        .into_iter()
        .find(|flag| flag.as_str() == name)
        .ok_or(Failure::NotFound)
}

fn rule(form: &Fields) -> Result<FlagRule, String> {
    let in_workspace = |is_on| {
        let workspace = form.read("workspace")?;
        Ok(FlagRule::In { workspace, is_on })
    };
    match form.text("rule") {
        "on" => Ok(FlagRule::Everywhere(true)),
        "off" => Ok(FlagRule::Everywhere(false)),
        "workspace_on" => in_workspace(true),
        "workspace_off" => in_workspace(false),
        "percentage" => match form.read::<u8>("percentage")? {
            part @ 0..=100 => Ok(FlagRule::Percentage(part)),
            part => Err(format!("percentage: {part} came; write 0 to 100")),
        },
        _ => Err("rule: choose one of the list".to_owned()),
    }
}

async fn note(by: &Administrator, action: &str, detail: String) {
    let about = About {
        detail: Some(detail),
        ..About::default()
    };
    record(&by.0, action, about).await;
}

const fn what(flag: Flag) -> &'static str {
    match flag {
        Flag::McpService => "The MCP endpoint answers.",
        Flag::McpOauth => "People connect applications by OAuth, anywhere.",
        Flag::McpOauthWorkspace => "People connect applications by OAuth, in a workspace.",
        Flag::Chatbot => "The chat page is there.",
        Flag::DashboardRbac => "Roles of a dashboard open it to their members.",
        Flag::TemplateProcessing => {
            "{{ name }} in the SQL of execute_sql is filled in from template_params."
        }
    }
}

async fn show(by: &Administrator, outcome: Outcome) -> Answer {
    let person = &by.0;
    let memberships = person.memberships().await?;
    let rules = person.visit.ask(ListFlags {}).await?;
    let workspaces = person.visit.ask(ListWorkspaces {}).await?;
    let status = outcome.status();
    let page = FlagsPage {
        desk: desk(person, &memberships, Section::Flags, outcome),
        flags: Flag::ALL
            .into_iter()
            .map(|flag| FlagLine {
                name: flag.as_str(),
                what: what(flag),
                configured: None,
                rules: rules
                    .iter()
                    .filter(|rule| rule.flag == flag.as_str())
                    .map(|rule| (setting(&rule.rule), Moment(rule.set_at)))
                    .collect(),
            })
            .collect(),
        workspaces: workspaces
            .into_iter()
            .take(MOST_WORKSPACES)
            .map(|workspace| {
                let title = Foreign::or(&workspace.title, workspace.slug.as_str());
                (workspace.slug, title)
            })
            .collect(),
    };
    Ok(answer::page(status, Place::AtHome, &page))
}

fn setting(rule: &FlagRule) -> FlagSetting {
    match rule {
        FlagRule::Everywhere(is_on) => FlagSetting::Everywhere(*is_on),
        FlagRule::In { workspace, is_on } => FlagSetting::In(workspace.clone(), *is_on),
        FlagRule::Percentage(part) => FlagSetting::Percentage(*part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_from_forms() {
        let read = |form: &str| rule(&Fields::parse(form.as_bytes()).unwrap());
        assert_eq!(Ok(FlagRule::Everywhere(false)), read("rule=off"));
        assert_eq!(
            Ok(FlagRule::Percentage(25)),
            read("rule=percentage&percentage=25")
        );
        assert_eq!(
            Ok(FlagRule::In {
                workspace: "sales".parse().unwrap(),
                is_on: true
            }),
            read("rule=workspace_on&workspace=sales")
        );
        for refused in [
            "",
            "rule=percentage&percentage=101",
            "rule=percentage",
            "rule=workspace_on",
        ] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }
}
