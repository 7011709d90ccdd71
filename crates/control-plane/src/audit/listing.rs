//! Lists and counts records.

use sea_query::{Cond, Expr, ExprTrait as _, Func, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, Row};

use super::events::{COLUMNS, check_code};
use super::{AuditEvent, AuditFilter, EventsPage, ListEvents, ListEventsPage, NamedEvent};
use crate::{LocalManager, ManagerError, input, stored};

const MAX_LISTED: u32 = 10_000;
const MAX_ON_PAGE: u32 = 1_000;
/// How far records are counted, and the greatest offset: who looks further back names days.
const MAX_COUNTED: u64 = 10_000;
const MAX_TEXT_CHARS: usize = 2_048;

pub(super) async fn list(
    manager: &LocalManager,
    asked: &ListEvents,
) -> Result<Vec<AuditEvent>, ManagerError> {
    let limit = input::limit(asked.limit, MAX_LISTED)?;
    let page = newest_first(&asked.filter, limit, asked.offset)?;
    let rows = manager.pool.fetch("list records", &page).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

pub(super) async fn list_page(
    manager: &LocalManager,
    asked: &ListEventsPage,
) -> Result<EventsPage, ManagerError> {
    let limit = input::limit(asked.limit, MAX_ON_PAGE)?;
    if u64::from(asked.offset) > MAX_COUNTED {
        return Err(ManagerError::Invalid(format!(
            "offset {} is not valid: use 0 to {MAX_COUNTED}, and days to look further back",
            asked.offset
        )));
    }
    let mut page = newest_first(&asked.filter, limit, asked.offset)?;
    // A client that is gone goes by the name that it had when somebody connected it last.
    let last_name = Query::select()
        .column(("grants", "client_name"))
        .from("grants")
        .and_where(Expr::col(("grants", "client")).equals(("audit_events", "client")))
        .order_by(("grants", "created_at"), Order::Desc)
        .limit(1)
        .to_owned();
    page.column(("accounts", "username"))
        .expr(Func::coalesce([
            Expr::col(("clients", "name")),
            Expr::SubQuery(None, Box::new(last_name.into())),
        ]))
        .left_join(
            "accounts",
            Expr::col(("accounts", "id")).equals(("audit_events", "account")),
        )
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("audit_events", "client")),
        );
    let rows = manager.pool.fetch("list a page of records", &page).await?;
    let events = rows.iter().map(read_named).collect::<Result<_, _>>()?;
    let counted = count(manager, &asked.filter).await?;
    Ok(EventsPage {
        events,
        total: Ord::min(counted, MAX_COUNTED),
        is_more: counted > MAX_COUNTED,
    })
}

/// One more than is told, to know whether there are more: counting all of a busy year would take long.
async fn count(manager: &LocalManager, filter: &AuditFilter) -> Result<u64, ManagerError> {
    let some = Query::select()
        .expr_as(Expr::val(1), "one")
        .from("audit_events")
        .cond_where(matches(filter)?)
        .limit(MAX_COUNTED + 1)
        .to_owned();
    let count = Query::select()
        .expr(Func::count(Expr::col(("some", "one"))))
        .from_subquery(some, "some")
        .to_owned();
    let row = manager.pool.fetch_one("count records", &count).await?;
    let count = row.map(|row| row.id(0)).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

fn newest_first(
    filter: &AuditFilter,
    limit: u64,
    offset: u32,
) -> Result<SelectStatement, ManagerError> {
    Ok(Query::select()
        .columns(COLUMNS.map(|column| ("audit_events", column)))
        .from("audit_events")
        .cond_where(matches(filter)?)
        .order_by(("audit_events", "happened_at"), Order::Desc)
        .order_by(("audit_events", "id"), Order::Desc)
        .limit(limit)
        .offset(u64::from(offset))
        .to_owned())
}

fn matches(filter: &AuditFilter) -> Result<Cond, ManagerError> {
    let column = |name: &'static str| Expr::col(("audit_events", name));
    let mut all = Cond::all();
    if let Some(account) = &filter.account {
        all = all.add(column("account").eq(account.as_str()));
    }
    if let Some(username) = &filter.username {
        let named = input::search_text("filter.username", username, MAX_TEXT_CHARS)?;
        let accounts = Query::select()
            .column("id")
            .from("accounts")
            .and_where(Expr::col("username").eq(named.to_ascii_lowercase()))
            .to_owned();
        all = all.add(column("account").in_subquery(accounts));
    }
    if let Some(client) = &filter.client {
        all = all.add(column("client").eq(client.as_str()));
    }
    if let Some(text) = &filter.client_text {
        all = all.add(is_of_client(text)?);
    }
    if let Some(workspace) = &filter.workspace {
        all = all.add(column("workspace").eq(workspace.as_str()));
    }
    if let Some(action) = &filter.action {
        check_code("filter.action", action)?;
        all = all.add(column("action").like(input::beginning(action)));
    }
    if filter.only_refused {
        all = all.add(column("outcome").ne("ok"));
    }
    if let Some(from) = filter.from {
        all = all.add(column("happened_at").gte(from));
    }
    if let Some(until) = filter.until {
        all = all.add(column("happened_at").lt(until));
    }
    Ok(all)
}

/// About the client of this id, or one with this text in its name as it is or was.
fn is_of_client(text: &str) -> Result<Cond, ManagerError> {
    let text = input::search_text("filter.client_text", text, MAX_TEXT_CHARS)?;
    let client = || Expr::col(("audit_events", "client"));
    let now = Query::select()
        .column("id")
        .from("clients")
        .cond_where(input::contains(&Expr::col("name"), &text))
        .to_owned();
    let then = Query::select()
        .column("client")
        .from("grants")
        .cond_where(input::contains(&Expr::col("client_name"), &text))
        .to_owned();
    Ok(Cond::any()
        .add(client().eq(text))
        .add(client().in_subquery(now))
        .add(client().in_subquery(then)))
}

fn read(row: &Row) -> Result<AuditEvent, DatabaseError> {
    Ok(AuditEvent {
        at: row.id(0)?,
        action: row.text_or_empty(1)?,
        account: stored::optional(row, 2)?,
        client: stored::optional(row, 3)?,
        workspace: stored::optional(row, 4)?,
        address: row.text(5)?,
        outcome: row.text_or_empty(6)?,
        detail: row.text(7)?,
    })
}

fn read_named(row: &Row) -> Result<NamedEvent, DatabaseError> {
    let after = COLUMNS.len();
    Ok(NamedEvent {
        event: read(row)?,
        username: row.text(after)?,
        client_name: row.text(after + 1)?,
    })
}
