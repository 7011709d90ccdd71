//! Finds and lists grants.

use sea_query::{Expr, ExprTrait as _, Func, Order, SelectStatement};
use tidegate_types::GrantId;

use super::{FindStandingGrant, Grant, GrantFilter, GrantSummary, calls, ending, row};
use crate::{LocalManager, ManagerError, stored};

const MOST: u64 = 1_000;

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
    let after = row::COLUMNS.len();
    let recent_calls = calls::recent(Expr::col(("grants", "id")), now);
    let mut select = row::select()
        // A client that is gone goes by the name it had.
        .expr(Func::coalesce([
            Expr::col(("clients", "name")),
            Expr::col(("grants", "client_name")),
        ]))
        .column(("grants", "client_kind"))
        .column(("accounts", "username"))
        .expr(Expr::SubQuery(None, Box::new(recent_calls.into())))
        .left_join(
            "clients",
            Expr::col(("clients", "id")).equals(("grants", "client")),
        )
        .inner_join(
            "accounts",
            Expr::col(("accounts", "id")).equals(("grants", "account")),
        )
        .cond_where(ending::matches(filter))
        .order_by(("grants", "created_at"), Order::Desc)
        .order_by(("grants", "id"), Order::Desc)
        .limit(MOST)
        .to_owned();
    if !filter.with_ended {
        select.cond_where(ending::is_live(now));
    }
    let rows = manager.pool.fetch("list grants", &select).await?;
    rows.iter()
        .map(|row| {
            Ok(GrantSummary {
                grant: row::read(row)?,
                client_name: row.text_or_empty(after)?,
                client_kind: stored::parsed(row, after + 1)?,
                username: row.text_or_empty(after + 2)?,
                calls: u64::try_from(row.id(after + 3)?).unwrap_or(0),
            })
        })
        .collect()
}
