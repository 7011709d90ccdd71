//! Functions and system tables that a query may not use. Beside Superset's own lists
//! (`DISALLOWED_SQL_FUNCTIONS`, `DISALLOWED_SQL_TABLES`): everything of PostgreSQL and SQLite that reads
//! files, runs SQL that the guard has not seen, reaches other servers or other sessions, holds locks, or
//! waits.

mod postgres;

use super::types;
use crate::Dialect;
use crate::name::TableName;

/// What a function may be called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FunctionClass {
    /// Computes, and tells nothing but what it is given.
    Known,
    /// Tells of tables that the caller may have no right to.
    Catalogue,
    /// Is never called.
    Denied,
    /// Not one of the server's own, as far as we know them.
    Other,
}

const SQLITE_FUNCTIONS: &[&str] = &[
    "edit",
    "fts3_tokenizer",
    "fts5",
    "load_extension",
    "randomblob",
    "readfile",
    "rtreecheck",
    "sqlite_log",
    "sqlite_offset",
    "sqlite_source_id",
    "sqlite_version",
    "writefile",
    "zeroblob",
];

const SQLITE_PREFIXES: &[&str] = &["pragma_", "sqlite_compileoption_"];

/// Virtual tables that show the file or the process rather than tables.
const SQLITE_TABLES: &[&str] = &["dbstat", "sqlite_dbpage", "bytecode", "tables_used"];

/// What counts the rows that others made: `ANALYZE` leaves samples of them.
const SQLITE_STATISTICS_TABLES: &[&str] = &["sqlite_sequence"];
const SQLITE_STATISTICS_PREFIX: &str = "sqlite_stat";

/// Views of PostgreSQL's own extensions that show the statements of others or the pages that they read, in whatever
/// schema they were made.
const POSTGRES_EXTENSION_PREFIXES: &[&str] = &[
    "pg_buffercache",
    "pg_stat_kcache",
    "pg_stat_monitor",
    "pg_stat_statements",
    "pg_wait_sampling",
];
/// The server's own views of what goes on. In other schemas people have tables with such names.
const POSTGRES_STATISTICS_PREFIX: &str = "pg_stat";

/// Functions of SQLite that stand for a table. Any virtual table can be called like one, and is read by it.
const SQLITE_ROWS: &[&str] = &["json_each", "json_tree", "jsonb_each", "jsonb_tree"];

/// The class of a function, by its last name in lower case.
pub(super) fn class_of(dialect: Dialect, name: &str) -> FunctionClass {
    match dialect {
        Dialect::Sqlite if is_denied_function(dialect, name) => FunctionClass::Denied,
        // The library that we bring has no others.
        Dialect::Sqlite => FunctionClass::Known,
        Dialect::PostgreSql => of_postgres(name),
    }
}

fn of_postgres(name: &str) -> FunctionClass {
    let has = |list: &[&str]| list.binary_search(&name).is_ok();
    let is_denied = has(postgres::DENIED)
        || postgres::DENIED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        // `regclassin`, `regtypesend` and their like: a cast by another name.
        || ["in", "out", "recv", "send"].iter().any(|end| {
            name.strip_suffix(end).is_some_and(types::is_catalogue_name)
        });
    if is_denied {
        FunctionClass::Denied
    } else if has(postgres::KNOWN) {
        FunctionClass::Known
    } else if has(postgres::CATALOGUE)
        || name.starts_with("to_reg")
        || name.starts_with("has_") && name.ends_with("_privilege")
        || name.starts_with("pg_") && name.ends_with("_is_visible")
        || types::is_catalogue_name(name)
    {
        FunctionClass::Catalogue
    } else if name.starts_with("pg_") {
        // PostgreSQL's own word for what reaches the server, of which each version brings more.
        FunctionClass::Denied
    } else {
        FunctionClass::Other
    }
}

/// Whether every PostgreSQL has an operator of this name.
pub(super) fn is_known_operator(name: &str) -> bool {
    postgres::OPERATORS.binary_search(&name).is_ok()
}

/// Words that stand for a function without parentheses and quotes.
pub(super) fn is_niladic(dialect: Dialect, word: &str) -> bool {
    dialect == Dialect::PostgreSql
        && matches!(
            word,
            "current_catalog"
                | "current_role"
                | "current_schema"
                | "current_user"
                | "session_user"
                | "system_user"
                | "user"
        )
}

/// Whether the function, by its last name in lower case, may not be called by anybody.
pub fn is_denied_function(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::PostgreSql => of_postgres(name) == FunctionClass::Denied,
        Dialect::Sqlite => {
            SQLITE_FUNCTIONS.contains(&name)
                || SQLITE_PREFIXES
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        }
    }
}

/// Whether a table may not be read, whatever the rights.
pub fn is_denied_table(dialect: Dialect, table: &TableName) -> bool {
    let name = table.table.as_str();
    match dialect {
        Dialect::PostgreSql => {
            let schema = table.schema.as_deref();
            let is_system =
                schema.is_none_or(|schema| matches!(schema, "pg_catalog" | "information_schema"));
            schema.is_some_and(|schema| schema.starts_with("pg_toast"))
                || is_system
                    && (name.starts_with(POSTGRES_STATISTICS_PREFIX)
                        || postgres::DENIED_TABLES.binary_search(&name).is_ok())
                || POSTGRES_EXTENSION_PREFIXES
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        }
        // A table-valued function may be named like a table, without parentheses.
        Dialect::Sqlite => {
            SQLITE_TABLES.contains(&name)
                || SQLITE_PREFIXES
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        }
    }
}

/// Whether a call in the place of a table may be one of a table.
pub(super) fn may_call_table(dialect: Dialect, name: &str) -> bool {
    dialect == Dialect::Sqlite && !SQLITE_ROWS.contains(&name)
}

/// Whether the function, by its last name in lower case, tells of rows that a rule hides.
pub(super) fn tells_of_hidden_rows(dialect: Dialect, name: &str) -> bool {
    dialect == Dialect::PostgreSql && postgres::STATISTICS.binary_search(&name).is_ok()
}

/// Whether the table tells of rows that a rule hides.
pub(super) fn is_statistics_table(dialect: Dialect, table: &TableName) -> bool {
    let name = table.table.as_str();
    match dialect {
        Dialect::PostgreSql => {
            let schema = table.schema.as_deref();
            schema.is_none_or(|schema| schema == "pg_catalog")
                && postgres::STATISTICS_TABLES.binary_search(&name).is_ok()
        }
        Dialect::Sqlite => {
            SQLITE_STATISTICS_TABLES.contains(&name) || name.starts_with(SQLITE_STATISTICS_PREFIX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_keep_to_themselves() {
        for list in [
            postgres::KNOWN,
            postgres::DENIED,
            postgres::CATALOGUE,
            postgres::DENIED_TABLES,
            postgres::STATISTICS,
            postgres::STATISTICS_TABLES,
            postgres::OPERATORS,
        ] {
            assert!(list.is_sorted_by(|one, next| one < next), "{list:?}");
        }
        for name in postgres::KNOWN {
            assert_eq!(FunctionClass::Known, of_postgres(name), "{name}");
        }
        for name in postgres::CATALOGUE {
            assert_eq!(FunctionClass::Catalogue, of_postgres(name), "{name}");
        }
    }
}
