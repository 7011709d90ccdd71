//! What happens to clients without a rule.

use sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query, SelectStatement};
use tidegate_database::row;
use tidegate_types::WorkspaceSlug;

use super::{SetUnknownClients, UnknownClients, rules};
use crate::{LocalManager, ManagerError, change, workspace};

pub(super) async fn set(
    manager: &LocalManager,
    asked: &SetUnknownClients,
) -> Result<(), ManagerError> {
    let mut transaction = manager.pool.begin("set the client policy").await?;
    if let Some(workspace) = &asked.workspace {
        workspace::lock(&mut transaction, workspace).await?;
    }
    let upsert = Query::insert()
        .into_table("unknown_clients")
        .columns(["workspace", "need_approval"])
        .values_panic([
            rules::key(asked.workspace.as_ref()).into(),
            (asked.to == UnknownClients::NeedApproval).into(),
        ])
        .on_conflict(
            OnConflict::column("workspace")
                .update_column("need_approval")
                .to_owned(),
        )
        .to_owned();
    transaction.execute(&upsert).await?;
    let changes = [rules::change_in(asked.workspace.as_ref())];
    change::append(&mut transaction, &changes, manager.now()).await?;
    transaction.commit().await?;
    Ok(())
}

row! {
    struct UnknownClientsRow {
        need_approval: bool = unknown_clients.need_approval,
    }
}

/// A workspace's own word counts before the deployment's.
fn effective(workspace: Option<&WorkspaceSlug>) -> SelectStatement {
    UnknownClientsRow::select(&mut Query::select())
        .from("unknown_clients")
        .and_where(Expr::col("workspace").is_in(["", rules::key(workspace)]))
        .order_by("workspace", Order::Desc)
        .limit(1)
        .to_owned()
}

pub(super) async fn find(
    manager: &LocalManager,
    workspace: Option<&WorkspaceSlug>,
) -> Result<UnknownClients, ManagerError> {
    let row: Option<UnknownClientsRow> = (manager.pool)
        .read_one("find the client policy", &effective(workspace))
        .await?;
    Ok(if row.is_some_and(|row| row.need_approval) {
        UnknownClients::NeedApproval
    } else {
        UnknownClients::Allowed
    })
}
