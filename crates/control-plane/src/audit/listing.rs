//! Lists and counts records.

use sea_query::{Cond, Expr, ExprTrait as _, Func, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

use super::events::check_code;
use super::{AuditEvent, AuditFilter, EventsPage, ListEvents, ListEventsPage, NamedEvent};
use crate::counted::{count, count_of};
use crate::{LocalManager, ManagerError, UnixSecs, input};

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
    Ok(manager.pool.read("list records", &page).await?)
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
    let client_name = Func::coalesce([
        Expr::col(("clients", "name")),
        Expr::SubQuery(None, Box::new(last_name.into())),
    ]);
    NameRow::select(&mut page)
        .expr_as(client_name, CLIENT_NAME)
        .left_join(
            "accounts",
            Expr::col(("accounts", "id")).equals(("audit_events", "account")),
        )
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("audit_events", "client")),
        );
    let events = manager.pool.read("list a page of records", &page).await?;
    let counted = count_matching(manager, &asked.filter).await?;
    Ok(EventsPage {
        events,
        total: Ord::min(counted, MAX_COUNTED),
        is_more: counted > MAX_COUNTED,
    })
}

/// One more than is told, to know whether there are more: counting all of a busy year would take long.
async fn count_matching(manager: &LocalManager, filter: &AuditFilter) -> Result<u64, ManagerError> {
    let some = Query::select()
        .expr_as(Expr::val(1), "one")
        .from("audit_events")
        .cond_where(matches(filter)?)
        .limit(MAX_COUNTED + 1)
        .to_owned();
    let matching = count_of(("some", "one"))
        .from_subquery(some, "some")
        .to_owned();
    Ok(count(&manager.pool, "count records", &matching).await?)
}

fn newest_first(
    filter: &AuditFilter,
    limit: u64,
    offset: u32,
) -> Result<SelectStatement, ManagerError> {
    Ok(EventRow::select(&mut Query::select())
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

row! {
    struct EventRow {
        happened_at: UnixSecs = audit_events.happened_at,
        action: String = audit_events.action,
        account: Option<Parsed<AccountId>> = audit_events.account,
        client: Option<Parsed<ClientId>> = audit_events.client,
        workspace: Option<Parsed<WorkspaceSlug>> = audit_events.workspace,
        address: Option<String> = audit_events.address,
        outcome: String = audit_events.outcome,
        detail: Option<String> = audit_events.detail,
    }
}

row! {
    struct NameRow {
        username: Option<String> = accounts.username,
    }
}

/// What a page calls the client's name.
const CLIENT_NAME: &str = "client_name";

impl FromRow for AuditEvent {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let row = EventRow::from_row(row)?;
        Ok(Self {
            at: row.happened_at,
            action: row.action,
            account: row.account.map(Parsed::into_inner),
            client: row.client.map(Parsed::into_inner),
            workspace: row.workspace.map(Parsed::into_inner),
            address: row.address,
            outcome: row.outcome,
            detail: row.detail,
        })
    }
}

impl FromRow for NamedEvent {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            event: AuditEvent::from_row(row)?,
            username: NameRow::from_row(row)?.username,
            client_name: row.get(CLIENT_NAME, CLIENT_NAME)?,
        })
    }
}
