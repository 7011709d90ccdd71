#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod breaker;
mod catalogue;
mod dialect;
mod engine;
mod error;
mod fair_semaphore;
mod fair_share;
mod guard;
mod mistake;
mod name;
mod number;
mod pool;
mod postgres;
mod registry;
mod result;
mod row;
mod sqlite;
mod template;

pub use catalogue::{
    Catalogue, ColumnFacts, FunctionFacts, Leakproof, Named, NamesInUse, OperatorFacts,
    RelationKind, TableFacts, TypeFacts,
};
pub use dialect::Dialect;
pub use engine::{ColumnInfo, Engine, Mode, Query, TableInfo, TableKind};
pub use error::{ConnectFailure, QueryError};
pub use guard::{
    DefinitionKind, DefinitionKinds, GuardError, Policy, RowFilters, Script, SqlStatement,
    StatementKind, check_condition,
};
pub use mistake::UnknownName;
pub use name::TableName;
pub use pool::PoolLimits;
pub use registry::{DatabaseConfig, Engines, EnginesBuilder, database_name};
pub use result::{Column, ResultSet, RowObjects, Truncation};
pub use template::{TemplateError, mentions_any, render};
