//! Takes over the workspaces that the nodes' configuration declares. Every node does so as it starts.

use std::collections::{HashMap, HashSet};

use sea_query::{Expr, ExprTrait as _, InsertStatement, OnConflict, Query};
use tidegate_database::Transaction;
use tidegate_types::WorkspaceSlug;

use super::{Workspace, change as single, rows};
use crate::change::{self, LoggedChange};
use crate::{LocalManager, ManagerError};

/// Rows of a statement, each with 7 values; SQLite binds 32,766.
const BATCH: usize = 1_000;

/// Whoever makes workspaces waits for whoever does: several nodes start at once. The number is taken by nothing else.
const LOCK_POSTGRES: &str = "SELECT pg_advisory_xact_lock(8388346223955506278)";

pub(super) async fn wait_for_others(transaction: &mut Transaction) -> Result<(), ManagerError> {
    Ok(transaction.run_script("", LOCK_POSTGRES).await?)
}

/// Rows without connection and hosts.
pub(super) fn insert_of(workspaces: &[Workspace]) -> InsertStatement {
    let mut insert = Query::insert()
        .into_table("workspaces")
        .columns([
            "slug",
            "title",
            "region",
            "public_url",
            "is_declared",
            "is_hibernated",
            "created_at",
        ])
        .to_owned();
    for workspace in workspaces {
        insert.values_panic([
            workspace.slug.as_str().into(),
            workspace.title.as_str().into(),
            workspace.region.as_str().into(),
            workspace.public_url.clone().into(),
            workspace.is_declared.into(),
            workspace.is_hibernated.into(),
            workspace.created_at.into(),
        ]);
    }
    insert
}

pub(super) async fn declare(
    manager: &LocalManager,
    mut declared: Vec<Workspace>,
) -> Result<(), ManagerError> {
    check(&mut declared)?;
    let now = manager.now();
    let mut transaction = manager.pool.begin("declare workspaces").await?;
    wait_for_others(&mut transaction).await?;
    let before = rows::all_in(&mut transaction).await?;
    let before: HashMap<_, _> = (before.iter())
        .map(|workspace| (&workspace.slug, workspace))
        .collect();
    let mut changed = Vec::new();
    for mut workspace in declared.iter().cloned() {
        let there = before.get(&workspace.slug);
        workspace.is_declared = true;
        workspace.is_hibernated = there.is_some_and(|there| there.is_hibernated);
        workspace.created_at = there.map_or(now, |there| there.created_at);
        if there != Some(&&workspace) {
            changed.push(workspace);
        }
    }
    let kept: HashSet<_> = declared.iter().map(|workspace| &workspace.slug).collect();
    let dropped: Vec<_> = (before.values())
        .filter(|there| there.is_declared && !kept.contains(&there.slug))
        .map(|there| there.slug.clone())
        .collect();
    if changed.is_empty() && dropped.is_empty() {
        return Ok(());
    }
    put(&mut transaction, &changed).await?;
    for some in dropped.chunks(BATCH) {
        let release = Query::update()
            .table("workspaces")
            .value("is_declared", false)
            .and_where(Expr::col("slug").is_in(some.iter().map(WorkspaceSlug::as_str)))
            .to_owned();
        transaction.execute(&release).await?;
    }
    let slugs = changed.into_iter().map(|workspace| workspace.slug);
    let changes = slugs.chain(dropped);
    let changes: Vec<_> = changes
        .map(|workspace| LoggedChange::Workspace { workspace })
        .collect();
    change::append(&mut transaction, &changes, now).await?;
    transaction.commit().await?;
    Ok(())
}

fn check(declared: &mut [Workspace]) -> Result<(), ManagerError> {
    let most = usize::try_from(rows::MAX_WORKSPACES).unwrap_or(usize::MAX);
    if declared.len() > most {
        return Err(ManagerError::Invalid(format!(
            "workspaces has {} entries: declare up to {most}",
            declared.len()
        )));
    }
    let mut slugs = HashSet::new();
    let mut hosts = HashMap::new();
    for workspace in declared {
        single::check_fields(workspace)?;
        if !slugs.insert(workspace.slug.clone()) {
            return Err(ManagerError::Invalid(format!(
                "workspaces names {:?} twice",
                workspace.slug.as_str()
            )));
        }
        for host in &workspace.hosts {
            if let Some(other) = hosts.insert(host.clone(), workspace.slug.clone()) {
                return Err(ManagerError::Invalid(format!(
                    "hosts: {host:?} stands in the workspaces {:?} and {:?}: a host leads to one workspace",
                    other.as_str(),
                    workspace.slug.as_str()
                )));
            }
        }
    }
    Ok(())
}

async fn put(transaction: &mut Transaction, changed: &[Workspace]) -> Result<(), ManagerError> {
    for some in changed.chunks(BATCH) {
        let upsert = insert_of(some)
            .on_conflict(
                OnConflict::column("slug")
                    .update_columns(["title", "region", "public_url", "is_declared"])
                    .to_owned(),
            )
            .to_owned();
        transaction.execute(&upsert).await?;
        // All of them first: a host may move from one to another.
        let clear = Query::delete()
            .from_table("workspace_hosts")
            .and_where(
                Expr::col("workspace").is_in(some.iter().map(|changed| changed.slug.as_str())),
            )
            .to_owned();
        transaction.execute(&clear).await?;
    }
    for workspace in changed.iter().filter(|changed| !changed.hosts.is_empty()) {
        single::put_hosts(transaction, workspace).await?;
    }
    Ok(())
}
