#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod bind;
mod error;
mod pool;
mod row;

pub use error::DatabaseError;
pub use pool::{Backend, Pool, PoolSettings, Statement, Step};
pub use row::Row;
