//! Functions and system tables that a query may not use. Beside Superset's own lists
//! (`DISALLOWED_SQL_FUNCTIONS`, `DISALLOWED_SQL_TABLES`): everything of a database that reads files, runs SQL that the
//! guard has not seen, reaches other servers or other sessions, holds locks, or waits. The lists stand with the dialects.

use crate::Dialect;
use crate::name::TableName;

/// What a function may be called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionClass {
    /// Computes, and tells nothing but what it is given.
    Known,
    /// Tells of tables that the caller may have no right to.
    Catalogue,
    /// Is never called.
    Denied,
    /// Not one of the server's own, as far as we know them.
    Other,
}

/// Whether the function, by its last name in lower case, may not be called by anybody.
pub fn is_denied_function(dialect: Dialect, name: &str) -> bool {
    dialect.rules().class_of(name) == FunctionClass::Denied
}

/// Whether a table may not be read, whatever the rights.
pub fn is_denied_table(dialect: Dialect, table: &TableName) -> bool {
    dialect.rules().is_denied_table(table)
}
