#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod breaker;
mod data_source;
mod error;
mod fair_semaphore;
mod fair_share;
mod mistake;
mod number;
mod pool;
mod postgres;
mod registry;
mod result;
mod row;
mod source;
mod sqlite;

pub use data_source::{ColumnInfo, DataSource, Mode, Query, TableInfo, TableKind};
pub use error::{ConnectFailure, QueryError};
pub use mistake::UnknownName;
pub use pool::PoolLimits;
pub use registry::{DatabaseConfig, Engines, EnginesBuilder, database_name};
pub use result::{Column, ResultSet, RowObjects, Truncation};
pub use source::{SourceFactories, SourceFactory};
