//! Makes, changes and removes workspaces that no configuration declares.

use sea_query::{Expr, ExprTrait as _, Query};
use tidegate_database::{DatabaseError, Transaction};
use tidegate_types::WorkspaceSlug;

use super::{CreateWorkspace, UpdateWorkspace, Workspace, WorkspaceConnection, declare, rows};
use crate::change::{self, LoggedChange};
use crate::grant::{self, EndReason, GrantFilter};
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MAX_TITLE_CHARS: usize = 200;
const MAX_REGION_CHARS: usize = 40;
const MAX_HOSTS: usize = 50;
const MAX_CONNECTION_CHARS: usize = 2_000;

/// The fields that people or configurations give.
pub(super) fn check_fields(workspace: &mut Workspace) -> Result<(), ManagerError> {
    workspace.title = check_title(&workspace.title, &workspace.slug)?;
    workspace.region = input::shown_text_or_empty("region", &workspace.region, MAX_REGION_CHARS)?;
    workspace.hosts = check_hosts(&workspace.hosts)?;
    if let Some(url) = &workspace.public_url {
        input::web_url("public_url", url)?;
    }
    Ok(())
}

fn check_title(title: &str, slug: &WorkspaceSlug) -> Result<String, ManagerError> {
    let title = input::shown_text_or_empty("title", title, MAX_TITLE_CHARS)?;
    Ok(if title.is_empty() {
        slug.to_string()
    } else {
        title
    })
}

/// In the order in which they are stored and listed.
fn check_hosts(hosts: &[String]) -> Result<Vec<String>, ManagerError> {
    if hosts.len() > MAX_HOSTS {
        return Err(ManagerError::Invalid(format!(
            "hosts has {} names: use up to {MAX_HOSTS}",
            hosts.len()
        )));
    }
    let checked = hosts.iter().map(|host| input::host("hosts", host));
    let mut checked = checked.collect::<Result<Vec<_>, _>>()?;
    checked.sort_unstable();
    checked.dedup();
    Ok(checked)
}

/// What came is never shown: it has passwords in it.
fn check_connection(connection: &WorkspaceConnection) -> Result<(), ManagerError> {
    let metastore = connection.metastore.trim().chars().count();
    if !(1..=MAX_CONNECTION_CHARS).contains(&metastore) {
        return Err(ManagerError::Invalid(format!(
            "connection.metastore has {metastore} characters: give a URL or a file, as in the configuration, \
             of 1 to {MAX_CONNECTION_CHARS}"
        )));
    }
    if let Some(key) = &connection.secret_key
        && !(1..=MAX_CONNECTION_CHARS).contains(&key.chars().count())
    {
        return Err(ManagerError::Invalid(format!(
            "connection.secret_key is not valid: give 1 to {MAX_CONNECTION_CHARS} characters, or leave it out"
        )));
    }
    if let Some(url) = &connection.superset_url {
        input::web_url("connection.superset_url", url)?;
    }
    Ok(())
}

pub(super) async fn create(
    manager: &LocalManager,
    asked: CreateWorkspace,
) -> Result<Workspace, ManagerError> {
    let now = manager.now();
    let mut workspace = Workspace {
        slug: asked.slug,
        title: asked.title,
        region: asked.region,
        hosts: asked.hosts,
        public_url: asked.public_url,
        is_declared: false,
        is_hibernated: false,
        created_at: now,
    };
    check_fields(&mut workspace)?;
    check_connection(&asked.connection)?;
    let plain = serde_json::to_vec(&asked.connection)
        .map_err(|err| ManagerError::Internal(Box::new(err)))?;
    let sealed = (manager.sealer).seal(&rows::place_of_connection(&workspace.slug), &plain)?;
    let mut transaction = manager.pool.begin("make a workspace").await?;
    declare::wait_for_others(&mut transaction).await?;
    let there = rows::all_in(&mut transaction).await?;
    if there.len() >= usize::try_from(rows::MAX_WORKSPACES).unwrap_or(usize::MAX) {
        return Err(ManagerError::LimitReached(format!(
            "at most {} workspaces a deployment",
            rows::MAX_WORKSPACES
        )));
    }
    if there.iter().any(|other| other.slug == workspace.slug) {
        return Err(ManagerError::Conflict(format!(
            "workspace {:?} exists already: use another slug",
            workspace.slug.as_str()
        )));
    }
    let insert = declare::insert_of(std::slice::from_ref(&workspace));
    transaction.execute(&insert).await?;
    let seal = Query::update()
        .table("workspaces")
        .value("connection", sealed)
        .and_where(Expr::col("slug").eq(workspace.slug.as_str()))
        .to_owned();
    transaction.execute(&seal).await?;
    put_hosts(&mut transaction, &workspace).await?;
    append(&mut transaction, &workspace.slug, now).await?;
    transaction.commit().await?;
    Ok(workspace)
}

