//! Finds and lists workspaces.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait as _, LockType, Order, Query, SelectStatement};
use tidegate_database::{DatabaseError, Row, Transaction};
use tidegate_types::WorkspaceSlug;

use super::{Workspace, WorkspaceConnection};
use crate::{LocalManager, ManagerError, stored};

/// As many as a deployment may have.
pub(super) const MAX_WORKSPACES: u64 = 10_000;

/// Columns as [`read`] takes them.
pub(super) fn select() -> SelectStatement {
    Query::select()
        .columns([
            "slug",
            "title",
            "region",
            "public_url",
            "is_declared",
            "is_hibernated",
            "created_at",
        ])
        .from("workspaces")
        .to_owned()
}

/// A row of [`select`]; the hosts are in another table.
pub(super) fn read(row: &Row) -> Result<Workspace, DatabaseError> {
    Ok(Workspace {
        slug: stored::parsed(row, 0)?,
        title: row.text_or_empty(1)?,
        region: row.text_or_empty(2)?,
        hosts: Vec::new(),
        public_url: row.text(3)?,
        is_declared: stored::flag(row, 4)?,
        is_hibernated: stored::flag(row, 5)?,
        created_at: row.id(6)?,
    })
}

fn select_hosts() -> SelectStatement {
    Query::select()
        .columns(["workspace", "host"])
        .from("workspace_hosts")
        .order_by("host", Order::Asc)
        .to_owned()
}

fn hosts_of(slug: &WorkspaceSlug) -> SelectStatement {
    select_hosts()
        .and_where(Expr::col("workspace").eq(slug.as_str()))
        .to_owned()
}

fn read_hosts(rows: &[Row]) -> Result<HashMap<WorkspaceSlug, Vec<String>>, DatabaseError> {
    let mut hosts: HashMap<WorkspaceSlug, Vec<String>> = HashMap::new();
    for row in rows {
        let workspace = stored::parsed(row, 0)?;
        hosts
            .entry(workspace)
            .or_default()
            .push(row.text_or_empty(1)?);
    }
    Ok(hosts)
}

fn join(rows: &[Row], hosts: &[Row]) -> Result<Vec<Workspace>, DatabaseError> {
    let mut hosts = read_hosts(hosts)?;
    let mut workspaces = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for workspace in &mut workspaces {
        workspace.hosts = hosts.remove(&workspace.slug).unwrap_or_default();
    }
    Ok(workspaces)
}

pub(super) async fn find(
    manager: &LocalManager,
    slug: &WorkspaceSlug,
) -> Result<Option<Workspace>, ManagerError> {
    let one = select()
        .and_where(Expr::col("slug").eq(slug.as_str()))
        .to_owned();
    let rows = manager.pool.fetch("find a workspace", &one).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let hosts = manager
        .pool
        .fetch("find a workspace", &hosts_of(slug))
        .await?;
    Ok(join(&rows, &hosts)?.pop())
}

pub(super) async fn list(manager: &LocalManager) -> Result<Vec<Workspace>, ManagerError> {
    let all = select()
        .order_by("slug", Order::Asc)
        .limit(MAX_WORKSPACES)
        .to_owned();
    let rows = manager.pool.fetch("list workspaces", &all).await?;
    let hosts = manager
        .pool
        .fetch("list workspaces", &select_hosts())
        .await?;
    Ok(join(&rows, &hosts)?)
}

/// All workspaces as they are in the transaction.
pub(super) async fn all_in(transaction: &mut Transaction) -> Result<Vec<Workspace>, ManagerError> {
    let rows = transaction.fetch(&select()).await?;
    let hosts = transaction.fetch(&select_hosts()).await?;
    Ok(join(&rows, &hosts)?)
}

/// The workspace, held against others until the transaction ends. `NotFound`.
pub(crate) async fn lock(
    transaction: &mut Transaction,
    slug: &WorkspaceSlug,
) -> Result<Workspace, ManagerError> {
    let one = select()
        .and_where(Expr::col("slug").eq(slug.as_str()))
        .lock(LockType::Update)
        .to_owned();
    let row = transaction.fetch_one(&one).await?;
    let row = row.ok_or(ManagerError::NotFound { what: "workspace" })?;
    let mut workspace = read(&row)?;
    let hosts = transaction.fetch(&hosts_of(slug)).await?;
    workspace.hosts = read_hosts(&hosts)?.remove(slug).unwrap_or_default();
    Ok(workspace)
}

/// What a connection is sealed for.
pub(super) fn place_of_connection(slug: &WorkspaceSlug) -> String {
    format!("workspaces.connection:{slug}")
}

pub(super) async fn find_connection(
    manager: &LocalManager,
    slug: &WorkspaceSlug,
) -> Result<Option<WorkspaceConnection>, ManagerError> {
    let one = Query::select()
        .column("connection")
        .from("workspaces")
        .and_where(Expr::col("slug").eq(slug.as_str()))
        // What the configuration declares has its metastore there as well.
        .and_where(Expr::col("is_declared").eq(false))
        .to_owned();
    let row = manager.pool.fetch_one("find a connection", &one).await?;
    let sealed = row.map(|row| row.bytes(0)).transpose()?.flatten();
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let plain = manager.sealer.open(&place_of_connection(slug), &sealed)?;
    serde_json::from_slice(&plain)
        .map(Some)
        // The cause may quote what it read.
        .map_err(|_| ManagerError::Internal("a stored connection does not parse".into()))
}
