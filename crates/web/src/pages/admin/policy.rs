//! `/admin/policy`: which apps are let in.

use std::net::IpAddr;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tidegate_control_plane::client::{Client, FindClient};
use tidegate_control_plane::policy::{
    ClientDecision, ClientMatch, FindUnknownClients, ListPolicyRules, PolicyRule, RemovePolicyRule,
    SetPolicyRule, SetUnknownClients, UnknownClients,
};
use tidegate_control_plane::team::ListTeams;
use tidegate_pages::{
    ConfirmPage, PolicyDecision, PolicyDraft, PolicyLine, PolicyPage, Section, UntrustedText,
};
use tidegate_types::{ClientId, WorkspaceSlug};

use super::{frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Overseer, Post};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::layout::{FormOutcome, done, done_undoable};
use crate::pages::record::{About, record};
use crate::pages::undo::Step;

/// Rules whose client is looked up for its name.
const MOST_NAMED: usize = 100;

pub(crate) async fn get(Get { by, query }: Get<Overseer>) -> Answer {
    let client: String = query.text("client").chars().take(512).collect();
    let draft = PolicyDraft {
        is_client: !client.is_empty(),
        matches: client,
        ..PolicyDraft::default()
    };
    let outcome = FormOutcome::of(&by.person, &query);
    show(&by, draft, outcome).await
}

/// `to`: "allowed" or "need_approval"; the latter with `confirmed`.
pub(crate) async fn set_unknown(Post { by, form }: Post<Overseer>) -> Answer {
    let to = match form.text("to") {
        "allowed" => UnknownClients::Allowed,
        "need_approval" => UnknownClients::NeedApproval,
        _ => {
            let problem = "apps without a rule: choose one of the two".to_owned();
            return show(&by, PolicyDraft::default(), FormOutcome::Refused(problem)).await;
        }
    };
    let workspace = by.workspace.clone();
    let find = FindUnknownClients {
        workspace: workspace.clone(),
    };
    let before = by.person.page_request.ask(find).await?;
    if to == UnknownClients::NeedApproval && before != to && !form.is_ticked("confirmed") {
        let text = "Apps without a rule are refused here at once, also those that people connected already, until an administrator \
                    approves them. Their connections are kept: they work again with an approval, or when people decide again.";
        let question = "Let an administrator approve apps first?";
        return ask(&by, &form, question, text, "Approve apps first").await;
    }
    by.person
        .page_request
        .ask(SetUnknownClients { workspace, to })
        .await?;
    note(
        &by,
        "policy.unknown_set",
        None,
        unknown_words(to).to_owned(),
    )
    .await;
    if before == to {
        return Ok(to_page(&by, "unknown-set"));
    }
    let back = match before {
        UnknownClients::Allowed => "allowed",
        UnknownClients::NeedApproval => "need_approval",
    };
    let step = Step::new(
        "/admin/policy/unknown".to_owned(),
        &[
            ("to", back),
            ("workspace", value(by.workspace.as_ref())),
            ("confirmed", "yes"),
        ],
    );
    Ok(to_page_undoable(&by, "unknown-set", &step))
}

const fn unknown_words(to: UnknownClients) -> &'static str {
    match to {
        UnknownClients::Allowed => "people decide about apps without a rule",
        UnknownClients::NeedApproval => "apps without a rule need an approval",
    }
}

/// `about`, `match`, `decision`, `teams`; one that shuts somebody out, or lets in what nobody can tell apart, with `confirmed`.
pub(crate) async fn set_rule(Post { by, form }: Post<Overseer>) -> Answer {
    let (matches, decision) = match (matches(&form), decision(&form)) {
        (Ok(matches), Ok(decision)) => (matches, decision),
        (Err(problem), _) | (_, Err(problem)) => {
            return show(&by, typed(&form), FormOutcome::Refused(problem)).await;
        }
    };
    if !form.is_ticked("confirmed")
        && let Some((question, text, button)) = question(&matches, &decision)
    {
        return ask(&by, &form, &question, text, button).await;
    }
    let before = earlier(&by, &matches).await?;
    let step = match &before {
        Some(before) => to_set(&by, &matches, before),
        None => to_remove(&by, &matches),
    };
    let detail = format!("{}: {}", subject(&matches), told(&decision));
    let client = client_of(&matches);
    let rule = PolicyRule {
        workspace: by.workspace.clone(),
        matches,
        decision,
    };
    match by
        .person
        .page_request
        .change(SetPolicyRule { rule })
        .await?
    {
        Ok(()) => {
            note(&by, "policy.rule_set", client, detail).await;
            Ok(to_page_undoable(&by, "rule-set", &step))
        }
        Err(problem) => show(&by, typed(&form), FormOutcome::Refused(problem)).await,
    }
}

