//! Finds and lists workspaces.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait as _, LockType, Order, Query, SelectStatement};
use tidegate_database::{Parsed, Transaction, row};
use tidegate_types::WorkspaceSlug;

use super::{Workspace, WorkspaceConnection};
use crate::{LocalManager, ManagerError, UnixSecs};

/// As many as a deployment may have.
pub(super) const MAX_WORKSPACES: u64 = 10_000;

row! {
    pub(super) struct WorkspaceRow {
        slug: Parsed<WorkspaceSlug> = workspaces.slug,
        title: String = workspaces.title,
        region: String = workspaces.region,
        public_url: Option<String> = workspaces.public_url,
        is_declared: bool = workspaces.is_declared,
        is_hibernated: bool = workspaces.is_hibernated,
        created_at: UnixSecs = workspaces.created_at,
    }
}

impl WorkspaceRow {
    fn with_hosts(self, hosts: Vec<String>) -> Workspace {
        Workspace {
            slug: self.slug.0,
            title: self.title,
            region: self.region,
            hosts,
            public_url: self.public_url,
            is_declared: self.is_declared,
            is_hibernated: self.is_hibernated,
            created_at: self.created_at,
        }
    }
}

row! {
    pub(super) struct HostRow {
        pub(super) workspace: Parsed<WorkspaceSlug> = workspace_hosts.workspace,
        pub(super) host: String = workspace_hosts.host,
    }
}

fn select() -> SelectStatement {
    WorkspaceRow::select(&mut Query::select())
        .from("workspaces")
        .to_owned()
}

fn select_hosts() -> SelectStatement {
    HostRow::select(&mut Query::select())
        .from("workspace_hosts")
        .order_by("host", Order::Asc)
        .to_owned()
}

fn hosts_of(slug: &WorkspaceSlug) -> SelectStatement {
    select_hosts()
        .and_where(Expr::col("workspace").eq(slug.as_str()))
        .to_owned()
}

fn join(rows: Vec<WorkspaceRow>, hosts: Vec<HostRow>) -> Vec<Workspace> {
    let mut by_workspace: HashMap<WorkspaceSlug, Vec<String>> = HashMap::new();
    for HostRow { workspace, host } in hosts {
        by_workspace.entry(workspace.0).or_default().push(host);
    }
    let with_hosts = |row: WorkspaceRow| {
        let hosts = by_workspace.remove(&row.slug.0).unwrap_or_default();
        row.with_hosts(hosts)
    };
    rows.into_iter().map(with_hosts).collect()
}

pub(super) async fn find(
    manager: &LocalManager,
    slug: &WorkspaceSlug,
) -> Result<Option<Workspace>, ManagerError> {
    let one = select()
        .and_where(Expr::col("slug").eq(slug.as_str()))
        .to_owned();
    let row: Option<WorkspaceRow> = manager.pool.read_one("find a workspace", &one).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let hosts = (manager.pool)
        .read("find a workspace", &hosts_of(slug))
        .await?;
    Ok(join(vec![row], hosts).pop())
}

pub(super) async fn list(manager: &LocalManager) -> Result<Vec<Workspace>, ManagerError> {
    let all = select()
        .order_by("slug", Order::Asc)
        .limit(MAX_WORKSPACES)
        .to_owned();
    let rows = manager.pool.read("list workspaces", &all).await?;
    let hosts = (manager.pool)
        .read("list workspaces", &select_hosts())
        .await?;
    Ok(join(rows, hosts))
}

/// All workspaces as they are in the transaction.
pub(super) async fn all_in(transaction: &mut Transaction) -> Result<Vec<Workspace>, ManagerError> {
    let rows = transaction.read(&select()).await?;
    let hosts = transaction.read(&select_hosts()).await?;
    Ok(join(rows, hosts))
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
    let row: Option<WorkspaceRow> = transaction.read_one(&one).await?;
    let row = row.ok_or(ManagerError::NotFound { what: "workspace" })?;
    let hosts: Vec<HostRow> = transaction.read(&hosts_of(slug)).await?;
    Ok(row.with_hosts(hosts.into_iter().map(|row| row.host).collect()))
}

/// What a connection is sealed for.
pub(super) fn place_of_connection(slug: &WorkspaceSlug) -> String {
    format!("workspaces.connection:{slug}")
}

row! {
    struct ConnectionRow {
        connection: Option<Vec<u8>> = workspaces.connection,
    }
}

pub(super) async fn find_connection(
    manager: &LocalManager,
    slug: &WorkspaceSlug,
) -> Result<Option<WorkspaceConnection>, ManagerError> {
    let one = ConnectionRow::select(&mut Query::select())
        .from("workspaces")
        .and_where(Expr::col("slug").eq(slug.as_str()))
        // What the configuration declares has its metastore there as well.
        .and_where(Expr::col("is_declared").eq(false))
        .to_owned();
    let row: Option<ConnectionRow> = manager.pool.read_one("find a connection", &one).await?;
    let Some(sealed) = row.and_then(|row| row.connection) else {
        return Ok(None);
    };
    let plain = manager.sealer.open(&place_of_connection(slug), &sealed)?;
    serde_json::from_slice(&plain)
        .map(Some)
        // The cause may quote what it read.
        .map_err(|_| ManagerError::Internal("a stored connection does not parse".into()))
}