/// Puts the workspace's hosts in place of those that it had. `Conflict`: another workspace has one.
pub(super) async fn put_hosts(
    transaction: &mut Transaction,
    workspace: &Workspace,
) -> Result<(), ManagerError> {
    let clear = Query::delete()
        .from_table("workspace_hosts")
        .and_where(Expr::col("workspace").eq(workspace.slug.as_str()))
        .to_owned();
    transaction.execute(&clear).await?;
    if workspace.hosts.is_empty() {
        return Ok(());
    }
    let taken = rows::HostRow::select(&mut Query::select())
        .from("workspace_hosts")
        .and_where(Expr::col("host").is_in(workspace.hosts.iter().map(String::as_str)))
        .to_owned();
    if let Some(rows::HostRow { host, workspace }) = transaction.read_one(&taken).await? {
        return Err(ManagerError::Conflict(format!(
            "hosts: {host:?} is a host of workspace {:?}: a host leads to one workspace",
            workspace.0.as_str()
        )));
    }
    let mut insert = Query::insert()
        .into_table("workspace_hosts")
        .columns(["host", "workspace"])
        .to_owned();
    for host in &workspace.hosts {
        insert.values_panic([host.as_str().into(), workspace.slug.as_str().into()]);
    }
    match transaction.execute(&insert).await {
        Err(DatabaseError::Conflict { .. }) => Err(ManagerError::Conflict(
            "hosts: one of them was given to another workspace meanwhile".to_owned(),
        )),
        result => Ok(result.map(drop)?),
    }
}

async fn append(
    transaction: &mut Transaction,
    slug: &WorkspaceSlug,
    now: UnixSecs,
) -> Result<(), DatabaseError> {
    let workspace = slug.clone();
    change::append(transaction, &[LoggedChange::Workspace { workspace }], now).await
}

pub(super) async fn update(
    manager: &LocalManager,
    asked: UpdateWorkspace,
) -> Result<Workspace, ManagerError> {
    let mut transaction = manager.pool.begin("change a workspace").await?;
    let before = rows::lock(&mut transaction, &asked.slug).await?;
    let mut after = before.clone();
    if let Some(title) = &asked.title {
        if before.is_declared {
            return Err(declared("title"));
        }
        after.title = check_title(title, &asked.slug)?;
    }
    if let Some(hosts) = &asked.hosts {
        if before.is_declared {
            return Err(declared("hosts"));
        }
        after.hosts = check_hosts(hosts)?;
    }
    after.is_hibernated = asked.is_hibernated.unwrap_or(before.is_hibernated);
    if after == before {
        return Ok(before);
    }
    let update = Query::update()
        .table("workspaces")
        .value("title", after.title.as_str())
        .value("is_hibernated", after.is_hibernated)
        .and_where(Expr::col("slug").eq(asked.slug.as_str()))
        .to_owned();
    transaction.execute(&update).await?;
    if after.hosts != before.hosts {
        put_hosts(&mut transaction, &after).await?;
    }
    append(&mut transaction, &asked.slug, manager.now()).await?;
    transaction.commit().await?;
    Ok(after)
}

fn declared(field: &str) -> ManagerError {
    ManagerError::Invalid(format!(
        "{field} of a workspace that the configuration declares is changed there"
    ))
}

pub(super) async fn remove(
    manager: &LocalManager,
    slug: &WorkspaceSlug,
) -> Result<(), ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("remove a workspace").await?;
    if rows::lock(&mut transaction, slug).await?.is_declared {
        return Err(ManagerError::Conflict(format!(
            "workspace {:?} is declared by the configuration: take it out there first",
            slug.as_str()
        )));
    }
    // Hosts, memberships, teams' places and invitations go with it.
    let delete = Query::delete()
        .from_table("workspaces")
        .and_where(Expr::col("slug").eq(slug.as_str()))
        .to_owned();
    transaction.execute(&delete).await?;
    for table in ["flag_rules", "policy_rules", "unknown_clients"] {
        let delete = Query::delete()
            .from_table(table)
            .and_where(Expr::col("workspace").eq(slug.as_str()))
            .to_owned();
        transaction.execute(&delete).await?;
    }
    let end = Query::update()
        .table("api_tokens")
        .value("ended_at", now)
        .and_where(Expr::col("workspace").eq(slug.as_str()))
        .and_where(Expr::col("ended_at").is_null())
        .to_owned();
    transaction.execute(&end).await?;
    let there = GrantFilter {
        workspace: Some(slug.clone()),
        ..GrantFilter::default()
    };
    grant::end_all(&mut transaction, &there, EndReason::ByAdministrator, now).await?;
    append(&mut transaction, slug, now).await?;
    transaction.commit().await?;
    Ok(())
}
