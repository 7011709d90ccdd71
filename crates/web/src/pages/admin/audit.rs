//! `/admin/audit`: what was done by whom, on a page, as CSV and as JSON.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use tidegate_manager::account::{AccountKey, FindAccount};
use tidegate_manager::audit::{AuditEvent, AuditFilter, ListEvents};
use tidegate_pages::{AuditFields, AuditLine, AuditPage, Foreign, Moment, Section};
use tidegate_types::AccountId;

use super::{account_named, frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Overseer, SignedIn};
use crate::pages::desk::Outcome;
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};

/// Records on a page.
const PAGE: u32 = 100;

/// Records of an export: what the manager gives at once.
const MOST: u32 = 10_000;

/// Accounts whose names a page or an export looks up; others are shown by their ids.
const MOST_NAMES: usize = 500;

pub(crate) async fn get(Get { by, query: fields }: Get<Overseer>) -> Answer {
    let (filter, outcome) = match filter(&by, &fields).await? {
        Ok(filter) => (Some(filter), Outcome::None),
        Err(problem) => (None, Outcome::Refused(problem)),
    };
    let at = fields
        .read::<u32>("page")
        .unwrap_or(1)
        .clamp(1, MOST / PAGE);
    let mut events = match filter {
        Some(filter) => {
            let offset = (at - 1) * PAGE;
            // One more than is shown, to know whether there is another page.
            let operation = ListEvents {
                filter,
                limit: PAGE + 1,
                offset,
            };
            by.person.visit.ask(operation).await?
        }
        None => vec![],
    };
    let has_older = events.len() > PAGE as usize && at < MOST / PAGE;
    events.truncate(PAGE as usize);
    let names = Names::of(&by.person, &events).await?;
    let page_at = |at: u32| {
        let at = at.to_string();
        searched(&by, &fields, &[("page", at.as_str())])
    };
    let (older, newer) = (
        has_older.then(|| page_at(at + 1)),
        (at > 1).then(|| page_at(at - 1)),
    );
    let status = outcome.status();
    let here = by.workspace.as_ref();
    let (desk, picks) = frame(&by, Section::Audit, here, true, outcome).await?;
    let page = AuditPage {
        desk,
        picks,
        fields: AuditFields {
            username: fields.text("username").to_owned(),
            client: fields.text("client").to_owned(),
            action: fields.text("action").to_owned(),
            from: fields.text("from").to_owned(),
            until: fields.text("until").to_owned(),
        },
        events: events.iter().map(|event| line(event, &names)).collect(),
        older,
        newer,
        query: searched(&by, &fields, &[]),
    };
    Ok(answer::page(status, Place::AtHome, &page))
}