/// `about`, `match`.
pub(crate) async fn remove_rule(Post { by, form }: Post<Overseer>) -> Answer {
    let matches = match matches(&form) {
        Ok(matches) => matches,
        Err(problem) => {
            return show(&by, PolicyDraft::default(), FormOutcome::Refused(problem)).await;
        }
    };
    let before = earlier(&by, &matches).await?;
    let client = client_of(&matches);
    let workspace = by.workspace.clone();
    let remove = RemovePolicyRule {
        workspace,
        matches: matches.clone(),
    };
    by.person.page_request.ask(remove).await?;
    let Some(before) = before else {
        return Ok(to_page(&by, "rule-removed"));
    };
    let detail = format!("{}: no more {}", subject(&matches), told(&before));
    note(&by, "policy.rule_removed", client, detail).await;
    let step = to_set(&by, &matches, &before);
    Ok(to_page_undoable(&by, "rule-removed", &step))
}

/// What is asked before a rule shuts somebody out, or approves whatever runs on anybody's computer.
fn question(
    matches: &ClientMatch,
    decision: &ClientDecision,
) -> Option<(String, &'static str, &'static str)> {
    match decision {
        ClientDecision::Approved if is_loopback(matches) => Some((
            format!("Approve {}?", subject(matches)),
            "This name is the computer of whoever opens it: every program on every computer comes from there, whatever it calls \
             itself, and would be approved. To approve one program, make a rule about its client id.",
            "Approve every program",
        )),
        ClientDecision::Approved => None,
        ClientDecision::Blocked => Some((
            format!("Block {}?", subject(matches)),
            "What is connected is disconnected at once, for everybody, and nobody can connect it. Removing the rule lets \
             people connect it again; it does not bring back what was disconnected.",
            "Block and disconnect",
        )),
        ClientDecision::Teams(teams) => Some((
            format!("Let only {} use {}?", teams.join(", "), subject(matches)),
            "It stops working at once for everybody else.",
            "Set the rule",
        )),
    }
}

/// Whether a rule is about a name of one's own computer (RFC 6761 §6.3, RFC 8252 §7.3).
fn is_loopback(matches: &ClientMatch) -> bool {
    let ClientMatch::Host(host) = matches else {
        return false;
    };
    let name = host.trim_end_matches('.');
    let address = name.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        }
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// Asks before a form is taken.
async fn ask(
    by: &Overseer,
    form: &Fields,
    question: &str,
    text: &str,
    button: &'static str,
) -> Answer {
    let here = by.workspace.as_ref();
    let (layout, _) = frame(by, Section::Policy, here, true, FormOutcome::None).await?;
    let action = match form.get("to") {
        Some(_) => "/admin/policy/unknown",
        None => "/admin/policy/rules",
    };
    let page = ConfirmPage {
        layout,
        question: question.to_owned(),
        text: text.to_owned(),
        button: button.to_owned(),
        action: action.to_owned(),
        fields: form.without(&["csrf", "confirmed"]),
        back: format!("/admin/policy?{}", query([("workspace", value(here))])),
    };
    Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
}

/// What a rule says now.
async fn earlier(by: &Overseer, matches: &ClientMatch) -> Result<Option<ClientDecision>, Failure> {
    let list = ListPolicyRules {
        workspace: by.workspace.clone(),
    };
    let rules = by.person.page_request.ask(list).await?;
    let found = rules.into_iter().find(|rule| rule.matches == *matches);
    Ok(found.map(|rule| rule.decision))
}

fn to_set(by: &Overseer, matches: &ClientMatch, decision: &ClientDecision) -> Step {
    let (about, subject) = fields_of(matches);
    let (decision, teams) = match decision {
        ClientDecision::Approved => ("approved", String::new()),
        ClientDecision::Blocked => ("blocked", String::new()),
        ClientDecision::Teams(teams) => ("teams", teams.join(",")),
    };
    Step::new(
        "/admin/policy/rules".to_owned(),
        &[
            ("about", about),
            ("match", subject),
            ("decision", decision),
            ("teams", &teams),
            ("workspace", value(by.workspace.as_ref())),
            ("confirmed", "yes"),
        ],
    )
}

fn to_remove(by: &Overseer, matches: &ClientMatch) -> Step {
    let (about, subject) = fields_of(matches);
    Step::new(
        "/admin/policy/rules/remove".to_owned(),
        &[
            ("about", about),
            ("match", subject),
            ("workspace", value(by.workspace.as_ref())),
        ],
    )
}

