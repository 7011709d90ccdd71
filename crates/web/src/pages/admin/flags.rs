//! `/admin/flags`: feature flags.

use actix_web::web;
use tidegate_config::Flag;
use tidegate_control_plane::flag::{
    ClearFlagRule, FlagRule, ListFlags, RuleKind, SetFlag, StandingRule, decided,
};
use tidegate_control_plane::workspace::{ListWorkspaces, Workspace};
use tidegate_pages::{
    FlagLine, FlagOrigin, FlagState, FlagsPage, PercentageDraft, RuleLine, RuleSetting, Section,
    Timestamp, UntrustedText, WorkspacePick,
};
use tidegate_types::WorkspaceSlug;

use crate::access::ConfiguredFlags;
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Administrator, Get, Post};
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::layout::{FormOutcome, done, done_undoable, layout};
use crate::pages::record::{About, record};
use crate::pages::undo::Step;

use super::value;

/// Workspaces to choose from.
const MOST_WORKSPACES: usize = 1_000;

pub(crate) async fn get(Get { by, query }: Get<Administrator>) -> Answer {
    let outcome = FormOutcome::of(&by.0, &query);
    show(&by, place(&query)?, outcome, None).await
}

/// The workspace that a page or a form is about; the whole deployment without.
fn place(fields: &Fields) -> Result<Option<WorkspaceSlug>, Failure> {
    fields
        .read_if_there("workspace")
        .map_err(|_| Failure::NotFound)
}

/// `rule`, `percentage`, `workspace`.
pub(crate) async fn set(Post { by, form }: Post<Administrator>, flag: web::Path<String>) -> Answer {
    let flag = changeable(&flag)?;
    let workspace = place(&form)?;
    let rule = match rule(&form, workspace.as_ref()) {
        Ok(rule) => rule,
        Err(problem) => {
            let draft = PercentageDraft {
                typed: form.text("percentage").chars().take(20).collect(),
                problem: crate::pages::sentence(&problem),
            };
            let refused = FormOutcome::Refused(problem);
            return show(&by, workspace, refused, Some((flag, draft))).await;
        }
    };
    let before = by.0.page_request.ask(ListFlags {}).await?;
    let step = step_back(flag, &rule, &before);
    let code = match &rule {
        FlagRule::Everywhere(true) | FlagRule::In { is_on: true, .. } => "flag-on",
        FlagRule::Everywhere(false) | FlagRule::In { is_on: false, .. } => "flag-off",
        FlagRule::Percentage(_) => "flag-part",
    };
    let detail = format!("{}: {}", flag.as_str(), told(&rule));
    let operation = SetFlag {
        flag: flag.as_str().to_owned(),
        rule,
    };
    match by.0.page_request.change(operation).await? {
        Ok(()) => {
            note(&by, "flag.set", workspace.as_ref(), detail).await;
            let here = [("workspace", value(workspace.as_ref()))];
            Ok(done_undoable(&by.0, Section::Flags, code, &here, &step))
        }
        Err(problem) => show(&by, workspace, FormOutcome::Refused(problem), None).await,
    }
}

/// `rule` ("everywhere", "percentage", "workspace"), `workspace`; `back` is the workspace that the page is about.
pub(crate) async fn clear(
    Post { by, form }: Post<Administrator>,
    flag: web::Path<String>,
) -> Answer {
    let flag = known(&flag)?;
    let kind = match (form.text("rule"), place(&form)?) {
        ("everywhere", _) => RuleKind::Everywhere,
        ("percentage", _) => RuleKind::Percentage,
        ("workspace", Some(workspace)) => RuleKind::In(workspace),
        _ => return Err(Failure::NotFound),
    };
    let before = by.0.page_request.ask(ListFlags {}).await?;
    let gone = before
        .iter()
        .find(|rule| rule.flag == flag.as_str() && kind_of(&rule.rule) == kind);
    let workspace = match &kind {
        RuleKind::In(workspace) => Some(workspace.clone()),
        RuleKind::Everywhere | RuleKind::Percentage => None,
    };
    let operation = ClearFlagRule {
        flag: flag.as_str().to_owned(),
        kind,
    };
    by.0.page_request.ask(operation).await?;
    let back = [("workspace", form.text("back"))];
    let Some(gone) = gone else {
        return Ok(done(Section::Flags, "flag-cleared", &back));
    };
    let detail = format!("{}: no more {}", flag.as_str(), told(&gone.rule));
    note(&by, "flag.cleared", workspace.as_ref(), detail).await;
    let step = to_set(flag, &gone.rule);
    Ok(done_undoable(
        &by.0,
        Section::Flags,
        "flag-cleared",
        &back,
        &step,
    ))
}

