//! How statements reach SQLite or PostgreSQL. sea-query builds them once for both, sqlx runs them.

mod bind;
mod pool;
mod row;

pub use pool::PoolSettings;
pub(crate) use pool::{Backend, Pool};
pub(crate) use row::Row;
