use chrono::NaiveDateTime;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Row as _, TypeInfo, ValueRef};
use uuid::Uuid;

use crate::MetastoreError;

/// A row of either backend, read by position. Superset's nullable columns make nearly every value optional.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

fn corrupt(index: usize, err: &sqlx::Error) -> MetastoreError {
    MetastoreError::Corrupt {
        operation: "read a row",
        reason: format!("column {index}: {err}"),
    }
}

/// SQLite is typed by value, and what other programs wrote may differ from the declared type, so its
/// values are read as what they are and converted; PostgreSQL's are checked.
impl Row {
    pub(crate) fn integer(&self, index: usize) -> Result<Option<i64>, MetastoreError> {
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
    pub(crate) fn id(&self, index: usize) -> Result<i64, MetastoreError> {
        self.integer(index)?.ok_or_else(|| MetastoreError::Corrupt {
            operation: "read a row",
            reason: format!("column {index} is null"),
        })
    }

    pub(crate) fn text(&self, index: usize) -> Result<Option<String>, MetastoreError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get_unchecked(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    /// Text, empty where it is null.
    pub(crate) fn text_or_empty(&self, index: usize) -> Result<String, MetastoreError> {
        Ok(self.text(index)?.unwrap_or_default())
    }

    pub(crate) fn flag(&self, index: usize) -> Result<Option<bool>, MetastoreError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    pub(crate) fn time(&self, index: usize) -> Result<Option<NaiveDateTime>, MetastoreError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    pub(crate) fn uuid(&self, index: usize) -> Result<Option<Uuid>, MetastoreError> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(|err| corrupt(index, &err))
    }

    pub(crate) fn bytes(&self, index: usize) -> Result<Option<Vec<u8>>, MetastoreError> {
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
