//! PostgreSQL through tokio-postgres.
//!
//! Statements are prepared, which gives the types and proves that there is one of them, and then run by
//! the simple protocol, whose rows are text: so a value of any type at all, an extension's included,
//! arrives as PostgreSQL itself writes it.

mod array;
mod catalogue;
mod engine;
mod manager;
mod mistake;
mod values;
mod wire;
mod write;
mod zone;

pub(crate) use engine::PostgresEngine;
