//! How often grants and API tokens are used, a number a day. 31 rows each at the most.

use std::collections::BTreeMap;

use sea_query::{
    Expr, ExprTrait as _, Func, LockBehavior, LockType, OnConflict, Order, Query, SelectStatement,
};
use tidegate_types::GrantId;

use crate::{LocalManager, ManagerError, UnixSecs};

const DAY_SECS: i64 = 86_400;
/// What "calls in the last 30 days" counts: today and the 29 days before.
pub(super) const DAYS: i64 = 30;
const MOST_COUNTED: usize = 10_000;
/// Rows of one statement; SQLite takes 32,766 values.
const BATCH: usize = 500;
/// `last_used_at` is exact to this.
const NOTED_EVERY_SECS: i64 = 60;

pub(super) fn day_of(now: UnixSecs) -> i64 {
    now.div_euclid(DAY_SECS)
}

/// The sum of a grant's or API token's calls in the last 30 days.
pub(super) fn recent(id: Expr, now: UnixSecs) -> SelectStatement {
    // PostgreSQL sums bigints to a numeric.
    let sum = Expr::from(Func::coalesce([
        Expr::from(Func::sum(Expr::col(("grant_calls", "calls")))),
        Expr::val(0),
    ]))
    .cast_as("bigint");
    Query::select()
        .expr(sum)
        .from("grant_calls")
        .and_where(Expr::col(("grant_calls", "grant_id")).eq(id))
        .and_where(Expr::col(("grant_calls", "day")).gt(day_of(now) - DAYS))
        .to_owned()
}

/// Adds to the counters of today. What is counted for an id that nobody has goes with its day.
pub(super) async fn note(
    calls: Vec<(GrantId, u32)>,
    manager: &LocalManager,
) -> Result<(), ManagerError> {
    if calls.len() > MOST_COUNTED {
        return Err(ManagerError::Invalid(format!(
            "calls has {} entries: at most {MOST_COUNTED} are taken at once",
            calls.len()
        )));
    }
    let now = manager.now();
    // In the order of their ids, so that two nodes never wait for each other.
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (id, count) in calls {
        *sums.entry(id.into()).or_default() += i64::from(count);
    }
    sums.retain(|_, count| *count > 0);
    let sums: Vec<_> = sums.into_iter().collect();
    for some in sums.chunks(BATCH) {
        let mut transaction = manager.pool.begin("count calls").await?;
        let mut count = Query::insert()
            .into_table("grant_calls")
            .columns(["grant_id", "day", "calls"])
            .on_conflict(
                OnConflict::columns(["grant_id", "day"])
                    .value(
                        "calls",
                        Expr::col(("grant_calls", "calls")).add(Expr::col(("excluded", "calls"))),
                    )
                    .to_owned(),
            )
            .to_owned();
        for (id, calls) in some {
            count.values_panic([id.as_str().into(), day_of(now).into(), (*calls).into()]);
        }
        transaction.execute(&count).await?;
        transaction.commit().await?;
        note_last_use(some, manager, now).await?;
    }
    Ok(())
}

/// Grants that somebody else holds at the moment are noted the next time.
async fn note_last_use(
    used: &[(String, i64)],
    manager: &LocalManager,
    now: UnixSecs,
) -> Result<(), ManagerError> {
    let due = Query::select()
        .column("id")
        .from("grants")
        .and_where(Expr::col("id").is_in(used.iter().map(|(id, _)| id.as_str())))
        .and_where(
            Expr::col("last_used_at")
                .is_null()
                .or(Expr::col("last_used_at").lte(now - NOTED_EVERY_SECS)),
        )
        .order_by("id", Order::Asc)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let note = Query::update()
        .table("grants")
        .value("last_used_at", now)
        .and_where(Expr::col("id").in_subquery(due))
        .to_owned();
    manager.pool.execute("note grants' use", &note).await?;
    Ok(())
}
