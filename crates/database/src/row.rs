use chrono::NaiveDateTime;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Row as _, TypeInfo, ValueRef};
use uuid::Uuid;

use crate::DatabaseError;

/// A row of either backend, read by position. Superset's nullable columns make nearly every value optional.
pub enum Row {
    /// From a file.
    Sqlite(SqliteRow),
    /// From a server.
    Postgres(PgRow),
}

fn corrupt(index: usize, err: &sqlx::Error) -> DatabaseError {
    DatabaseError::Corrupt {
        operation: "read a row",
        reason: format!("column {index}: {err}"),
    }
}

/// SQLite is typed by value, and what other programs wrote may differ from the declared type, so its
/// values are read as what they are and converted; PostgreSQL's are checked.
impl Row {
    /// A whole number.
    pub fn integer(&self, index: usize) -> Result<Option<i64>, DatabaseError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => match row.column(index).type_info().name() {
                "INT4" => row
                    .try_get::<Option<i32>, _>(index)
                    .map(|v| v.map(i64::from)),
                "INT2" => row
                    .try_get::<Option<i16>, _>(index)
                    .map(|v| v.map(i64::from)),
                _ => row.try_get(index),
            },
        }
        .map_err(|err| corrupt(index, &err))
    }

    /// An integer that the schema or the query says is never null.
    pub fn id(&self, index: usize) -> Result<i64, DatabaseError> {
        self.integer(index)?.ok_or_else(|| DatabaseError::Corrupt {
            operation: "read a row",
            reason: format!("column {index} is null"),
        })
    }

    /// Text.
    pub fn text(&self, index: usize) -> Result<Option<String>, DatabaseError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get_unchecked(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    /// Text, empty where it is null.
    pub fn text_or_empty(&self, index: usize) -> Result<String, DatabaseError> {
        Ok(self.text(index)?.unwrap_or_default())
    }

    /// A boolean.
    pub fn flag(&self, index: usize) -> Result<Option<bool>, DatabaseError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    /// A time without zone, in UTC.
    pub fn time(&self, index: usize) -> Result<Option<NaiveDateTime>, DatabaseError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    /// A UUID.
    pub fn uuid(&self, index: usize) -> Result<Option<Uuid>, DatabaseError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    /// Bytes.
    pub fn bytes(&self, index: usize) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self {
            Self::Sqlite(row) => {
                let is_null = row.try_get_raw(index).map(|value| value.is_null());
                match is_null {
                    Ok(true) => Ok(None),
                    Ok(false) => row.try_get_unchecked(index).map(Some),
                    Err(err) => Err(err),
                }
            }
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }
}
