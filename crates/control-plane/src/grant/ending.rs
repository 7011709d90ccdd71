//! Ends grants: whatever the cause, the same statements, the same line in the change log.

use std::collections::BTreeSet;

use sea_query::{Cond, Expr, ExprTrait as _, Order, Query};
use tidegate_database::Transaction;
use tidegate_types::{GrantId, WorkspaceSlug};

use super::{EndReason, Grant, GrantFilter, row};
use crate::change::{self, LoggedChange};
use crate::{ManagerError, UnixSecs};

/// How many grants are ended by one statement.
const BATCH: u64 = 500;
/// More ends than this at once are told to the nodes by workspace.
const MOST_TOLD: usize = 200;

/// Rows that count: neither ended nor expired.
pub(super) fn is_live(now: UnixSecs) -> Cond {
    Cond::all()
        .add(Expr::col(("grants", "ended_at")).is_null())
        .add(Expr::col(("grants", "expires_at")).gt(now))
}

/// Rows that the filter's members match; `with_ended` is the caller's business.
pub(super) fn matches(filter: &GrantFilter) -> Cond {
    Cond::all()
        .add_option(
            (filter.account.as_ref()).map(|id| Expr::col(("grants", "account")).eq(id.as_str())),
        )
        .add_option(
            (filter.client.as_ref()).map(|id| Expr::col(("grants", "client")).eq(id.as_str())),
        )
        .add_option(
            (filter.workspace.as_ref())
                .map(|slug| Expr::col(("grants", "workspace")).eq(slug.as_str())),
        )
}

/// Ends one that is live, and writes that to the change log. Returns it as it is now; `None`: no such grant.
pub(super) async fn end_one(
    transaction: &mut Transaction,
    id: &GrantId,
    reason: EndReason,
    now: UnixSecs,
) -> Result<Option<Grant>, ManagerError> {
    let Some(mut grant) = locked(transaction, id).await? else {
        return Ok(None);
    };
    if grant.ended.is_none() {
        grant.ended = Some((now, reason));
        let ended = std::slice::from_ref(&grant);
        end_rows(transaction, ended, reason, now).await?;
        tell(transaction, ended, now).await?;
    }
    Ok(Some(grant))
}

/// Ends all live grants that match, and writes that to the change log. Returns them as they are now.
pub(crate) async fn end_all(
    transaction: &mut Transaction,
    filter: &GrantFilter,
    reason: EndReason,
    now: UnixSecs,
) -> Result<Vec<Grant>, ManagerError> {
    end_where(transaction, matches(filter), reason, now).await
}

/// Likewise, of those that the condition is true of.
pub(crate) async fn end_where(
    transaction: &mut Transaction,
    condition: Cond,
    reason: EndReason,
    now: UnixSecs,
) -> Result<Vec<Grant>, ManagerError> {
    let mut ended = Vec::new();
    loop {
        // Locked in one order, so that two who end the same grants wait for each other and never both.
        let live = row::select()
            .cond_where(condition.clone())
            .cond_where(is_live(now))
            .order_by(("grants", "id"), Order::Asc)
            .limit(BATCH)
            .lock_exclusive()
            .to_owned();
        let mut batch: Vec<Grant> = transaction.read(&live).await?;
        if batch.is_empty() {
            break;
        }
        end_rows(transaction, &batch, reason, now).await?;
        for grant in &mut batch {
            grant.ended = Some((now, reason));
        }
        ended.append(&mut batch);
    }
    // Last, for whoever holds the change log must not wait for a grant that somebody holds who waits for the log.
    tell(transaction, &ended, now).await?;
    Ok(ended)
}

pub(super) fn session_of(grant: &Grant) -> LoggedChange {
    LoggedChange::Session {
        workspace: Some(grant.workspace.clone()),
        id: grant.id.clone(),
    }
}

/// Writes it to the change log: each, or, of many, their workspaces.
async fn tell(
    transaction: &mut Transaction,
    ended: &[Grant],
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let changes: Vec<_> = if ended.len() <= MOST_TOLD {
        ended.iter().map(session_of).collect()
    } else {
        let workspaces: BTreeSet<_> = ended.iter().map(|grant| &grant.workspace).collect();
        let all_of = |workspace: &WorkspaceSlug| LoggedChange::Workspace {
            workspace: workspace.clone(),
        };
        workspaces.into_iter().map(all_of).collect()
    };
    Ok(change::append(transaction, &changes, now).await?)
}

/// The grant, held against others until the transaction ends.
pub(super) async fn locked(
    transaction: &mut Transaction,
    id: &GrantId,
) -> Result<Option<Grant>, ManagerError> {
    let one = row::select()
        .and_where(Expr::col(("grants", "id")).eq(id.as_str()))
        .lock_exclusive()
        .to_owned();
    Ok(transaction.read_one(&one).await?)
}

async fn end_rows(
    transaction: &mut Transaction,
    grants: &[Grant],
    reason: EndReason,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let ids = || grants.iter().map(|grant| grant.id.as_str());
    let end = Query::update()
        .table("grants")
        .value("ended_at", now)
        .value("end_reason", reason.as_str())
        .and_where(Expr::col("id").is_in(ids()))
        .and_where(Expr::col("ended_at").is_null())
        .to_owned();
    transaction.execute(&end).await?;
    // Nobody gets a successor from an ended grant.
    let erase = Query::update()
        .table("refresh_tokens")
        .value("wrapped_successor", Option::<String>::None)
        .and_where(Expr::col("grant_id").is_in(ids()))
        .and_where(Expr::col("wrapped_successor").is_not_null())
        .to_owned();
    transaction.execute(&erase).await?;
    Ok(())
}
