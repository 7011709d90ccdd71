//! Tools about databases.

mod get_database_info;
mod list_databases;
mod listed;

use crate::CatalogueBuilder;

/// Adds them.
pub(crate) fn add(catalogue: CatalogueBuilder) -> CatalogueBuilder {
    catalogue
        .tool(get_database_info::GetDatabaseInfo)
        .tool(list_databases::ListDatabases)
}