fn known(name: &str) -> Result<Flag, Failure> {
    Flag::ALL
        .into_iter()
        .find(|flag| flag.as_str() == name)
        .ok_or(Failure::NotFound)
}

/// One that rules change.
fn changeable(name: &str) -> Result<Flag, Failure> {
    known(name).and_then(|flag| {
        if words(flag).is_live {
            Ok(flag)
        } else {
            Err(Failure::NotFound)
        }
    })
}

fn rule(form: &Fields, workspace: Option<&WorkspaceSlug>) -> Result<FlagRule, String> {
    let switch = |is_on| match workspace {
        Some(workspace) => FlagRule::In {
            workspace: workspace.clone(),
            is_on,
        },
        None => FlagRule::Everywhere(is_on),
    };
    match form.text("rule") {
        "on" => Ok(switch(true)),
        "off" => Ok(switch(false)),
        "percentage" => {
            let part = form.text("percentage").parse::<u8>().ok();
            let part = part.filter(|part| *part <= 100);
            part.map(FlagRule::Percentage).ok_or_else(|| {
                let came = UntrustedText::bounded(form.text("percentage"), 20);
                format!("per cent: {came} came; write 0 to 100")
            })
        }
        _ => Err("rule: choose on, off or a part".to_owned()),
    }
}

/// The form that makes things as they were before a rule was set.
fn step_back(flag: Flag, rule: &FlagRule, before: &[StandingRule]) -> Step {
    let earlier = before.iter().find(|standing| {
        standing.flag == flag.as_str() && kind_of(&standing.rule) == kind_of(rule)
    });
    match earlier {
        Some(earlier) => to_set(flag, &earlier.rule),
        None => to_clear(flag, rule),
    }
}

fn to_set(flag: Flag, rule: &FlagRule) -> Step {
    let path = format!("/admin/flags/{}", flag.as_str());
    let switch = |is_on: bool| ("rule", if is_on { "on" } else { "off" });
    match rule {
        FlagRule::Everywhere(is_on) => Step::new(path, &[switch(*is_on)]),
        FlagRule::In { workspace, is_on } => {
            Step::new(path, &[switch(*is_on), ("workspace", workspace.as_str())])
        }
        FlagRule::Percentage(part) => Step::new(
            path,
            &[("rule", "percentage"), ("percentage", &part.to_string())],
        ),
    }
}

fn to_clear(flag: Flag, rule: &FlagRule) -> Step {
    let path = format!("/admin/flags/{}/clear", flag.as_str());
    match rule {
        FlagRule::Everywhere(_) => Step::new(path, &[("rule", "everywhere")]),
        FlagRule::Percentage(_) => Step::new(path, &[("rule", "percentage")]),
        FlagRule::In { workspace, .. } => Step::new(
            path,
            &[
                ("rule", "workspace"),
                ("workspace", workspace.as_str()),
                ("back", workspace.as_str()),
            ],
        ),
    }
}

fn kind_of(rule: &FlagRule) -> RuleKind {
    match rule {
        FlagRule::Everywhere(_) => RuleKind::Everywhere,
        FlagRule::Percentage(_) => RuleKind::Percentage,
        FlagRule::In { workspace, .. } => RuleKind::In(workspace.clone()),
    }
}

/// A rule in words, for the audit.
fn told(rule: &FlagRule) -> String {
    let switch = |is_on: bool| if is_on { "on" } else { "off" };
    match rule {
        FlagRule::Everywhere(is_on) => format!("{} everywhere", switch(*is_on)),
        FlagRule::In { workspace, is_on } => format!("{} in {workspace}", switch(*is_on)),
        FlagRule::Percentage(part) => format!("on in {part} % of all workspaces"),
    }
}

async fn note(by: &Administrator, action: &str, workspace: Option<&WorkspaceSlug>, detail: String) {
    let about = About {
        workspace,
        detail: Some(detail),
        ..About::default()
    };
    record(&by.0, action, about).await;
}

/// What people read of a flag.
struct Words {
    title: &'static str,
    /// What is there while it is on.
    on: &'static str,
    /// What stops working when it goes off.
    off: &'static str,
    /// Whether rules change it. The others are as the configuration says when a workspace is opened.
    is_live: bool,
}

