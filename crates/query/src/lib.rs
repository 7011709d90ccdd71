#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod catalogue;
mod dialect;
mod engine;
mod error;
mod guard;
mod name;
mod pool;
mod postgres;
mod registry;
mod result;
mod sqlite;
mod template;
mod uri;

pub use catalogue::{
    Catalogue, ColumnFacts, FunctionFacts, Leakproof, NamesInUse, TableFacts, TypeFacts,
};
pub use dialect::Dialect;
pub use engine::{ColumnInfo, Engine, Mode, Query, TableInfo, TableKind};
pub use error::QueryError;
pub use guard::{
    DefinitionKind, DefinitionKinds, GuardError, Policy, RowFilters, Script, SqlStatement,
    StatementKind,
};
pub use name::TableName;
pub use pool::PoolLimits;
pub use registry::{DatabaseConfig, Engines, EnginesBuilder};
pub use result::{Column, ResultSet, RowObjects, Truncation};
pub use template::{TemplateError, mentions_any, render};
