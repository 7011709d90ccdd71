//! Reading rows by the names of their columns.

use chrono::NaiveDateTime;
use sqlx::Row as _;
use uuid::Uuid;

use super::Row;
use super::nested::{self, FromNestedRow};
use crate::DatabaseError;

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// A whole number.
    Integer,
    /// Text, JSON and enums among it.
    Text,
    /// True or false.
    Flag,
    /// A time without zone, in UTC.
    Time,
    /// A UUID.
    Uuid,
    /// Bytes.
    Bytes,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Null.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A time without zone, in UTC.
    Time(NaiveDateTime),
    /// A UUID.
    Uuid(Uuid),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A Rust type that a cell can be read as.
pub trait FromCell: Sized {
    /// What to ask the database for.
    const KIND: CellKind;
    /// The value. `None` for null and for another kind.
    fn from_cell(cell: Cell) -> Option<Self>;
    /// The same, without taking it.
    fn of(cell: &Cell) -> Option<&Self>;
}

macro_rules! from_cell {
    ($($type:ty => $kind:ident),* $(,)?) => {$(
        impl FromCell for $type {
            const KIND: CellKind = CellKind::$kind;
            fn from_cell(cell: Cell) -> Option<Self> {
                match cell {
                    Cell::$kind(value) => Some(value),
                    _ => None,
                }
            }
            fn of(cell: &Cell) -> Option<&Self> {
                match cell {
                    Cell::$kind(value) => Some(value),
                    _ => None,
                }
            }
        }
    )*};
}
from_cell!(
    i64 => Integer,
    String => Text,
    bool => Flag,
    NaiveDateTime => Time,
    Uuid => Uuid,
    Vec<u8> => Bytes,
);

/// A type that a column is read as: one of [`FromCell`], which must not be null, or an `Option` of one.
pub trait FromColumn: Sized {
    /// Reads the column that the row calls `name`.
    ///
    /// # Errors
    /// `Corrupt`: no such column, another kind of value, or null where a value must be.
    fn from_column(row: &dyn NamedRow, name: &str) -> Result<Self, DatabaseError>;
}

impl<T: FromCell> FromColumn for Option<T> {
    fn from_column(row: &dyn NamedRow, name: &str) -> Result<Self, DatabaseError> {
        row.cell(name, T::KIND).map(T::from_cell)
    }
}

impl<T: FromCell> FromColumn for T {
    fn from_column(row: &dyn NamedRow, name: &str) -> Result<Self, DatabaseError> {
        let value = row.cell(name, T::KIND).map(T::from_cell)?;
        value.ok_or_else(|| corrupt("is null".to_owned()))
    }
}

/// A row whose values are read by the names of its columns.
pub trait NamedRow {
    /// The value of a column.
    ///
    /// # Errors
    /// `Corrupt`: no such column, or a value of another kind.
    fn cell(&self, name: &str, kind: CellKind) -> Result<Cell, DatabaseError>;
}

impl dyn NamedRow + '_ {
    /// Reads the column that the row calls `name`; `stored_as` is its table and column, for errors.
    ///
    /// # Errors
    /// `Corrupt`, with that name.
    pub fn get<T: FromColumn>(&self, name: &str, stored_as: &str) -> Result<T, DatabaseError> {
        T::from_column(self, name).map_err(|err| err.in_column(stored_as))
    }

    /// Reads the rows that [`rows_as_json`](crate::rows_as_json) put into the column `name`.
    ///
    /// # Errors
    /// `Corrupt`: it holds something else.
    pub fn rows<T: FromNestedRow>(&self, name: &str) -> Result<Vec<T>, DatabaseError> {
        match Option::<String>::from_column(self, name)? {
            Some(text) => nested::read(&text).map_err(|err| err.in_column(name)),
            None => Ok(Vec::new()),
        }
    }
}

/// A struct whose fields are read from a row by name; made by [`row!`](crate::row!).
pub trait FromRow: Sized {
    /// Reads the struct.
    ///
    /// # Errors
    /// `Corrupt`, with the table and the column.
    fn from_row(row: &dyn NamedRow) -> Result<Self, DatabaseError>;
}

/// Reads rows.
///
/// # Errors
/// `Corrupt`, with the table, the column and the row.
pub fn read_rows<T: FromRow>(
    operation: &'static str,
    rows: &[Row],
) -> Result<Vec<T>, DatabaseError> {
    let numbered = rows.iter().enumerate();
    numbered
        .map(|(index, row)| {
            T::from_row(row).map_err(|err| err.in_row(operation, row, index + 1, rows.len()))
        })
        .collect()
}

pub(super) fn corrupt(reason: String) -> DatabaseError {
    DatabaseError::Corrupt {
        operation: "read a row",
        reason,
    }
}

impl DatabaseError {
    /// The same with the column in front.
    pub fn in_column(self, stored_as: &str) -> Self {
        match self {
            Self::Corrupt { operation, reason } => Self::Corrupt {
                operation,
                reason: format!("{stored_as} {reason}"),
            },
            other => other,
        }
    }

    /// The same with what was tried, and which row it was: its id if it has one, and its number in the answer.
    pub fn in_row(
        self,
        operation: &'static str,
        row: &dyn NamedRow,
        number: usize,
        count: usize,
    ) -> Self {
        let Self::Corrupt { reason, .. } = self else {
            return self;
        };
        let id = match row.cell("id", CellKind::Integer) {
            Ok(Cell::Integer(id)) => format!(", with id {id}"),
            _ => String::new(),
        };
        Self::Corrupt {
            operation,
            reason: format!("{reason} in row {number} of {count}{id}"),
        }
    }
}

impl NamedRow for Row {
    fn cell(&self, name: &str, kind: CellKind) -> Result<Cell, DatabaseError> {
        let index = self
            .index_of(name)
            .ok_or_else(|| corrupt("was not asked for".to_owned()))?;
        Ok(match kind {
            CellKind::Integer => self.integer(index)?.map_or(Cell::Null, Cell::Integer),
            CellKind::Text => self.text(index)?.map_or(Cell::Null, Cell::Text),
            CellKind::Flag => self.flag(index)?.map_or(Cell::Null, Cell::Flag),
            CellKind::Time => self.time(index)?.map_or(Cell::Null, Cell::Time),
            CellKind::Uuid => self.uuid(index)?.map_or(Cell::Null, Cell::Uuid),
            CellKind::Bytes => self.bytes(index)?.map_or(Cell::Null, Cell::Bytes),
        })
    }
}

impl Row {
    fn index_of(&self, name: &str) -> Option<usize> {
        match self {
            Self::Sqlite(row) => row.try_column(name).ok().map(sqlx::Column::ordinal),
            Self::Postgres(row) => row
                .columns()
                .iter()
                .position(|column| column.name() == name),
        }
    }
}