/// Whether this version has what a flag is for.
const fn is_there(flag: Flag) -> bool {
    !matches!(flag, Flag::Chatbot)
}

const fn words(flag: Flag) -> Words {
    match flag {
        Flag::McpService => Words {
            title: "MCP endpoint",
            on: "Apps, machine clients and API tokens work at /mcp.",
            off: "Every app, machine client and API token is refused at once, for everybody. What is connected stays connected, and works again when this is on again.",
            is_live: true,
        },
        Flag::McpOauth => Words {
            title: "Connected apps",
            on: "People connect apps by OAuth, and apps and machine clients get access.",
            off: "Every connected app and machine client is refused at once, and nobody can connect another. API tokens go on. What is connected works again when this is on again.",
            is_live: true,
        },
        Flag::McpOauthWorkspace => Words {
            title: "Connected apps, by workspace",
            on: "As “Connected apps”, to be switched for single workspaces; both have to be on.",
            off: "Connected apps and machine clients are refused at once where this goes off, and nobody can connect another there. What is connected works again when this is on again.",
            is_live: true,
        },
        Flag::Chatbot => Words {
            title: "Chat page",
            on: "For a chat page, which this version does not have.",
            off: "",
            is_live: false,
        },
        Flag::DashboardRbac => Words {
            title: "Dashboard roles",
            on: "Roles of a dashboard open it to their members, as in Superset.",
            off: "",
            is_live: false,
        },
        Flag::TemplateProcessing => Words {
            title: "SQL templates",
            on: "{{ name }} in the SQL of execute_sql is filled in from template_params.",
            off: "Calls that give template_params for names in their SQL are refused at once. Braces in SQL are then what stands there.",
            is_live: true,
        },
    }
}

/// Where flags are looked at.
struct View<'a> {
    rules: &'a [StandingRule],
    workspaces: &'a [Workspace],
    configured: &'a ConfiguredFlags,
}

impl View<'_> {
    /// Whether a flag is on in a workspace, and by what.
    fn in_workspace(&self, flag: Flag, workspace: &WorkspaceSlug) -> (bool, FlagOrigin) {
        let decision = decided(self.rules, flag.as_str(), workspace);
        match decision.filter(|_| words(flag).is_live) {
            Some((rule, is_on)) => {
                let origin = match rule {
                    FlagRule::In { .. } => FlagOrigin::Workspace,
                    FlagRule::Everywhere(_) => FlagOrigin::Everywhere,
                    FlagRule::Percentage(part) => FlagOrigin::Percentage(*part),
                };
                (is_on, origin)
            }
            None => self.configured(flag, Some(workspace)),
        }
    }

    fn configured(&self, flag: Flag, workspace: Option<&WorkspaceSlug>) -> (bool, FlagOrigin) {
        let configured = self.configured.of(workspace);
        let origin = if configured.named.is_on(flag) {
            FlagOrigin::Configuration
        } else {
            FlagOrigin::Default
        };
        (configured.on.is_on(flag), origin)
    }

    /// In the whole deployment: where all workspaces agree, and what decides where nothing narrower does.
    fn in_deployment(&self, flag: Flag) -> (FlagState, FlagOrigin) {
        let of_flag = || {
            let rules = self.rules.iter().filter(|_| words(flag).is_live);
            rules.filter(|rule| rule.flag == flag.as_str())
        };
        let everywhere = of_flag().find_map(|rule| match rule.rule {
            FlagRule::Everywhere(is_on) => Some((is_on, FlagOrigin::Everywhere)),
            _ => None,
        });
        let percentage = of_flag().find_map(|rule| match rule.rule {
            FlagRule::Percentage(part) => Some((part == 100, FlagOrigin::Percentage(part))),
            _ => None,
        });
        let (usual, origin) = everywhere
            .or(percentage)
            .unwrap_or_else(|| self.configured(flag, None));
        let of = self.workspaces.len();
        let on = self
            .workspaces
            .iter()
            .filter(|workspace| self.in_workspace(flag, &workspace.slug).0)
            .count();
        let state = match on {
            _ if of == 0 && usual => FlagState::On,
            0 => FlagState::Off,
            _ if on == of => FlagState::On,
            _ => FlagState::Mixed { on, of },
        };
        (state, origin)
    }

    fn line(&self, flag: Flag, workspace: Option<&WorkspaceSlug>) -> FlagLine {
        let (state, origin) = match workspace {
            Some(workspace) => {
                let (is_on, origin) = self.in_workspace(flag, workspace);
                let state = if is_on { FlagState::On } else { FlagState::Off };
                (state, origin)
            }
            None => self.in_deployment(flag),
        };
        let Words {
            title,
            on,
            off,
            is_live,
        } = words(flag);
        FlagLine {
            name: flag.as_str(),
            title,
            on,
            off,
            is_live,
            state,
            origin,
            rules: self
                .rules
                .iter()
                .filter(|rule| rule.flag == flag.as_str())
                .filter(|rule| match (&rule.rule, workspace) {
                    (FlagRule::In { workspace: of, .. }, Some(here)) => of == here,
                    (_, here) => here.is_none(),
                })
                .map(|rule| RuleLine {
                    setting: self.setting(&rule.rule),
                    since: Timestamp(rule.set_at),
                })
                .collect(),
            percentage: None,
        }
    }

    fn setting(&self, rule: &FlagRule) -> RuleSetting {
        match rule {
            FlagRule::Everywhere(is_on) => RuleSetting::Everywhere(*is_on),
            FlagRule::In { workspace, is_on } => {
                RuleSetting::In(workspace.clone(), self.title(workspace), *is_on)
            }
            FlagRule::Percentage(part) => RuleSetting::Percentage(*part),
        }
    }

    fn title(&self, slug: &WorkspaceSlug) -> UntrustedText {
        let found = self
            .workspaces
            .iter()
            .find(|workspace| workspace.slug == *slug);
        let title = found.map_or("", |workspace| workspace.title.as_str());
        UntrustedText::or(title, slug.as_str())
    }
}

