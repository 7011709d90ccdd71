//! Tools that run SQL.

mod answer;
mod connect_args;
mod execute_sql;
mod failure;
mod names;
mod nearest;
mod open;
mod rights;

use crate::CatalogueBuilder;

/// Adds them.
pub(crate) fn add(catalogue: CatalogueBuilder) -> CatalogueBuilder {
    catalogue.tool(execute_sql::ExecuteSql)
}