pub(crate) async fn csv(Get { by, query: fields }: Get<Overseer>) -> Answer {
    const HEAD: &str = "at,action,outcome,account,client,workspace,address,detail\r\n";
    let (events, names) = export(&by, &fields).await?;
    let mut text = HEAD.to_owned();
    for event in &events {
        let line = line(event, &names);
        let cells = [
            Moment(event.at).machine(),
            event.action.clone(),
            event.outcome.clone(),
            line.account.to_string(),
            event
                .client
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event
                .workspace
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            event.address.clone().unwrap_or_default(),
            event.detail.clone().unwrap_or_default(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push_str("\r\n");
    }
    Ok(answer::file("text/csv; charset=utf-8", "audit.csv", text))
}

pub(crate) async fn json(Get { by, query: fields }: Get<Overseer>) -> Answer {
    let (events, _) = export(&by, &fields).await?;
    let text = serde_json::to_string(&events).map_err(|err| {
        tracing::error!(error = %err, "an export cannot be written");
        Failure::Failed(tidegate_types::ServiceCode::Internal)
    })?;
    Ok(answer::file("application/json", "audit.json", text))
}

async fn export(by: &Overseer, fields: &Fields) -> Result<(Vec<AuditEvent>, Names), Failure> {
    let filter = filter(by, fields)
        .await?
        .map_err(|_| Failure::Malformed("The filter is not right."))?;
    let operation = ListEvents {
        filter,
        limit: MOST,
        offset: 0,
    };
    let events = by.person.visit.ask(operation).await?;
    let names = Names::of(&by.person, &events).await?;
    Ok((events, names))
}

/// A cell (RFC 4180 §2). One that a spreadsheet would take for a formula gets an apostrophe, as others write the records'
/// names and details.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// The inner error is for the person.
async fn filter(by: &Overseer, fields: &Fields) -> Result<Result<AuditFilter, String>, Failure> {
    let mut account = None;
    if let Some(username) = fields.get("username") {
        match account_named(by, username).await? {
            Ok(found) => account = Some(found),
            Err(problem) => return Ok(Err(problem)),
        }
    }
    let read = || {
        Ok(AuditFilter {
            account,
            client: fields.read_if_there("client")?,
            workspace: by.workspace.clone(),
            action: fields.get("action").map(|action| action.trim().to_owned()),
            from: day(fields, "from", 0)?,
            until: day(fields, "until", 1)?,
        })
    };
    Ok(read())
}

/// The beginning of a day in UTC, some days later.
fn day(fields: &Fields, name: &'static str, later: u64) -> Result<Option<i64>, String> {
    let day: Option<NaiveDate> = fields.read_if_there(name)?;
    Ok(day
        .and_then(|day| day.checked_add_days(Days::new(later)))
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map(|midnight| midnight.and_utc().timestamp()))
}

fn searched(by: &Overseer, fields: &Fields, more: &[(&str, &str)]) -> String {
    let kept =
        ["username", "client", "action", "from", "until"].map(|name| (name, fields.text(name)));
    let here = ("workspace", value(by.workspace.as_ref()));
    query(
        std::iter::once(here)
            .chain(kept)
            .chain(more.iter().copied()),
    )
}

/// Names of accounts.
struct Names(HashMap<AccountId, String>);

impl Names {
    async fn of(by: &SignedIn, events: &[AuditEvent]) -> Result<Self, Failure> {
        let mut names = HashMap::new();
        for id in events.iter().filter_map(|event| event.account.as_ref()) {
            if names.contains_key(id) || names.len() == MOST_NAMES {
                continue;
            }
            let key = AccountKey::Id(id.clone());
            if let Some(account) = by.visit.ask(FindAccount { key }).await? {
                names.insert(id.clone(), account.username);
            }
        }
        Ok(Self(names))
    }
}

fn line(event: &AuditEvent, names: &Names) -> AuditLine {
    let account = event.account.as_ref();
    let account = account.map(|id| names.0.get(id).map_or(id.as_str(), String::as_str));
    let shown = |text: Option<&str>| Foreign::bounded(text.unwrap_or_default(), 2_000);
    AuditLine {
        at: Moment(event.at),
        action: Foreign::new(&event.action),
        account: shown(account),
        client: shown(event.client.as_ref().map(tidegate_types::ClientId::as_str)),
        workspace: shown(
            event
                .workspace
                .as_ref()
                .map(tidegate_types::WorkspaceSlug::as_str),
        ),
        address: shown(event.address.as_deref()),
        outcome: Foreign::new(&event.outcome),
        detail: shown(event.detail.as_deref()),
    }
}

/// What was refused to an account lately, for the diagnosis.
pub(in crate::pages) async fn refusals(by: &SignedIn) -> Result<Vec<AuditLine>, Failure> {
    let filter = AuditFilter {
        account: Some(by.session.account.id.clone()),
        ..AuditFilter::default()
    };
    let operation = ListEvents {
        filter,
        limit: 200,
        offset: 0,
    };
    let events = by.visit.ask(operation).await?;
    let names = Names(HashMap::new());
    let refused = events.iter().filter(|event| event.outcome != "ok");
    Ok(refused.take(10).map(|event| line(event, &names)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_ends_where_it_ends() {
        assert_eq!("\"plain\"", cell("plain"));
        assert_eq!("\"a \"\"b\"\", c\nd\"", cell("a \"b\", c\nd"));
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert!(cell(formula).starts_with("\"'"), "{formula}");
        }
    }

    #[test]
    fn days_are_whole_and_the_last_one_counts() {
        let fields = Fields::parse(b"from=2026-11-20&until=2026-11-20").unwrap();
        let from = day(&fields, "from", 0).unwrap().unwrap();
        assert_eq!(Some(from + 86_400), day(&fields, "until", 1).unwrap());
        let wrong = Fields::parse(b"from=yesterday").unwrap();
        assert!(day(&wrong, "from", 0).is_err());
    }
}
