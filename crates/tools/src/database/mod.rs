//! Tools about databases.

mod get_database_info;
mod list_databases;
mod listed;

pub(crate) use get_database_info::GetDatabaseInfo;
pub(crate) use list_databases::ListDatabases;
