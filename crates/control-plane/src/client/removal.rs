//! The end of a machine client and of the account that was made for it.

use sea_query::{Expr, ExprTrait as _};
use tidegate_database::Transaction;
use tidegate_types::{AccountId, ClientId};

use super::{changing, listing};
use crate::account;
use crate::counted::{count_in, count_of};
use crate::{LocalManager, ManagerError};

pub(super) async fn remove_machine(
    id: ClientId,
    manager: &LocalManager,
) -> Result<bool, ManagerError> {
    let Some(client) = listing::find(&id, manager).await? else {
        return Ok(false);
    };
    // Neither ever changes.
    let service = client.acts_as.filter(|acts_as| {
        let is_owner = client.owner.as_ref() == Some(acts_as);
        !is_owner
    });
    let now = manager.now();
    let mut transaction = manager.pool.begin("remove a machine").await?;
    // In the order in which everybody holds them: account, client.
    if let Some(service) = service
        && !is_shared(&mut transaction, &service, &id).await?
    {
        match account::switch_off(&mut transaction, service, now).await {
            // One that is gone is off.
            Ok(_) | Err(ManagerError::NotFound { .. }) => {}
            Err(err) => return Err(err),
        }
    }
    let is_removed = changing::remove_in(&mut transaction, id, now).await?;
    transaction.commit().await?;
    Ok(is_removed)
}

/// Whether another client acts as the account: it would stop with it, and may be another person's.
async fn is_shared(
    transaction: &mut Transaction,
    service: &AccountId,
    client: &ClientId,
) -> Result<bool, ManagerError> {
    let others = count_of("id")
        .from("clients")
        .and_where(Expr::col("acts_as").eq(service.as_str()))
        .and_where(Expr::col("id").ne(client.as_str()))
        .to_owned();
    Ok(count_in(transaction, &others).await? > 0)
}
