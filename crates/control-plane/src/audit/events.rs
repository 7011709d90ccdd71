//! Keeps and removes records.

use sea_query::{Expr, ExprTrait as _, InsertStatement, Order, Query};
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

use super::AuditEvent;
use crate::{LocalManager, ManagerError, UnixSecs, input};

const MAX_AT_ONCE: usize = 1_000;
const MAX_CODE_CHARS: usize = 100;
const MAX_ADDRESS_CHARS: usize = 64;
const MAX_DETAIL_CHARS: usize = 2_000;
/// Rows that one statement removes, so that no other writer waits long.
const BATCH: u64 = 5_000;

/// The statement that keeps the events; it may be part of a transaction. What is too long is cut: a record of
/// something is better than none.
pub(crate) fn insert<'a>(events: impl IntoIterator<Item = &'a AuditEvent>) -> InsertStatement {
    let mut insert = Query::insert()
        .into_table("audit_events")
        .columns([
            "happened_at",
            "action",
            "account",
            "client",
            "workspace",
            "address",
            "outcome",
            "detail",
        ])
        .to_owned();
    for event in events {
        insert.values_panic([
            event.at.into(),
            event.action.as_str().into(),
            event.account.as_ref().map(AccountId::as_str).into(),
            event.client.as_ref().map(ClientId::as_str).into(),
            event.workspace.as_ref().map(WorkspaceSlug::as_str).into(),
            (event.address.as_deref())
                .map(|text| cut(text, MAX_ADDRESS_CHARS))
                .into(),
            event.outcome.as_str().into(),
            (event.detail.as_deref())
                .map(|text| cut(text, MAX_DETAIL_CHARS))
                .into(),
        ]);
    }
    insert
}

/// PostgreSQL takes no NUL in a text.
fn cut(text: &str, max: usize) -> String {
    text.chars()
        .filter(|char| *char != '\0')
        .take(max)
        .collect()
}

pub(super) fn check_code(field: &str, text: &str) -> Result<(), ManagerError> {
    let is_code = (1..=MAX_CODE_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_code {
        Ok(())
    } else {
        Err(input::invalid(
            field,
            text,
            "use a stable code: 1 to 100 of a-z, A-Z, 0-9, ., _ and -",
        ))
    }
}

pub(super) async fn record(
    manager: &LocalManager,
    events: &[AuditEvent],
) -> Result<(), ManagerError> {
    if events.len() > MAX_AT_ONCE {
        return Err(ManagerError::Invalid(format!(
            "events has {} records: send up to {MAX_AT_ONCE} at once",
            events.len()
        )));
    }
    for event in events {
        check_code("action", &event.action)?;
        check_code("outcome", &event.outcome)?;
    }
    if !events.is_empty() {
        manager
            .pool
            .execute("keep records", &insert(events))
            .await?;
    }
    Ok(())
}

pub(super) async fn remove_old(
    manager: &LocalManager,
    before: UnixSecs,
) -> Result<u64, ManagerError> {
    let mut removed = 0;
    loop {
        let oldest = Query::select()
            .column("id")
            .from("audit_events")
            .and_where(Expr::col("happened_at").lt(before))
            .order_by("happened_at", Order::Asc)
            .limit(BATCH)
            .to_owned();
        let delete = Query::delete()
            .from_table("audit_events")
            .and_where(Expr::col("id").in_subquery(oldest))
            .to_owned();
        let count = manager.pool.execute("remove old records", &delete).await?;
        removed += count;
        if count < BATCH {
            return Ok(removed);
        }
    }
}
