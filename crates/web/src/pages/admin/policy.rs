//! `/admin/policy`: which clients are let in.

use actix_web::HttpResponse;
use tidegate_manager::client::{Client, FindClient};
use tidegate_manager::policy::{
    ClientMatch, Decision, FindUnknownClients, ListPolicyRules, PolicyRule, RemovePolicyRule,
    SetPolicyRule, SetUnknownClients, UnknownClients,
};
use tidegate_manager::team::ListTeams;
use tidegate_pages::{Foreign, PolicyDecision, PolicyLine, PolicyPage, Section};
use tidegate_types::{ClientId, WorkspaceSlug};

use super::{frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Overseer, Post};
use crate::pages::desk::{Outcome, done};
use crate::pages::fields::Fields;
use crate::pages::record::{About, record};

/// Rules whose client is looked up for its name.
const MOST_NAMED: usize = 100;

pub(crate) async fn get(Get { by, query }: Get<Overseer>) -> Answer {
    let draft = query.text("client").chars().take(512).collect();
    show(&by, draft, Outcome::of(&query)).await
}

/// `to`: "allowed" or "need_approval".
pub(crate) async fn set_unknown(Post { by, form }: Post<Overseer>) -> Answer {
    let to = match form.text("to") {
        "allowed" => UnknownClients::Allowed,
        "need_approval" => UnknownClients::NeedApproval,
        _ => {
            let problem = "clients without a rule: choose one of the two".to_owned();
            return show(&by, String::new(), Outcome::Refused(problem)).await;
        }
    };
    let workspace = by.workspace.clone();
    by.person
        .visit
        .ask(SetUnknownClients { workspace, to })
        .await?;
    note(&by, "policy.unknown_set", None, form.text("to").to_owned()).await;
    Ok(to_page(&by, "unknown-set"))
}

/// `about`, `match`, `decision`, `teams`.
pub(crate) async fn set_rule(Post { by, form }: Post<Overseer>) -> Answer {
    let (matches, decision) = match (matches(&form), decision(&form)) {
        (Ok(matches), Ok(decision)) => (matches, decision),
        (Err(problem), _) | (_, Err(problem)) => {
            return show(&by, String::new(), Outcome::Refused(problem)).await;
        }
    };
    let detail = format!("{matches:?}: {decision:?}");
    let client = client_of(&matches);
    let rule = PolicyRule {
        workspace: by.workspace.clone(),
        matches,
        decision,
    };
    match by.person.visit.change(SetPolicyRule { rule }).await? {
        Ok(()) => {
            note(&by, "policy.rule_set", client, detail).await;
            Ok(to_page(&by, "rule-set"))
        }
        Err(problem) => show(&by, String::new(), Outcome::Refused(problem)).await,
    }
}

/// `about`, `match`.
pub(crate) async fn remove_rule(Post { by, form }: Post<Overseer>) -> Answer {
    let matches = match matches(&form) {
        Ok(matches) => matches,
        Err(problem) => return show(&by, String::new(), Outcome::Refused(problem)).await,
    };
    let detail = format!("{matches:?}");
    let client = client_of(&matches);
    let workspace = by.workspace.clone();
    by.person
        .visit
        .ask(RemovePolicyRule { workspace, matches })
        .await?;
    note(&by, "policy.rule_removed", client, detail).await;
    Ok(to_page(&by, "rule-removed"))
}

fn matches(form: &Fields) -> Result<ClientMatch, String> {
    match form.text("about") {
        "client" => Ok(ClientMatch::Client(form.read::<ClientId>("match")?)),
        "host" => host(form.text("match")).map(ClientMatch::Host),
        _ => Err("about: choose a host or a client".to_owned()),
    }
}

/// A host name in lower case, as people type or paste it.
fn host(text: &str) -> Result<String, String> {
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let host = url::Url::parse(&with_scheme)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let shown = Foreign::new(text);
    host.filter(|_| !text.is_empty())
        .ok_or_else(|| format!("host: {shown} came; write a host name like claude.ai"))
}

