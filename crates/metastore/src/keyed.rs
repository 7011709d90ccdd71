//! Rows that belong to other rows, of many of these at once.

use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, SelectStatement};
use tidegate_database::{FromRow, NamedRow, Pool};

use crate::MetastoreError;

/// What the owning row's id is called in the answer.
const KEY: &str = "belongs_to";

/// A row, and the id of the row that it belongs to.
struct Keyed<T> {
    key: i64,
    row: T,
}

impl<T: FromRow> FromRow for Keyed<T> {
    fn from_row(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(Self {
            key: row.get(KEY, KEY)?,
            row: T::from_row(row)?,
        })
    }
}

/// Limits a statement to the rows that belong to these.
pub(crate) fn keyed_by(
    mut statement: SelectStatement,
    column: (&'static str, &'static str),
    ids: &[i64],
) -> SelectStatement {
    statement
        .expr_as(Expr::col(column), KEY)
        .and_where(Expr::col(column).is_in(ids.iter().copied()));
    statement
}

/// Reads a statement of [`keyed_by`]: rows by the id of the row that they belong to. No ids, no statement.
pub(crate) async fn read_keyed<T: FromRow>(
    pool: &Pool,
    operation: &'static str,
    statement: SelectStatement,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<T>>, MetastoreError> {
    let mut of: BTreeMap<i64, Vec<T>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(of);
    }
    for Keyed { key, row } in pool.read(operation, &statement).await? {
        of.entry(key).or_default().push(row);
    }
    Ok(of)
}
