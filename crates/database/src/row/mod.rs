mod named;
mod nested;
mod parsed;
mod row_macro;

use chrono::NaiveDateTime;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, ValueRef};
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

use crate::DatabaseError;

pub use named::{Cell, CellKind, FromCell, FromColumn, FromRow, NamedRow, read_rows};
pub use nested::{FromNestedRow, rows_as_json};
pub use parsed::Parsed;

/// A row of either backend, read by name ([`FromRow`], [`NamedRow`]).
pub enum Row {
    /// From a file.
    Sqlite(SqliteRow),
    /// From a server.
    Postgres(tokio_postgres::Row),
}

/// Whatever PostgreSQL sends as text: its kinds of text, JSON, enums.
struct AnyText(String);

impl<'a> FromSql<'a> for AnyText {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn corrupt(index: usize, err: &dyn std::error::Error) -> DatabaseError {
    DatabaseError::Corrupt {
        operation: "read a row",
        reason: format!("column {index}: {err}"),
    }
}

fn of_sqlite<T>(index: usize, value: Result<T, sqlx::Error>) -> Result<T, DatabaseError> {
    value.map_err(|err| corrupt(index, &err))
}

fn of_postgres<T>(
    index: usize,
    value: Result<T, tokio_postgres::Error>,
) -> Result<T, DatabaseError> {
    value.map_err(|err| corrupt(index, &err))
}

/// SQLite is typed by value, and what other programs wrote may differ from the declared type, so its
/// values are read as what they are and converted; PostgreSQL's are checked.
/// By position, where [`NamedRow`] found the column.
impl Row {
    fn integer(&self, index: usize) -> Result<Option<i64>, DatabaseError> {
        match self {
            Self::Sqlite(row) => of_sqlite(index, row.try_get_unchecked(index)),
            Self::Postgres(row) => {
                let kind = row.columns().get(index).map(tokio_postgres::Column::type_);
                let number = match kind {
                    Some(&Type::INT4) => row
                        .try_get::<_, Option<i32>>(index)
                        .map(|v| v.map(i64::from)),
                    Some(&Type::INT2) => row
                        .try_get::<_, Option<i16>>(index)
                        .map(|v| v.map(i64::from)),
                    _ => row.try_get(index),
                };
                of_postgres(index, number)
            }
        }
    }

    fn text(&self, index: usize) -> Result<Option<String>, DatabaseError> {
        match self {
            Self::Sqlite(row) => of_sqlite(index, row.try_get_unchecked(index)),
            Self::Postgres(row) => {
                let text = row.try_get::<_, Option<AnyText>>(index);
                of_postgres(index, text.map(|text| text.map(|AnyText(text)| text)))
            }
        }
    }

    fn flag(&self, index: usize) -> Result<Option<bool>, DatabaseError> {
        match self {
            Self::Sqlite(row) => of_sqlite(index, row.try_get_unchecked(index)),
            Self::Postgres(row) => of_postgres(index, row.try_get(index)),
        }
    }

    fn time(&self, index: usize) -> Result<Option<NaiveDateTime>, DatabaseError> {
        match self {
            Self::Sqlite(row) => of_sqlite(index, row.try_get_unchecked(index)),
            Self::Postgres(row) => of_postgres(index, row.try_get(index)),
        }
    }

    fn uuid(&self, index: usize) -> Result<Option<Uuid>, DatabaseError> {
        match self {
            Self::Sqlite(row) => of_sqlite(index, row.try_get_unchecked(index)),
            Self::Postgres(row) => of_postgres(index, row.try_get(index)),
        }
    }

    fn bytes(&self, index: usize) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self {
            Self::Sqlite(row) => {
                let is_null = row.try_get_raw(index).map(|value| value.is_null());
                let bytes = match is_null {
                    Ok(true) => Ok(None),
                    Ok(false) => row.try_get_unchecked(index).map(Some),
                    Err(err) => Err(err),
                };
                of_sqlite(index, bytes)
            }
            Self::Postgres(row) => of_postgres(index, row.try_get(index)),
        }
    }
}