fn decision(form: &Fields) -> Result<Decision, String> {
    match form.text("decision") {
        "approved" => Ok(Decision::Approved),
        "blocked" => Ok(Decision::Blocked),
        "teams" => {
            let teams: Vec<String> = form
                .text("teams")
                .split([',', ' '])
                .filter(|team| !team.is_empty())
                .map(str::to_owned)
                .collect();
            if teams.is_empty() {
                return Err("teams: none came; write at least one".to_owned());
            }
            Ok(Decision::Teams(teams))
        }
        _ => Err("decision: choose one of the list".to_owned()),
    }
}

fn client_of(matches: &ClientMatch) -> Option<ClientId> {
    match matches {
        ClientMatch::Client(id) => Some(id.clone()),
        ClientMatch::Host(_) => None,
    }
}

async fn note(by: &Overseer, action: &str, client: Option<ClientId>, detail: String) {
    let about = About {
        client: client.as_ref(),
        workspace: by.workspace.as_ref(),
        detail: Some(detail),
    };
    record(&by.person, action, about).await;
}

fn to_page(by: &Overseer, code: &'static str) -> HttpResponse {
    let here = value(by.workspace.as_ref());
    done(Section::Policy, code, &[("workspace", here)])
}

async fn show(by: &Overseer, draft: String, outcome: Outcome) -> Answer {
    let visit = &by.person.visit;
    let workspace = by.workspace.clone();
    let rules = visit
        .ask(ListPolicyRules {
            workspace: workspace.clone(),
        })
        .await?;
    let unknown = visit
        .ask(FindUnknownClients {
            workspace: workspace.clone(),
        })
        .await?;
    let teams = visit.ask(ListTeams {}).await?;
    let mut lines = Vec::new();
    for rule in rules {
        let (is_host, matches, name) = match rule.matches {
            ClientMatch::Host(host) => (true, host, None),
            ClientMatch::Client(id) => {
                let client = if lines.len() < MOST_NAMED {
                    visit.ask(FindClient { id: id.clone() }).await?
                } else {
                    None
                };
                let name = client
                    .filter(|client| is_to_be_named(client, workspace.as_ref()))
                    .map(|client| Foreign::new(&client.metadata.client_name));
                (false, id.to_string(), name)
            }
        };
        lines.push(PolicyLine {
            is_host,
            matches,
            name,
            decision: match rule.decision {
                Decision::Approved => PolicyDecision::Approved,
                Decision::Blocked => PolicyDecision::Blocked,
                Decision::Teams(teams) => {
                    PolicyDecision::Teams(Foreign::bounded(&teams.join(", "), 200))
                }
            },
        });
    }
    let status = outcome.status();
    let (desk, picks) = frame(by, Section::Policy, workspace.as_ref(), true, outcome).await?;
    let page = PolicyPage {
        desk,
        picks,
        workspace,
        needs_approval: unknown == UnknownClients::NeedApproval,
        rules: lines,
        teams: teams
            .iter()
            .take(200)
            .map(|team| Foreign::new(&team.name))
            .collect(),
        draft,
    };
    Ok(answer::page(status, Place::AtHome, &page))
}

/// Whether a client's name is for whoever manages this workspace, or the whole deployment. A client that somebody made for
/// themselves, or for another workspace, is not told by its id.
fn is_to_be_named(client: &Client, workspace: Option<&WorkspaceSlug>) -> bool {
    let is_anybodys = client.owner.is_none() && client.workspace.is_none();
    workspace.is_none() || is_anybodys || client.workspace.as_ref() == workspace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_taken_as_people_paste_it() {
        for (came, taken) in [
            ("claude.ai", "claude.ai"),
            ("Claude.AI", "claude.ai"),
            ("https://claude.ai/oauth/metadata", "claude.ai"),
        ] {
            assert_eq!(Ok(taken.to_owned()), host(came));
        }
        for refused in ["", "a b", "https://"] {
            assert!(host(refused).is_err(), "{refused}");
        }
    }
}
