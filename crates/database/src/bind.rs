//! Turns sea-query's values into sqlx's arguments.

use sea_query::{Value, Values};
use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use crate::DatabaseError;

/// Superset's way to write a time in SQLite (SQLAlchemy's `DATETIME`); text order is time order.
const SQLITE_TIME: &str = "%Y-%m-%d %H:%M:%S%.6f";

fn unsupported(value: &Value) -> BoxDynError {
    format!("a value of this kind is never bound: {value:?}").into()
}

pub(crate) fn sqlite(
    operation: &'static str,
    values: Values,
) -> Result<SqliteArguments, DatabaseError> {
    sqlite_arguments(values)
        .map_err(|err| DatabaseError::from_sqlx(operation, sqlx::Error::Encode(err)))
}

pub(crate) fn postgres(
    operation: &'static str,
    values: Values,
) -> Result<PgArguments, DatabaseError> {
    postgres_arguments(values)
        .map_err(|err| DatabaseError::from_sqlx(operation, sqlx::Error::Encode(err)))
}

fn sqlite_arguments(values: Values) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for value in values.0 {
        let added = match value {
            Value::Bool(v) => arguments.add(v),
            Value::SmallInt(v) => arguments.add(v.map(i64::from)),
            Value::Int(v) => arguments.add(v.map(i64::from)),
            Value::Unsigned(v) => arguments.add(v.map(i64::from)),
            Value::BigInt(v) => arguments.add(v),
            Value::BigUnsigned(v) => arguments.add(v.map(i64::try_from).transpose()?),
            Value::Double(v) => arguments.add(v),
            Value::String(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
            // Bytes, as SQLAlchemy-Utils' binary `UUIDType` stores them.
            Value::Uuid(v) => arguments.add(v),
            Value::ChronoDateTime(v) => arguments.add(v.map(|v| v.format(SQLITE_TIME).to_string())),
            other => return Err(unsupported(&other)),
        };
        added?;
    }
    Ok(arguments)
}

fn postgres_arguments(values: Values) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for value in values.0 {
        let added = match value {
            Value::Bool(v) => arguments.add(v),
            Value::SmallInt(v) => arguments.add(v.map(i32::from)),
            Value::Int(v) => arguments.add(v),
            Value::Unsigned(v) => arguments.add(v.map(i64::from)),
            Value::BigInt(v) => arguments.add(v),
            Value::BigUnsigned(v) => arguments.add(v.map(i64::try_from).transpose()?),
            Value::Double(v) => arguments.add(v),
            Value::String(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
            Value::Uuid(v) => arguments.add(v),
            Value::ChronoDateTime(v) => arguments.add(v),
            other => return Err(unsupported(&other)),
        };
        added?;
    }
    Ok(arguments)
}
