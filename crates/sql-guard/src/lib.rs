#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod bounds;
mod catalogue;
mod change;
mod classify;
mod definition;
mod dialect;
mod edits;
mod error;
mod explain;
mod expressions;
mod fence;
mod filter;
mod findings;
mod frame;
mod function_rows;
mod functions;
mod grammar;
mod lexer;
mod limit;
mod name;
mod place;
mod policy;
mod reserved;
mod rewrite;
mod scope;
mod script;
mod system_columns;
mod template;
mod text_search;
mod types;
mod visible;
mod walk;

pub use catalogue::{
    Catalogue, ColumnFacts, FunctionFacts, Leakproof, Named, NamesInUse, OperatorFacts,
    RelationKind, TableFacts, TypeFacts,
};
pub use classify::StatementKind;
pub use definition::{DefinitionKind, DefinitionKinds};
pub use dialect::Dialect;
pub use error::GuardError;
pub use filter::RowFilters;
pub use functions::{is_denied_function, is_denied_table};
pub use name::TableName;
pub use policy::Policy;
pub use script::{Script, SqlStatement, check_condition};
pub use template::{TemplateError, mentions_any, render};
