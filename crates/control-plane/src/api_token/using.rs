//! Finds, lists, notes and ends API tokens.

use sea_query::{Expr, ExprTrait as _, Order, Query};
use tidegate_types::AccountId;

use super::{ApiToken, EndApiToken, FindApiToken, NoteApiTokenUse, row};
use crate::change::{self, LoggedChange};
use crate::{LocalManager, ManagerError};

/// An account makes 10 at a time; those that expired and were not ended stay listed until they are removed.
const MOST_LISTED: u64 = 1_000;
const MOST_ADDRESS_BYTES: usize = 64;
/// `last_used_at` is exact to this.
const NOTED_EVERY_SECS: i64 = 60;

pub(super) async fn find(
    asked: &FindApiToken,
    manager: &LocalManager,
) -> Result<Option<ApiToken>, ManagerError> {
    let one = row::select()
        .and_where(Expr::col("secret").eq(asked.secret.as_bytes().to_vec()))
        .to_owned();
    Ok(manager.pool.read_one("find an API token", &one).await?)
}

pub(super) async fn list(
    account: &AccountId,
    manager: &LocalManager,
) -> Result<Vec<ApiToken>, ManagerError> {
    let theirs = row::select()
        .and_where(Expr::col("account").eq(account.as_str()))
        .and_where(Expr::col("ended_at").is_null())
        .order_by("created_at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(MOST_LISTED)
        .to_owned();
    Ok(manager.pool.read("list API tokens", &theirs).await?)
}

pub(super) async fn end(
    asked: &EndApiToken,
    manager: &LocalManager,
) -> Result<Option<ApiToken>, ManagerError> {
    let now = manager.now();
    let mut transaction = manager.pool.begin("end an API token").await?;
    let mut one = row::select();
    one.and_where(Expr::col("id").eq(asked.id.as_str()));
    if let Some(account) = &asked.account {
        one.and_where(Expr::col("account").eq(account.as_str()));
    }
    let found = transaction.read_one(&*one.lock_exclusive()).await?;
    let Some(mut token): Option<ApiToken> = found else {
        return Ok(None);
    };
    if token.ended_at.is_none() {
        token.ended_at = Some(now);
        let end = Query::update()
            .table("api_tokens")
            .value("ended_at", now)
            .and_where(Expr::col("id").eq(asked.id.as_str()))
            .to_owned();
        transaction.execute(&end).await?;
        let ended = LoggedChange::Session {
            workspace: token.workspace.clone(),
            id: token.id.clone(),
        };
        change::append(&mut transaction, &[ended], now).await?;
    }
    transaction.commit().await?;
    Ok(Some(token))
}

/// Reads before it writes: with SQLite all writers wait for each other.
pub(super) async fn note(
    asked: NoteApiTokenUse,
    manager: &LocalManager,
) -> Result<(), ManagerError> {
    let is_address = |from: &String| {
        from.len() <= MOST_ADDRESS_BYTES && from.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !asked.from.as_ref().is_none_or(is_address) {
        return Err(ManagerError::Invalid(format!(
            "from must be an address of up to {MOST_ADDRESS_BYTES} characters"
        )));
    }
    let now = manager.now();
    let is_due = || {
        Expr::col("last_used_at")
            .is_null()
            .or(Expr::col("last_used_at").lte(now - NOTED_EVERY_SECS))
    };
    let due = Query::select()
        .column("id")
        .from("api_tokens")
        .and_where(Expr::col("id").eq(asked.id.as_str()))
        .and_where(is_due())
        .to_owned();
    let found = manager.pool.fetch_one("find an API token", &due).await?;
    if found.is_none() {
        return Ok(());
    }
    let note = Query::update()
        .table("api_tokens")
        .value("last_used_at", now)
        .value("last_used_from", asked.from)
        .and_where(Expr::col("id").eq(asked.id.as_str()))
        .and_where(is_due())
        .to_owned();
    manager
        .pool
        .execute("note an API token's use", &note)
        .await?;
    Ok(())
}
