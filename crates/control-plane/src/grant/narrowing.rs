//! Takes scopes away from a grant.

use sea_query::{Expr, ExprTrait as _, Query};

use super::{Grant, NarrowGrant, ending};
use crate::{LocalManager, ManagerError, change};

pub(super) async fn narrow(
    asked: NarrowGrant,
    manager: &LocalManager,
) -> Result<Grant, ManagerError> {
    let now = manager.now();
    if asked.scopes.is_empty() {
        return Err(ManagerError::Invalid(
            "scopes is empty: end the grant instead".into(),
        ));
    }
    let mut transaction = manager.pool.begin("narrow a grant").await?;
    let found = ending::locked(&mut transaction, &asked.id).await?;
    // Whoever narrows sees live grants; that one ended meanwhile is the same to them as that it is gone.
    let mut grant = found
        .filter(|grant| grant.ended.is_none() && grant.expires_at > now)
        .ok_or(ManagerError::NotFound { what: "grant" })?;
    if asked.scopes.narrowed_to(grant.scopes) != asked.scopes.expanded() {
        return Err(ManagerError::Invalid(format!(
            "scopes is {:?}: only what the grant has can stay, which is {:?}",
            asked.scopes.to_string(),
            grant.scopes.expanded().to_string(),
        )));
    }
    grant.scopes = asked.scopes;
    let narrow = Query::update()
        .table("grants")
        .value("scopes", grant.scopes.to_string())
        .and_where(Expr::col("id").eq(grant.id.as_str()))
        .to_owned();
    transaction.execute(&narrow).await?;
    change::append(&mut transaction, &[ending::session_of(&grant)], now).await?;
    transaction.commit().await?;
    Ok(grant)
}
