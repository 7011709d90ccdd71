//! Finds and lists grants.

use sea_query::{Cond, Expr, ExprTrait as _, Func, FunctionCall, Order, Query, SelectStatement};
use tidegate_database::Row;
use tidegate_types::{AccountId, GrantId, WorkspaceSlug};

use super::{
    FindStandingGrant, Grant, GrantFilter, GrantSummary, GrantsPage, ListGrantsPage, ListedGrant,
    calls, ending, row,
};
use crate::client::read_metadata;
use crate::{LocalManager, ManagerError, UnixSecs, input, stored};

const MOST: u64 = 1_000;
const MOST_ON_PAGE: u32 = 1_000;
const MOST_SEARCHED_CHARS: usize = 200;

async fn first(
    manager: &LocalManager,
    statement: &SelectStatement,
) -> Result<Option<Grant>, ManagerError> {
    let found = manager.pool.fetch_one("find a grant", statement).await?;
    found.as_ref().map(row::read).transpose()
}

pub(super) async fn find(
    manager: &LocalManager,
    id: &GrantId,
) -> Result<Option<Grant>, ManagerError> {
    let one = row::select()
        .and_where(Expr::col(("grants", "id")).eq(id.as_str()))
        .to_owned();
    first(manager, &one).await
}

pub(super) async fn find_standing(
    asked: &FindStandingGrant,
    manager: &LocalManager,
) -> Result<Option<Grant>, ManagerError> {
    // PostgreSQL refuses a NUL, and no grant is for such a resource.
    if asked.resource.contains('\0') {
        return Ok(None);
    }
    let filter = GrantFilter {
        client: Some(asked.client.clone()),
        workspace: Some(asked.workspace.clone()),
        ..GrantFilter::default()
    };
    let newest = row::select()
        .cond_where(ending::matches(&filter))
        .cond_where(ending::is_live(manager.now()))
        .and_where(Expr::col(("grants", "resource")).eq(asked.resource.as_str()))
        .order_by(("grants", "created_at"), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(1)
        .to_owned();
    first(manager, &newest).await
}

pub(super) async fn list(
    filter: &GrantFilter,
    manager: &LocalManager,
) -> Result<Vec<GrantSummary>, ManagerError> {
    let now = manager.now();
    let mut select = summaries(now);
    select
        .cond_where(matches(filter, now))
        .order_by(("grants", "created_at"), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(MOST);
    let rows = manager.pool.fetch("list grants", &select).await?;
    rows.iter().map(read_summary).collect()
}

pub(super) async fn list_page(
    asked: &ListGrantsPage,
    manager: &LocalManager,
) -> Result<GrantsPage, ManagerError> {
    let limit = input::limit(asked.limit, MOST_ON_PAGE)?;
    let now = manager.now();
    let searched = asked.search.as_deref().map(has_text).transpose()?;
    let searched = searched.unwrap_or_else(Cond::all);
    let mut select = summaries(now);
    select
        .column(("clients", "metadata"))
        .cond_where(matches(&asked.filter, now))
        .cond_where(searched.clone())
        .order_by(("grants", "created_at"), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(limit)
        .offset(u64::from(asked.offset));
    let rows = manager.pool.fetch("list a page of grants", &select).await?;
    let grants = rows.iter().map(read_listed).collect::<Result<_, _>>()?;
    let count = with_names(Query::select())
        .expr(Func::count(Expr::col(("grants", "id"))))
        .cond_where(matches(&asked.filter, now))
        .cond_where(searched)
        .to_owned();
    let row = manager.pool.fetch_one("count grants", &count).await?;
    let total = row.map(|row| row.id(0)).transpose()?.unwrap_or(0);
    Ok(GrantsPage {
        grants,
        total: u64::try_from(total).unwrap_or(0),
    })
}

pub(super) async fn find_latest_workspace(
    account: &AccountId,
    manager: &LocalManager,
) -> Result<Option<WorkspaceSlug>, ManagerError> {
    let used = Func::coalesce([
        Expr::col(("grants", "last_used_at")),
        Expr::col(("grants", "created_at")),
    ]);
    let latest = Query::select()
        .column(("grants", "workspace"))
        .from("grants")
        .and_where(Expr::col(("grants", "account")).eq(account.as_str()))
        .order_by_expr(used.into(), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(1)
        .to_owned();
    let row = manager
        .pool
        .fetch_one("find the latest workspace", &latest)
        .await?;
    Ok(row.as_ref().map(|row| stored::parsed(row, 0)).transpose()?)
}

fn matches(filter: &GrantFilter, now: UnixSecs) -> Cond {
    let matching = ending::matches(filter);
    if filter.with_ended {
        matching
    } else {
        matching.add(ending::is_live(now))
    }
}

fn has_text(text: &str) -> Result<Cond, ManagerError> {
    let text = input::search_text("search", text, MOST_SEARCHED_CHARS)?;
    let client = Expr::from(client_name());
    Ok(Cond::any()
        .add(input::contains(&Expr::col(("accounts", "username")), &text))
        .add(input::contains(
            &Expr::col(("accounts", "display_name")),
            &text,
        ))
        .add(input::contains(&client, &text)))
}

/// A client that is gone goes by the name it had.
fn client_name() -> FunctionCall {
    Func::coalesce([
        Expr::col(("clients", "name")),
        Expr::col(("grants", "client_name")),
    ])
}

/// Grants with their clients and accounts.
fn with_names(select: SelectStatement) -> SelectStatement {
    let mut select = select;
    select
        .from("grants")
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("grants", "client")),
        )
        .inner_join(
            "accounts",
            Expr::col(("accounts", "id")).equals(("grants", "account")),
        )
        .to_owned()
}

/// Columns as [`read_summary`] takes them.
fn summaries(now: UnixSecs) -> SelectStatement {
    let recent_calls = calls::recent(Expr::col(("grants", "id")), now);
    let columns = Query::select()
        .columns(row::COLUMNS.map(|column| ("grants", column)))
        .expr(client_name())
        .column(("grants", "client_kind"))
        .column(("accounts", "username"))
        .expr(Expr::SubQuery(None, Box::new(recent_calls.into())))
        .to_owned();
    with_names(columns)
}

fn read_summary(row: &Row) -> Result<GrantSummary, ManagerError> {
    let after = row::COLUMNS.len();
    Ok(GrantSummary {
        grant: row::read(row)?,
        client_name: row.text_or_empty(after)?,
        client_kind: stored::parsed(row, after + 1)?,
        username: row.text_or_empty(after + 2)?,
        calls: u64::try_from(row.id(after + 3)?).unwrap_or(0),
    })
}

fn read_listed(row: &Row) -> Result<ListedGrant, ManagerError> {
    let metadata = row.text(row::COLUMNS.len() + 4)?;
    let metadata = metadata.as_deref().map(read_metadata).transpose()?;
    Ok(ListedGrant {
        summary: read_summary(row)?,
        redirect_uris: metadata.map_or_else(Vec::new, |metadata| metadata.redirect_uris),
    })
}
