//! Tools that run SQL.

mod answer;
mod execute_sql;
mod failure;
mod open;
mod rights;

pub(crate) use execute_sql::ExecuteSql;
