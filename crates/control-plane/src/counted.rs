//! Counts rows.

use sea_query::{Expr, Func, IntoColumnRef, Query, SelectStatement};
use tidegate_database::{DatabaseError, FromRow, NamedRow, Pool, Transaction};

/// What a counting statement calls its number.
const COUNT: &str = "count";

/// The number in a row of a statement of [`count_of`].
pub(crate) struct Counted(pub(crate) u64);

impl FromRow for Counted {
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError> {
        let count: i64 = row.get(COUNT, COUNT)?;
        Ok(Self(u64::try_from(count).unwrap_or(0)))
    }
}

/// A statement that counts the rows where the column is not null.
pub(crate) fn count_of(column: impl IntoColumnRef) -> SelectStatement {
    Query::select()
        .expr_as(Func::count(Expr::col(column)), COUNT)
        .to_owned()
}

/// What a statement of [`count_of`] gives.
pub(crate) async fn count(
    pool: &Pool,
    operation: &'static str,
    statement: &SelectStatement,
) -> Result<u64, DatabaseError> {
    let counted = pool.read_one(operation, statement).await?;
    Ok(counted.map_or(0, |Counted(count)| count))
}

/// Likewise in a transaction.
pub(crate) async fn count_in(
    transaction: &mut Transaction,
    statement: &SelectStatement,
) -> Result<u64, DatabaseError> {
    let counted = transaction.read_one(statement).await?;
    Ok(counted.map_or(0, |Counted(count)| count))
}
