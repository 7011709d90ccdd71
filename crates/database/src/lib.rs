#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod bind;
mod error;
mod pool;
mod postgres;
mod row;
mod sqlite;
mod transaction;

pub use error::DatabaseError;
pub use pool::{Backend, Pool, PoolSettings, Statement, Step};
pub use row::Row;
pub use transaction::Transaction;
