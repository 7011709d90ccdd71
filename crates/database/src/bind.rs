//! Turns sea-query's values into the drivers' arguments.
//!
//! Not by sea-query-sqlx: PostgreSQL is reached by tokio-postgres, which has to be told the types; and times go to SQLite as
//! Superset writes them there, which sqlx does not.

use sea_query::{ArrayType, Value, Values};
use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;
use tokio_postgres::types::{ToSql, Type};

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

/// Values with the types that PostgreSQL is told, so that nothing has to be asked before.
pub(crate) struct PostgresValues(Vec<(Box<dyn ToSql + Sync + Send>, Type)>);

impl PostgresValues {
    pub(crate) fn of(operation: &'static str, values: Values) -> Result<Self, DatabaseError> {
        let bound: Result<_, BoxDynError> = values.0.into_iter().map(postgres_value).collect();
        bound
            .map(Self)
            .map_err(|source| DatabaseError::Refused { operation, source })
    }

    /// As the driver takes them.
    pub(crate) fn bound(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.0
            .iter()
            .map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone()))
            .collect()
    }
}

fn postgres_value(value: Value) -> Result<(Box<dyn ToSql + Sync + Send>, Type), BoxDynError> {
    Ok(match value {
        Value::Bool(v) => (Box::new(v), Type::BOOL),
        Value::SmallInt(v) => (Box::new(v.map(i32::from)), Type::INT4),
        Value::Int(v) => (Box::new(v), Type::INT4),
        Value::Unsigned(v) => (Box::new(v.map(i64::from)), Type::INT8),
        Value::BigInt(v) => (Box::new(v), Type::INT8),
        Value::BigUnsigned(v) => (Box::new(v.map(i64::try_from).transpose()?), Type::INT8),
        Value::Double(v) => (Box::new(v), Type::FLOAT8),
        Value::String(v) => (Box::new(v), Type::TEXT),
        Value::Bytes(v) => (Box::new(v), Type::BYTEA),
        Value::Uuid(v) => (Box::new(v), Type::UUID),
        Value::ChronoDateTime(v) => (Box::new(v), Type::TIMESTAMP),
        Value::Array(kind, Some(values)) => postgres_array(&kind, *values)?,
        other => return Err(unsupported(&other)),
    })
}

/// The values of a column ([`BulkInsert`](crate::BulkInsert)), all of that kind.
fn postgres_array(
    kind: &ArrayType,
    values: Vec<Value>,
) -> Result<(Box<dyn ToSql + Sync + Send>, Type), BoxDynError> {
    macro_rules! array {
        ($variant:ident, $type:ident) => {{
            let values: Result<Vec<_>, BoxDynError> = values
                .into_iter()
                .map(|value| match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(unsupported(&other)),
                })
                .collect();
            (Box::new(values?), Type::$type)
        }};
    }
    Ok(match kind {
        ArrayType::Int => array!(Int, INT4_ARRAY),
        ArrayType::BigInt => array!(BigInt, INT8_ARRAY),
        ArrayType::String => array!(String, TEXT_ARRAY),
        ArrayType::ChronoDateTime => array!(ChronoDateTime, TIMESTAMP_ARRAY),
        other => return Err(format!("columns of {other:?} are never bound").into()),
    })
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
