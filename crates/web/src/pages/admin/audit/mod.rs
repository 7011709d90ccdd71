//! `/admin/audit`: what was done by whom, on a page, as CSV and as JSON.

mod words;

use chrono::{Days, NaiveDate};
use tidegate_control_plane::audit::{
    AuditEvent, AuditFilter, EventsPage, ListEvents, ListEventsPage, NamedEvent,
};
use tidegate_pages::{AuditFields, AuditLine, AuditPage, Section, Timestamp, UntrustedText};
use tidegate_types::{ClientId, WorkspaceSlug};

use super::{frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Overseer, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::layout::FormOutcome;
use crate::pages::paging::{Counted, Part};

/// Records of an export: what the manager gives at once.
const MOST: u32 = 10_000;

/// Records of an export that are asked for at once with their names.
const AT_ONCE: u32 = 1_000;

/// Characters of what is looked for.
const MOST_SEARCHED: usize = 2_048;

/// `workspace`, `username`, `client`, `action`, `outcome`, `from`, `until`, `page`.
pub(crate) async fn get(Get { by, query: fields }: Get<Overseer>) -> Answer {
    let (filter, outcome) = match filter(&by, &fields) {
        Ok(filter) => (Some(filter), FormOutcome::None),
        Err(problem) => (None, FormOutcome::Refused(problem)),
    };
    let (part, listed) = match filter {
        Some(filter) => list(&by.person, filter, Part::of(&fields)).await?,
        None => (Part::of(&Fields::default()), nothing()),
    };
    let counted = Counted {
        rows: listed.total,
        is_more: listed.is_more,
    };
    let paging = part.paging(counted, ("record", "records"), |page| {
        searched(&by, &fields, &[("page", page)])
    });
    let status = outcome.status();
    let here = by.workspace.as_ref();
    let (layout, picks) = frame(&by, Section::Audit, here, true, outcome).await?;
    let page = AuditPage {
        layout,
        picks,
        actions: words::options(fields.text("action")),
        nothing: why_nothing(&fields),
        events: listed.events.iter().map(|event| line(&by, event)).collect(),
        paging,
        query: searched(&by, &fields, &[]),
        fields: AuditFields {
            username: fields.text("username").to_owned(),
            client: fields.text("client").to_owned(),
            action: fields.text("action").to_owned(),
            is_refused: fields.text("outcome") == "refused",
            from: fields.text("from").to_owned(),
            until: fields.text("until").to_owned(),
        },
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

const fn nothing() -> EventsPage {
    EventsPage {
        events: vec![],
        total: 0,
        is_more: false,
    }
}

/// What somebody is told whose filter finds nothing. Whether there is such an account is not told apart from an account
/// without records.
fn why_nothing(fields: &Fields) -> Option<String> {
    let date = |name| fields.read_if_there::<NaiveDate>(name).ok().flatten();
    if date("from") > date("until") && date("until").is_some() {
        return Some(
            "No records: “From” is later than “Until”, and no day is between them.".to_owned(),
        );
    }
    let shown = |name: &str| UntrustedText::bounded(fields.text(name), 80);
    if !fields.text("username").is_empty() {
        let username = shown("username");
        return Some(format!(
            "No records of “{username}”: nobody has this username, or did nothing that the filter finds."
        ));
    }
    if !fields.text("client").is_empty() {
        let client = shown("client");
        return Some(format!(
            "No records about “{client}”: no app has this in its name or id, or it did nothing that the filter finds."
        ));
    }
    None
}

/// The part that is asked for, or the last one where that is behind the end.
async fn list(
    by: &SignedIn,
    filter: AuditFilter,
    part: Part,
) -> Result<(Part, EventsPage), Failure> {
    let ask = async |part: Part| {
        let operation = ListEventsPage {
            filter: filter.clone(),
            limit: Part::LIMIT,
            offset: part.offset(),
        };
        by.page_request.ask(operation).await
    };
    part.listed(ask, |listed| listed.total).await
}

pub(crate) async fn csv(Get { by, query: fields }: Get<Overseer>) -> Answer {
    const HEAD: &str = "at,action,outcome,account,client,client_name,workspace,address,detail\r\n";
    let mut filter = export_filter(&by, &fields)?;
    // What is recorded after this second would move the parts.
    let next = by.person.page_request.now() + 1;
    filter.until = Some(filter.until.map_or(next, |until| until.min(next)));
    let mut text = HEAD.to_owned();
    for start in (0..MOST).step_by(AT_ONCE as usize) {
        let operation = ListEventsPage {
            filter: filter.clone(),
            limit: AT_ONCE,
            offset: start,
        };
        let part = by.person.page_request.ask(operation).await?;
        let is_last = part.events.len() < AT_ONCE as usize;
        for event in &part.events {
            text.push_str(&cells(event).map(|text| cell(&text)).join(","));
            text.push_str("\r\n");
        }
        if is_last {
            break;
        }
    }
    Ok(answer::file("text/csv; charset=utf-8", "audit.csv", text))
}

/// A line of the export: codes, names and what was recorded.
fn cells(named: &NamedEvent) -> [String; 9] {
    let event = &named.event;
    let id = event.account.as_ref().map(ToString::to_string);
    [
        Timestamp(event.at).machine(),
        event.action.clone(),
        event.outcome.clone(),
        named.username.clone().or(id).unwrap_or_default(),
        text(event.client.as_ref().map(ClientId::as_str)),
        text(named.client_name.as_deref()),
        text(event.workspace.as_ref().map(WorkspaceSlug::as_str)),
        text(event.address.as_deref()),
        text(event.detail.as_deref()),
    ]
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

pub(crate) async fn json(Get { by, query: fields }: Get<Overseer>) -> Answer {
    let operation = ListEvents {
        filter: export_filter(&by, &fields)?,
        limit: MOST,
        offset: 0,
    };
    let events: Vec<AuditEvent> = by.person.page_request.ask(operation).await?;
    let text = serde_json::to_string(&events).map_err(|err| {
        tracing::error!(error = %err, "could not write a CSV export");
        Failure::Failed(tidegate_types::ServiceCode::Internal)
    })?;
    Ok(answer::file("application/json", "audit.json", text))
}

fn export_filter(by: &Overseer, fields: &Fields) -> Result<AuditFilter, Failure> {
    filter(by, fields).map_err(|_| Failure::Malformed("The filter is not right."))
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

/// The error is for the person.
fn filter(by: &Overseer, fields: &Fields) -> Result<AuditFilter, String> {
    let searched = |name: &str| {
        let text: String = fields.text(name).chars().take(MOST_SEARCHED).collect();
        (!text.is_empty()).then_some(text)
    };
    Ok(AuditFilter {
        account: None,
        username: searched("username"),
        client: None,
        client_text: searched("client"),
        workspace: by.workspace.clone(),
        action: code(fields)?,
        only_refused: fields.text("outcome") == "refused",
        from: day(fields, "from", 0)?,
        until: day(fields, "until", 1)?,
    })
}

/// How the action begins. Whoever writes an address by hand is told what one looks like.
fn code(fields: &Fields) -> Result<Option<String>, String> {
    let code = fields.text("action");
    let is_code = code
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte));
    if !is_code || code.len() > 100 {
        return Err("action: choose one of the list".to_owned());
    }
    Ok((!code.is_empty()).then(|| code.to_owned()))
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
    let kept = ["username", "client", "action", "outcome", "from", "until"]
        .map(|name| (name, fields.text(name)));
    let here = ("workspace", value(by.workspace.as_ref()));
    query(
        std::iter::once(here)
            .chain(kept)
            .chain(more.iter().copied()),
    )
}

fn line(by: &Overseer, named: &NamedEvent) -> AuditLine {
    let client_query = named.event.client.as_ref().map(|client| {
        query([
            ("workspace", value(by.workspace.as_ref())),
            ("client", client.as_str()),
        ])
    });
    AuditLine {
        client_query,
        ..shown(named)
    }
}

fn shown(named: &NamedEvent) -> AuditLine {
    let event = &named.event;
    let long = |text: &str| UntrustedText::bounded(text, 2_000);
    let id = event
        .account
        .as_ref()
        .map(tidegate_types::AccountId::as_str);
    let client_id = event.client.as_ref().map_or("", ClientId::as_str);
    let detail = event.detail.as_deref().unwrap_or_default();
    AuditLine {
        at: Timestamp(event.at),
        action: UntrustedText::new(&words::action(&event.action)),
        code: UntrustedText::new(&event.action),
        account: long(named.username.as_deref().or(id).unwrap_or_default()),
        client: UntrustedText::or(named.client_name.as_deref().unwrap_or_default(), client_id),
        client_query: None,
        workspace: long(event.workspace.as_ref().map_or("", WorkspaceSlug::as_str)),
        address: long(event.address.as_deref().unwrap_or_default()),
        refusal: long(&words::refusal(&event.outcome)),
        detail: long(&words::detail(&event.action, detail)),
    }
}

/// What was refused to an account lately, for the diagnosis.
pub(in crate::pages) async fn refusals(by: &SignedIn) -> Result<Vec<AuditLine>, Failure> {
    let filter = AuditFilter {
        account: Some(by.session.account.id.clone()),
        only_refused: true,
        ..AuditFilter::default()
    };
    let operation = ListEventsPage {
        filter,
        limit: 10,
        offset: 0,
    };
    let listed = by.page_request.ask(operation).await?;
    Ok(listed.events.iter().map(shown).collect())
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
        assert_eq!(None, why_nothing(&fields));
        let backwards = Fields::parse(b"from=2026-11-21&until=2026-11-20").unwrap();
        assert!(why_nothing(&backwards).unwrap().contains("later than"));
        let wrong = Fields::parse(b"from=yesterday").unwrap();
        assert!(day(&wrong, "from", 0).is_err());
    }
}