fn fields_of(matches: &ClientMatch) -> (&'static str, &str) {
    match matches {
        ClientMatch::Client(id) => ("client", id.as_str()),
        ClientMatch::Host(host) => ("host", host),
    }
}

/// What a rule is about, in words.
fn subject(matches: &ClientMatch) -> String {
    match matches {
        ClientMatch::Client(id) => format!("the client {}", UntrustedText::new(id.as_str())),
        ClientMatch::Host(host) => format!("every app of {}", UntrustedText::bounded(host, 200)),
    }
}

fn told(decision: &ClientDecision) -> String {
    match decision {
        ClientDecision::Approved => "approved".to_owned(),
        ClientDecision::Blocked => "blocked".to_owned(),
        ClientDecision::Teams(teams) => format!("for the teams {}", teams.join(", ")),
    }
}

/// What was typed, to be there again.
fn typed(form: &Fields) -> PolicyDraft {
    PolicyDraft {
        is_client: form.text("about") == "client",
        matches: form.text("match").to_owned(),
        decision: form.text("decision").to_owned(),
        teams: form.text("teams").to_owned(),
    }
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
    let shown = UntrustedText::new(text);
    host.filter(|_| !text.is_empty())
        .ok_or_else(|| format!("host: {shown} came; write a host name like claude.ai"))
}

fn decision(form: &Fields) -> Result<ClientDecision, String> {
    match form.text("decision") {
        "approved" => Ok(ClientDecision::Approved),
        "blocked" => Ok(ClientDecision::Blocked),
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
            Ok(ClientDecision::Teams(teams))
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

fn to_page_undoable(by: &Overseer, code: &'static str, step: &Step) -> HttpResponse {
    let here = [("workspace", value(by.workspace.as_ref()))];
    done_undoable(&by.person, Section::Policy, code, &here, step)
}

async fn show(by: &Overseer, draft: PolicyDraft, outcome: FormOutcome) -> Answer {
    let page_request = &by.person.page_request;
    let workspace = by.workspace.clone();
    let rules = page_request
        .ask(ListPolicyRules {
            workspace: workspace.clone(),
        })
        .await?;
    let unknown = page_request
        .ask(FindUnknownClients {
            workspace: workspace.clone(),
        })
        .await?;
    let teams = page_request.ask(ListTeams {}).await?;
    let mut lines = Vec::new();
    for rule in rules {
        let (is_host, matches, name) = match rule.matches {
            ClientMatch::Host(host) => (true, host, None),
            ClientMatch::Client(id) => {
                let client = if lines.len() < MOST_NAMED {
                    page_request.ask(FindClient { id: id.clone() }).await?
                } else {
                    None
                };
                let name = client
                    .filter(|client| is_to_be_named(client, workspace.as_ref()))
                    .map(|client| UntrustedText::new(&client.metadata.client_name));
                (false, id.to_string(), name)
            }
        };
        lines.push(PolicyLine {
            is_host,
            matches,
            name,
            decision: match rule.decision {
                ClientDecision::Approved => PolicyDecision::Approved,
                ClientDecision::Blocked => PolicyDecision::Blocked,
                ClientDecision::Teams(teams) => {
                    PolicyDecision::Teams(UntrustedText::bounded(&teams.join(", "), 200))
                }
            },
        });
    }
    let status = outcome.status();
    let (layout, picks) = frame(by, Section::Policy, workspace.as_ref(), true, outcome).await?;
    let page = PolicyPage {
        layout,
        picks,
        workspace,
        needs_approval: unknown == UnknownClients::NeedApproval,
        rules: lines,
        teams: teams
            .iter()
            .take(200)
            .map(|team| UntrustedText::new(&team.name))
            .collect(),
        draft,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
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

    #[test]
    fn an_approval_of_every_program_on_a_computer_is_asked_about() {
        let is_asked = |text: &str| {
            let matches = ClientMatch::Host(host(text).unwrap());
            question(&matches, &ClientDecision::Approved).is_some()
        };
        for asked in [
            "localhost",
            "LocalHost:3118",
            "http://localhost/callback",
            "localhost.",
            "app.localhost",
            "127.0.0.1",
            "127.8.9.10",
            "2130706433",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
        ] {
            assert!(is_asked(asked), "{asked}");
        }
        for other in [
            "claude.ai",
            "localhost.example.com",
            "notlocalhost",
            "10.0.0.1",
            "[2001:db8::1]",
        ] {
            assert!(!is_asked(other), "{other}");
        }
    }
}
