//! Superset 6.1's metadata schema, as facts: what its own migrations leave behind in each backend.

/// The revision that Superset 6.1 writes to `alembic_version`.
pub(crate) const REVISION: &str = "4b2a8c9d3e1f";

/// All tables and indexes for an empty SQLite file.
pub(crate) const SQLITE: &str = concat!(
    "BEGIN IMMEDIATE;\n",
    include_str!("sqlite.sql"),
    "\nINSERT INTO alembic_version VALUES ('4b2a8c9d3e1f');\nCOMMIT;"
);

/// All types, tables, sequences and indexes for an empty PostgreSQL database; they land in the first
/// schema of the connection's `search_path`.
pub(crate) const POSTGRES: &str = concat!(
    "BEGIN;\n",
    include_str!("postgres.sql"),
    "\nINSERT INTO alembic_version VALUES ('4b2a8c9d3e1f');\nCOMMIT;"
);
