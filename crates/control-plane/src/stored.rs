//! Reads typed values from rows. What does not parse was not written by us: `Internal`.

use std::fmt::Display;
use std::str::FromStr;

use tidegate_database::{DatabaseError, Row};

/// The text at `index` as a `T`; there must be one.
pub(crate) fn parsed<T: FromStr<Err: Display>>(
    row: &Row,
    index: usize,
) -> Result<T, DatabaseError> {
    optional(row, index)?.ok_or_else(|| DatabaseError::Corrupt {
        operation: "read a row",
        reason: format!("column {index} is null"),
    })
}

/// The text at `index` as a `T`, where there is one.
pub(crate) fn optional<T: FromStr<Err: Display>>(
    row: &Row,
    index: usize,
) -> Result<Option<T>, DatabaseError> {
    let parse = |text: String| {
        text.parse().map_err(|err| DatabaseError::Corrupt {
            operation: "read a row",
            reason: format!("column {index}: {err}"),
        })
    };
    row.text(index)?.map(parse).transpose()
}

/// A boolean that is never null.
pub(crate) fn flag(row: &Row, index: usize) -> Result<bool, DatabaseError> {
    row.flag(index)?.ok_or_else(|| DatabaseError::Corrupt {
        operation: "read a row",
        reason: format!("column {index} is null"),
    })
}
