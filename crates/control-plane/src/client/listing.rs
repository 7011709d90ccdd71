//! Finds and lists clients.

use sea_query::{Expr, ExprTrait as _, Order};
use tidegate_types::ClientId;

use super::{Client, ClientFilter, row};
use crate::{LocalManager, ManagerError};

const MOST: u64 = 1_000;

pub(super) async fn find(
    id: &ClientId,
    manager: &LocalManager,
) -> Result<Option<Client>, ManagerError> {
    let one = row::select(manager.now())
        .and_where(Expr::col(("clients", "id")).eq(id.as_str()))
        .to_owned();
    Ok(manager.pool.read_one("find a client", &one).await?)
}

pub(super) async fn list(
    filter: &ClientFilter,
    manager: &LocalManager,
) -> Result<Vec<Client>, ManagerError> {
    let column = |name: &'static str| Expr::col(("clients", name));
    let mut select = row::select(manager.now());
    if let Some(owner) = &filter.owner {
        select.and_where(column("owner").eq(owner.as_str()));
    }
    if let Some(kind) = filter.kind {
        select.and_where(column("kind").eq(kind.as_str()));
    }
    if let Some(workspace) = &filter.workspace {
        select.and_where(column("workspace").eq(workspace.as_str()));
    }
    select
        .order_by(("clients", "created_at"), Order::Desc)
        .order_by(("clients", "id"), Order::Desc)
        .limit(MOST);
    Ok(manager.pool.read("list clients", &select).await?)
}