async fn show(
    by: &Administrator,
    here: Option<WorkspaceSlug>,
    outcome: FormOutcome,
    refused: Option<(Flag, PercentageDraft)>,
) -> Answer {
    let person = &by.0;
    let memberships = person.memberships().await?;
    let rules = person.page_request.ask(ListFlags {}).await?;
    let workspaces = person.page_request.ask(ListWorkspaces {}).await?;
    let view = View {
        rules: &rules,
        workspaces: &workspaces,
        configured: person.page_request.configured_flags(),
    };
    if let Some(slug) = &here
        && !workspaces.iter().any(|workspace| workspace.slug == *slug)
    {
        return Err(Failure::NotFound);
    }
    let mut flags: Vec<FlagLine> = Flag::ALL
        .into_iter()
        .filter(|flag| is_there(*flag))
        .map(|flag| view.line(flag, here.as_ref()))
        .collect();
    if let Some((flag, draft)) = refused
        && let Some(line) = flags.iter_mut().find(|line| line.name == flag.as_str())
    {
        line.percentage = Some(draft);
    }
    let status = outcome.status();
    let page = FlagsPage {
        layout: layout(person, &memberships, Section::Flags, outcome),
        picks: picks(&view, here.as_ref()),
        workspace: here.map(|slug| {
            let title = view.title(&slug);
            (slug, title)
        }),
        flags,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

fn picks(view: &View<'_>, here: Option<&WorkspaceSlug>) -> Vec<WorkspacePick> {
    let all = WorkspacePick {
        slug: None,
        title: UntrustedText::new("The whole deployment"),
        is_here: here.is_none(),
    };
    let workspaces = view.workspaces.iter().take(MOST_WORKSPACES);
    let each = workspaces.map(|workspace| WorkspacePick {
        is_here: here == Some(&workspace.slug),
        title: view.title(&workspace.slug),
        slug: Some(workspace.slug.clone()),
    });
    std::iter::once(all).chain(each).collect()
}

#[cfg(test)]
mod tests {
    use tidegate_config::Flags;

    use super::*;
    use crate::access::FlagsOfPlace;

    fn slug(name: &str) -> WorkspaceSlug {
        name.parse().unwrap()
    }

    #[test]
    fn rules_are_read_from_forms() {
        let read = |form: &str, workspace: Option<&str>| {
            let workspace = workspace.map(slug);
            rule(&Fields::parse(form.as_bytes()).unwrap(), workspace.as_ref())
        };
        assert_eq!(Ok(FlagRule::Everywhere(false)), read("rule=off", None));
        assert_eq!(
            Ok(FlagRule::Percentage(25)),
            read("rule=percentage&percentage=25", None)
        );
        assert_eq!(
            Ok(FlagRule::In {
                workspace: slug("sales"),
                is_on: true
            }),
            read("rule=on", Some("sales"))
        );
        for refused in [
            "",
            "rule=percentage&percentage=101",
            "rule=percentage&percentage=-1",
            "rule=percentage",
            "rule=workspace_on",
        ] {
            assert!(read(refused, None).is_err(), "{refused}");
        }
    }

    fn standing(rule: FlagRule) -> StandingRule {
        StandingRule {
            flag: Flag::McpOauth.as_str().to_owned(),
            rule,
            set_at: 0,
        }
    }

    fn workspace(name: &str) -> Workspace {
        Workspace {
            slug: slug(name),
            title: String::new(),
            region: String::new(),
            hosts: vec![],
            public_url: None,
            is_declared: false,
            is_hibernated: false,
            created_at: 0,
        }
    }

    #[test]
    fn a_flag_is_told_with_what_decides_it() {
        let on = Flags::default().with(Flag::McpOauth, true);
        let named = on;
        let in_a = |is_on| FlagRule::In {
            workspace: slug("a"),
            is_on,
        };
        let place = |on, named| FlagsOfPlace { on, named };
        let none = Flags::default();
        for (rules, usual, in_one, everywhere) in [
            (
                vec![],
                place(on, none),
                (true, FlagOrigin::Default),
                (FlagState::On, FlagOrigin::Default),
            ),
            (
                vec![],
                place(none, named),
                (false, FlagOrigin::Configuration),
                (FlagState::Off, FlagOrigin::Configuration),
            ),
            (
                vec![in_a(false)],
                place(on, none),
                (false, FlagOrigin::Workspace),
                (FlagState::Mixed { on: 1, of: 2 }, FlagOrigin::Default),
            ),
            (
                vec![FlagRule::Everywhere(false), in_a(true)],
                place(on, none),
                (true, FlagOrigin::Workspace),
                (FlagState::Mixed { on: 1, of: 2 }, FlagOrigin::Everywhere),
            ),
            (
                vec![FlagRule::Percentage(0)],
                place(on, named),
                (false, FlagOrigin::Percentage(0)),
                (FlagState::Off, FlagOrigin::Percentage(0)),
            ),
        ] {
            let rules: Vec<_> = rules.into_iter().map(standing).collect();
            let workspaces = [workspace("a"), workspace("b")];
            let configured = ConfiguredFlags {
                usual,
                ..ConfiguredFlags::default()
            };
            let view = View {
                rules: &rules,
                workspaces: &workspaces,
                configured: &configured,
            };
            assert_eq!(in_one, view.in_workspace(Flag::McpOauth, &slug("a")));
            assert_eq!(everywhere, view.in_deployment(Flag::McpOauth));
        }
    }

    #[test]
    fn what_rules_do_not_change_is_told_as_the_configuration_has_it() {
        let rules = [StandingRule {
            flag: Flag::DashboardRbac.as_str().to_owned(),
            rule: FlagRule::Everywhere(true),
            set_at: 0,
        }];
        let view = View {
            rules: &rules,
            workspaces: &[workspace("a")],
            configured: &ConfiguredFlags::default(),
        };
        assert_eq!(
            (false, FlagOrigin::Default),
            view.in_workspace(Flag::DashboardRbac, &slug("a"))
        );
        assert_eq!(
            (FlagState::Off, FlagOrigin::Default),
            view.in_deployment(Flag::DashboardRbac)
        );
    }

    #[test]
    fn taking_back_makes_the_rule_that_was_there_or_none() {
        let was = [standing(FlagRule::Everywhere(true))];
        let off = FlagRule::Everywhere(false);
        let debug = |step: Step| format!("{step:?}");
        assert_eq!(
            debug(to_set(Flag::McpOauth, &FlagRule::Everywhere(true))),
            debug(step_back(Flag::McpOauth, &off, &was))
        );
        assert_eq!(
            debug(to_clear(Flag::McpOauth, &off)),
            debug(step_back(Flag::McpOauth, &off, &[]))
        );
        assert_eq!(
            debug(to_clear(Flag::McpOauth, &FlagRule::Percentage(5))),
            debug(step_back(Flag::McpOauth, &FlagRule::Percentage(5), &was))
        );
    }
}
