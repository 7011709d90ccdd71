//! Superset 6.1's metadata schema, as facts: what its own migrations leave behind in each backend.

mod generation;

pub(crate) use generation::{Generation, OwnedBy};

/// The revision that Superset 6.1 writes to `alembic_version`.
pub const REVISION: &str = "4b2a8c9d3e1f";

/// All tables and indexes for SQLite, without the row of `alembic_version`.
pub const SQLITE_TABLES: &str = include_str!("sqlite.sql");

/// All types, tables, sequences and indexes for PostgreSQL, without the row of `alembic_version`. They land in the
/// first schema of the connection's `search_path`.
pub const POSTGRES_TABLES: &str = include_str!("postgres.sql");

/// What makes an empty SQLite file a metastore, in one transaction.
pub(crate) const SQLITE: &str = concat!(
    "BEGIN IMMEDIATE;\n",
    include_str!("sqlite.sql"),
    "\nINSERT INTO alembic_version VALUES ('4b2a8c9d3e1f');\nCOMMIT;"
);

/// What makes an empty PostgreSQL database a metastore, in one transaction.
pub(crate) const POSTGRES: &str = concat!(
    "BEGIN;\n",
    include_str!("postgres.sql"),
    "\nINSERT INTO alembic_version VALUES ('4b2a8c9d3e1f');\nCOMMIT;"
);
