//! Removes what is over for long. Each statement takes a bounded number of rows, and several nodes may tidy at once.

use sea_query::{Cond, Expr, ExprTrait as _, LockBehavior, LockType, Query, SelectStatement};

use super::calls;
use crate::{LocalManager, ManagerError, UnixSecs};

const DAY_SECS: i64 = 86_400;
/// How long grants and API tokens that are over stay listed.
const KEPT_GRANT_SECS: i64 = 365 * DAY_SECS;
/// How long a refresh token that is over is still known as a replay.
const KEPT_TOKEN_SECS: i64 = 30 * DAY_SECS;
const BATCH: u64 = 1_000;
/// Statements of one kind in one run; what is left waits for the next.
const MOST_BATCHES: usize = 100;

pub(super) async fn remove_old(manager: &LocalManager) -> Result<u64, ManagerError> {
    let now = manager.now();
    erase_wrapped(manager, now).await?;
    let over_since = |before: UnixSecs, ended: &'static str| {
        Cond::any()
            .add(Expr::col("expires_at").lt(before))
            .add(Expr::col(ended).lt(before))
    };
    let tokens = over_since(now - KEPT_TOKEN_SECS, "rotated_at");
    let mut removed = remove(manager, "refresh_tokens", "secret", &tokens).await?;
    let grants = over_since(now - KEPT_GRANT_SECS, "ended_at");
    removed += remove(manager, "grants", "id", &grants).await?;
    removed += remove(manager, "api_tokens", "id", &grants).await?;
    let past = Query::delete()
        .from_table("grant_calls")
        .and_where(Expr::col("day").lte(calls::day_of(now) - calls::DAYS))
        .to_owned();
    manager.pool.execute("remove old counts", &past).await?;
    Ok(removed)
}

async fn remove(
    manager: &LocalManager,
    table: &'static str,
    key: &'static str,
    condition: &Cond,
) -> Result<u64, ManagerError> {
    let mut removed = 0;
    for _ in 0..MOST_BATCHES {
        let delete = Query::delete()
            .from_table(table)
            .and_where(Expr::col(key).in_subquery(some(table, key, condition)))
            .to_owned();
        let count = manager.pool.execute("remove old rows", &delete).await?;
        removed += count;
        if count == 0 {
            break;
        }
    }
    Ok(removed)
}

/// Rows that nobody holds; held ones wait for the next run, so that tidying waits for nobody.
fn some(table: &'static str, key: &'static str, condition: &Cond) -> SelectStatement {
    Query::select()
        .column(key)
        .from(table)
        .cond_where(condition.clone())
        .limit(BATCH)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned()
}

/// Erases wrapped successors whose window is over. A rotation erases those before it; this takes those of clients
/// that never come again.
pub(super) async fn erase_wrapped(
    manager: &LocalManager,
    now: UnixSecs,
) -> Result<u64, ManagerError> {
    let over = Cond::all()
        .add(Expr::col("wrapped_successor").is_not_null())
        .add(Expr::col("repeat_until").lte(now));
    let mut erased = 0;
    for _ in 0..MOST_BATCHES {
        let erase = Query::update()
            .table("refresh_tokens")
            .value("wrapped_successor", Option::<String>::None)
            .and_where(Expr::col("secret").in_subquery(some("refresh_tokens", "secret", &over)))
            .to_owned();
        let count = manager
            .pool
            .execute("erase wrapped successors", &erase)
            .await?;
        erased += count;
        if count == 0 {
            break;
        }
    }
    Ok(erased)
}
