//! Changes and removes clients. What they were let in to is checked again at once.

use sea_query::{Cond, Expr, ExprTrait as _, LockBehavior, LockType, Query};
use tidegate_database::{Parsed, Transaction, row};
use tidegate_types::{ClientId, WorkspaceSlug};

use super::{Client, ClientKind, UpdateClient, checks, row};
use crate::change::{self, LoggedChange};
use crate::grant::{self, EndReason, GrantFilter};
use crate::{LocalManager, ManagerError, UnixSecs};

/// How long a client that nobody uses is kept.
const KEPT_UNUSED_SECS: i64 = 30 * 86_400;
/// Clients that one run removes; the rest waits for the next.
const MOST_REMOVED: u64 = 1_000;

async fn locked(
    transaction: &mut Transaction,
    id: &ClientId,
    now: UnixSecs,
) -> Result<Option<Client>, ManagerError> {
    let one = row::select(now)
        .and_where(Expr::col(("clients", "id")).eq(id.as_str()))
        .lock_exclusive()
        .to_owned();
    Ok(transaction.read_one(&one).await?)
}

pub(super) async fn update(
    asked: UpdateClient,
    manager: &LocalManager,
) -> Result<Client, ManagerError> {
    if asked.scopes.is_some_and(tidegate_types::ScopeSet::is_empty) {
        return Err(ManagerError::Invalid(
            "scopes is empty: at least one scope is needed".into(),
        ));
    }
    let now = manager.now();
    let mut transaction = manager.pool.begin("change a client").await?;
    let Some(mut client) = locked(&mut transaction, &asked.id, now).await? else {
        return Err(ManagerError::NotFound { what: "client" });
    };
    let before = client.clone();
    let mut update = Query::update()
        .table("clients")
        .and_where(Expr::col("id").eq(asked.id.as_str()))
        .to_owned();
    if let Some(metadata) = asked.metadata {
        update
            .value("metadata", checks::metadata_json(client.kind, &metadata)?)
            .value("name", metadata.client_name.as_str());
        client.metadata = metadata;
    }
    if let Some(scopes) = asked.scopes {
        update.value("scopes", scopes.to_string());
        client.scopes = scopes;
    }
    if let Some(is_verified) = asked.is_verified {
        update.value("is_verified", is_verified);
        client.is_verified = is_verified;
    }
    if client == before {
        return Ok(client);
    }
    transaction.execute(&update).await?;
    // Rules on hosts look at redirect URIs, so metadata count as well.
    if client.scopes != before.scopes || client.metadata != before.metadata {
        let changes = workspaces_of(&mut transaction, &asked.id, now).await?;
        change::append(&mut transaction, &changes, now).await?;
    }
    transaction.commit().await?;
    Ok(client)
}

row! {
    struct GrantWorkspace {
        workspace: Parsed<WorkspaceSlug> = grants.workspace,
    }
}

/// Where the client has live grants.
async fn workspaces_of(
    transaction: &mut Transaction,
    id: &ClientId,
    now: UnixSecs,
) -> Result<Vec<LoggedChange>, ManagerError> {
    let workspaces = GrantWorkspace::select(&mut Query::select())
        .distinct()
        .from("grants")
        .and_where(Expr::col("client").eq(id.as_str()))
        .cond_where(is_live(now))
        .to_owned();
    let workspaces = transaction.read(&workspaces).await?.into_iter();
    let changed = |GrantWorkspace { workspace }| LoggedChange::Workspace {
        workspace: workspace.0,
    };
    Ok(workspaces.map(changed).collect())
}

fn is_live(now: UnixSecs) -> Cond {
    Cond::all()
        .add(Expr::col(("grants", "ended_at")).is_null())
        .add(Expr::col(("grants", "expires_at")).gt(now))
}

pub(super) async fn remove(id: ClientId, manager: &LocalManager) -> Result<bool, ManagerError> {
    let mut transaction = manager.pool.begin("remove a client").await?;
    let is_removed = remove_in(&mut transaction, id, manager.now()).await?;
    transaction.commit().await?;
    Ok(is_removed)
}

/// Removes a client and ends its grants; whether there was one.
pub(super) async fn remove_in(
    transaction: &mut Transaction,
    id: ClientId,
    now: UnixSecs,
) -> Result<bool, ManagerError> {
    // Held first, so that no grant begins between the end of the others and the removal.
    if locked(transaction, &id, now).await?.is_none() {
        return Ok(false);
    }
    let delete = Query::delete()
        .from_table("clients")
        .and_where(Expr::col("id").eq(id.as_str()))
        .to_owned();
    transaction.execute(&delete).await?;
    let filter = GrantFilter {
        client: Some(id),
        ..GrantFilter::default()
    };
    grant::end_all(transaction, &filter, EndReason::ClientRemoved, now).await?;
    Ok(true)
}

row! {
    struct UnusedClient {
        id: String = clients.id,
    }
}

pub(super) async fn remove_unused(manager: &LocalManager) -> Result<u64, ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("remove unused clients").await?;
    let unused = UnusedClient::select(&mut Query::select())
        .from("clients")
        .and_where(
            Expr::col("kind").is_in([ClientKind::Dynamic.as_str(), ClientKind::Document.as_str()]),
        )
        .and_where(Expr::col("created_at").lt(now - KEPT_UNUSED_SECS))
        .and_where(
            Expr::col("last_used_at")
                .is_null()
                .or(Expr::col("last_used_at").lt(now - KEPT_UNUSED_SECS)),
        )
        .and_where(has_no_grant(now))
        .limit(MOST_REMOVED)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let unused: Vec<UnusedClient> = transaction.read(&unused).await?;
    let ids = unused.into_iter().map(|client| client.id);
    // Asked once more now that they are held: a grant may have begun before.
    let delete = Query::delete()
        .from_table("clients")
        .and_where(Expr::col("id").is_in(ids))
        .and_where(has_no_grant(now))
        .to_owned();
    let removed = transaction.execute(&delete).await?;
    transaction.commit().await?;
    Ok(removed)
}

fn has_no_grant(now: UnixSecs) -> Expr {
    let live = Query::select()
        .expr(Expr::val(1))
        .from("grants")
        .and_where(Expr::col(("grants", "client")).equals(("clients", "id")))
        .cond_where(is_live(now))
        .to_owned();
    Expr::exists(live).not()
}
