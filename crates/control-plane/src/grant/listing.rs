//! Finds and lists grants.

use sea_query::{Cond, Expr, ExprTrait as _, Func, FunctionCall, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Parsed, row};
use tidegate_types::{AccountId, GrantId, WorkspaceSlug};

use super::row::GrantRow;
use super::{
    FindStandingGrant, Grant, GrantFilter, GrantSummary, GrantsPage, ListGrantsPage, ListedGrant,
    calls, ending, row,
};
use crate::client::{ClientKind, read_metadata};
use crate::counted::{count, count_of};
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MOST: u64 = 1_000;
const MOST_ON_PAGE: u32 = 1_000;
const MOST_SEARCHED_CHARS: usize = 200;

async fn first(
    manager: &LocalManager,
    statement: &SelectStatement,
) -> Result<Option<Grant>, ManagerError> {
    Ok(manager.pool.read_one("find a grant", statement).await?)
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
    Ok(manager.pool.read("list grants", &select).await?)
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
    ClientNow::select(&mut select)
        .cond_where(matches(&asked.filter, now))
        .cond_where(searched.clone())
        .order_by(("grants", "created_at"), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(limit)
        .offset(u64::from(asked.offset));
    let matching = with_names(count_of(("grants", "id")))
        .cond_where(matches(&asked.filter, now))
        .cond_where(searched)
        .to_owned();
    let pool = &manager.pool;
    Ok(GrantsPage {
        grants: pool.read("list a page of grants", &select).await?,
        total: count(pool, "count grants", &matching).await?,
    })
}

row! {
    struct GrantWorkspace {
        workspace: Parsed<WorkspaceSlug> = grants.workspace,
    }
}

pub(super) async fn find_latest_workspace(
    account: &AccountId,
    manager: &LocalManager,
) -> Result<Option<WorkspaceSlug>, ManagerError> {
    let used = Func::coalesce([
        Expr::col(("grants", "last_used_at")),
        Expr::col(("grants", "created_at")),
    ]);
    let latest = GrantWorkspace::select(&mut Query::select())
        .from("grants")
        .and_where(Expr::col(("grants", "account")).eq(account.as_str()))
        .order_by_expr(used.into(), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(1)
        .to_owned();
    let found: Option<GrantWorkspace> = (manager.pool)
        .read_one("find the latest workspace", &latest)
        .await?;
    Ok(found.map(|grant| grant.workspace.0))
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

row! {
    /// What a summary shows beside the grant.
    struct SummaryRow {
        client_kind: Parsed<ClientKind> = grants.client_kind,
        username: String = accounts.username,
    }
}

row! {
    /// The client, as long as it is there.
    struct ClientNow {
        metadata: Option<String> = clients.metadata,
    }
}

/// What [`summaries`] calls what it computes.
const CLIENT_NAME: &str = "client_name";
const RECENT_CALLS: &str = "recent_calls";

/// What a [`GrantSummary`] is read from.
fn summaries(now: UnixSecs) -> SelectStatement {
    let recent_calls = calls::recent(Expr::col(("grants", "id")), now);
    let mut columns = Query::select();
    GrantRow::select(&mut columns);
    SummaryRow::select(&mut columns)
        .expr_as(client_name(), CLIENT_NAME)
        .expr_as(
            Expr::SubQuery(None, Box::new(recent_calls.into())),
            RECENT_CALLS,
        );
    with_names(columns)
}

impl FromRow for GrantSummary {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let shown = SummaryRow::from_row(row)?;
        let calls: i64 = row.get(RECENT_CALLS, RECENT_CALLS)?;
        Ok(Self {
            grant: Grant::from_row(row)?,
            client_name: row.get(CLIENT_NAME, CLIENT_NAME)?,
            client_kind: shown.client_kind.0,
            username: shown.username,
            calls: u64::try_from(calls).unwrap_or(0),
        })
    }
}

impl FromRow for ListedGrant {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let metadata = ClientNow::from_row(row)?.metadata;
        let metadata = metadata.as_deref().map(read_metadata).transpose()?;
        Ok(Self {
            summary: GrantSummary::from_row(row)?,
            redirect_uris: metadata.map_or_else(Vec::new, |metadata| metadata.redirect_uris),
        })
    }
}
