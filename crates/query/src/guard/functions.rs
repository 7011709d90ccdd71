//! Functions and system tables that a query may not use. Beside Superset's own lists
//! (`DISALLOWED_SQL_FUNCTIONS`, `DISALLOWED_SQL_TABLES`): everything of PostgreSQL 12 to 17 and
//! SQLite 3 that reads files, runs SQL that the guard has not seen, reaches other servers or other
//! sessions, holds locks, or waits.

use crate::Dialect;
use crate::name::TableName;

const POSTGRES_FUNCTIONS: &[&str] = &[
    "connectby",
    "copy_to",
    "crosstab",
    "crosstab2",
    "crosstab3",
    "crosstab4",
    "crosstabn",
    "current_catalog",
    "current_database",
    "current_role",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "database_to_xmlschema",
    "getdatabaseencoding",
    "getpgusername",
    "inet_client_addr",
    "inet_client_port",
    "inet_server_addr",
    "inet_server_port",
    "nextval",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "schema_to_xml",
    "schema_to_xml_and_xmlschema",
    "schema_to_xmlschema",
    "session_user",
    "set_config",
    "setval",
    "system_user",
    "table_to_xml",
    "table_to_xml_and_xmlschema",
    "table_to_xmlschema",
    "ts_rewrite",
    "ts_stat",
    "user",
    "version",
    "xpath_table",
];

const POSTGRES_PREFIXES: &[&str] = &[
    "binary_upgrade_",
    "dblink",
    "file_fdw_",
    "lo_",
    "loread",
    "lowrite",
    "pg_advisory_",
    "pg_backup_",
    "pg_cancel_backend",
    "pg_copy_",
    "pg_create_",
    "pg_current_logfile",
    "pg_drop_",
    "pg_export_snapshot",
    "pg_file_",
    "pg_get_shmem",
    "pg_hba_",
    "pg_ident_",
    "pg_import_",
    "pg_log_",
    "pg_logdir_",
    "pg_logical_",
    "pg_ls_",
    "pg_notify",
    "pg_promote",
    "pg_read_",
    "pg_reload_",
    "pg_replication_",
    "pg_rotate_",
    "pg_show_all_file_settings",
    "pg_show_all_settings",
    "pg_sleep",
    "pg_start_backup",
    "pg_stat_",
    "pg_stop_backup",
    "pg_switch_",
    "pg_sync_",
    "pg_terminate_backend",
    "pg_try_advisory_",
    "pg_wal_",
    "pgp_",
    "plpgsql_",
];

/// Views that show other sessions, secrets, or samples of rows that row level security hides.
const POSTGRES_TABLES: &[&str] = &[
    "pg_auth_members",
    "pg_authid",
    "pg_backend_memory_contexts",
    "pg_config",
    "pg_cursors",
    "pg_db_role_setting",
    "pg_file_settings",
    "pg_foreign_server",
    "pg_group",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_prepared_statements",
    "pg_prepared_xacts",
    "pg_roles",
    "pg_settings",
    "pg_shadow",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
    "pg_subscription",
    "pg_user",
    "pg_user_mapping",
    "pg_user_mappings",
    "user_mapping_options",
];

const SQLITE_FUNCTIONS: &[&str] = &[
    "edit",
    "fts3_tokenizer",
    "fts5",
    "load_extension",
    "randomblob",
    "readfile",
    "sqlite_log",
    "sqlite_offset",
    "sqlite_source_id",
    "sqlite_version",
    "writefile",
    "zeroblob",
];

const SQLITE_PREFIXES: &[&str] = &["pragma_", "sqlite_compileoption_"];

/// Virtual tables that show the file or the process rather than tables.
const SQLITE_TABLES: &[&str] = &[
    "dbstat",
    "sqlite_dbpage",
    "bytecode",
    "tables_used",
    "completion",
];

/// Whether the function, by its last name in lower case, may not be called.
pub(crate) fn is_denied_function(dialect: Dialect, name: &str) -> bool {
    let (names, prefixes) = match dialect {
        Dialect::PostgreSql => (POSTGRES_FUNCTIONS, POSTGRES_PREFIXES),
        Dialect::Sqlite => (SQLITE_FUNCTIONS, SQLITE_PREFIXES),
    };
    names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a table may not be read, whatever the rights.
pub(super) fn is_denied_table(dialect: Dialect, table: &TableName) -> bool {
    let name = table.table.as_str();
    match dialect {
        Dialect::PostgreSql => {
            let is_system = table.schema.as_deref().is_none_or(|schema| {
                matches!(schema, "pg_catalog" | "information_schema" | "pg_toast")
            });
            table.schema.as_deref() == Some("pg_toast")
                || is_system && (POSTGRES_TABLES.contains(&name) || name.starts_with("pg_stat_"))
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
