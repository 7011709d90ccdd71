//! SQLite files, through rusqlite on blocking threads: as many at a time as the pool has connections.

mod authorizer;
mod engine;
mod manager;
mod mistake;
mod values;

pub(crate) use engine::SqliteEngine;
