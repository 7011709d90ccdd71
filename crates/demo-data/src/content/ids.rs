//! Ids of rows: 1, 2, 3 … in the order of the rows.

use super::super::cell::{Cell, Row};

/// The id of the row that is added to `rows` next.
pub(super) fn next(rows: &[Row]) -> i64 {
    i64::try_from(rows.len() + 1).expect("a few hundred rows")
}

/// Rows of a link table with columns `id` and two references.
pub(super) fn link(pairs: impl IntoIterator<Item = (i64, i64)>) -> Vec<Row> {
    (1..)
        .zip(pairs)
        .map(|(id, (from, to))| vec![Cell::Int(id), from.into(), to.into()])
        .collect()
}
