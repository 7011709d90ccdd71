//! Tools that run SQL.

mod answer;
mod connect_args;
mod execute_sql;
mod failure;
mod names;
mod nearest;
mod open;
mod rights;

pub(crate) use execute_sql::ExecuteSql;
