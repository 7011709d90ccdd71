#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod bind;
mod bulk_insert;
mod error;
mod pool;
mod postgres;
mod row;
mod sqlite;
mod transaction;

pub use bulk_insert::BulkInsert;
pub use error::DatabaseError;
pub use pool::{Backend, Pool, PoolSettings, Statement, Step};
pub use row::{
    Cell, CellKind, FromCell, FromColumn, FromNestedRow, FromRow, NamedRow, Parsed, Row, read_rows,
    rows_as_json,
};
pub use transaction::Transaction;

// What `row!` expands to names it.
#[doc(hidden)]
pub use sea_query;
