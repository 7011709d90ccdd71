//! Values that are stored as text and parsed as they are read.

use std::fmt::Display;
use std::str::FromStr;

use super::named::{Cell, CellKind, FromColumn, NamedRow, corrupt};
use crate::DatabaseError;

/// A column of text that holds a `T`, such as an identifier or the name of a variant. `Option<Parsed<T>>` where the
/// column may be null. Text that does not parse is `Corrupt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T>(pub T);

impl<T> Parsed<T> {
    /// What was parsed.
    pub fn into_inner(self) -> T {
        self.0
    }
}

fn read<T: FromStr<Err: Display>>(
    row: &dyn NamedRow,
    name: &str,
) -> Result<Option<Parsed<T>>, DatabaseError> {
    match row.cell(name, CellKind::Text)? {
        Cell::Text(text) => match text.parse() {
            Ok(value) => Ok(Some(Parsed(value))),
            Err(err) => Err(corrupt(format!("cannot be read: {err}"))),
        },
        _ => Ok(None),
    }
}

impl<T: FromStr<Err: Display>> FromColumn for Parsed<T> {
    fn from_column(row: &dyn NamedRow, name: &str) -> Result<Self, DatabaseError> {
        read(row, name)?.ok_or_else(|| corrupt("is null".to_owned()))
    }
}

impl<T: FromStr<Err: Display>> FromColumn for Option<Parsed<T>> {
    fn from_column(row: &dyn NamedRow, name: &str) -> Result<Self, DatabaseError> {
        read(row, name)
    }
}
