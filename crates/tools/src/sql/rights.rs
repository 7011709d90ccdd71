//! Which tables a script may touch, and which of their rows.

use std::collections::BTreeSet;

use tidegate_metastore::DatasetOfTable;
use tidegate_query::{Dialect, Policy, RowFilters, Script, TableName};

use super::open::OpenDatabase;
use crate::listing::metastore_failure;
use crate::{CallContext, ToolFailure};

/// What the caller may do in the database, as far as it does not depend on tables.
pub(super) fn policy(context: &CallContext, database: &OpenDatabase) -> Policy {
    let has_rule = context
        .access
        .limited_tables()
        .iter()
        .any(|of| of.database_id == database.connection.id);
    Policy {
        allow_dml: database.connection.allow_dml,
        definitions: context.workspace.sql_limits.definitions,
        sees_all_tables: database.is_wholly_open,
        sees_all_rows: !has_rule,
    }
}

/// Refuses tables that are not open to the caller, by Superset's rules: the whole database, the schema, or
/// a dataset on the table must be. At most one SQL statement, none where the whole database is open.
pub(super) async fn check_tables(
    context: &CallContext,
    database: &OpenDatabase,
    script: &Script,
    schema: &str,
) -> Result<(), ToolFailure> {
    if database.is_wholly_open {
        return Ok(());
    }
    let dialect = database.engine.dialect();
    let (id, name) = (database.connection.id, &database.connection.database_name);
    let access = &context.access;
    let closed: Vec<&TableName> = script
        .tables()
        .into_iter()
        .filter(|table| {
            let schema = table.schema.as_deref().unwrap_or(schema);
            let catalog = table.catalog.as_deref();
            !access.can_access_schema(id, name, catalog, Some(schema))
        })
        .collect();
    let names: BTreeSet<&str> = closed.iter().map(|table| table.table.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let datasets = context.workspace.metastore.datasets();
    let datasets = datasets
        .of_tables(access, id, &names)
        .await
        .map_err(metastore_failure)?;
    let closed: Vec<String> = closed
        .into_iter()
        .filter(|table| {
            let is_open = |dataset: &DatasetOfTable| {
                // The name of a virtual dataset is no table's.
                dataset.is_open
                    && dataset.sql.is_none()
                    && is_same(
                        dialect,
                        table,
                        schema,
                        dataset.schema.as_deref(),
                        &dataset.table_name,
                    )
            };
            !datasets.iter().any(is_open)
        })
        .map(ToString::to_string)
        .collect();
    if closed.is_empty() {
        return Ok(());
    }
    // The same words whether the table exists or not.
    Err(ToolFailure::Forbidden(format!(
        "access denied: you need access to the following tables: {}; list_datasets shows what you may query",
        closed.join(", ")
    )))
}

/// The conditions that hold for the caller on the script's tables (Superset's `RLS_IN_SQLLAB`).
pub(super) fn row_filters(
    context: &CallContext,
    database: &OpenDatabase,
    script: &Script,
    schema: &str,
) -> RowFilters {
    let dialect = database.engine.dialect();
    let mut filters = RowFilters::new();
    let limited: Vec<_> = context
        .access
        .limited_tables()
        .iter()
        .filter(|of| of.database_id == database.connection.id)
        .collect();
    if limited.is_empty() {
        return filters;
    }
    for table in script.tables() {
        for of in &limited {
            if is_same(dialect, table, schema, of.schema.as_deref(), &of.table_name) {
                filters.add(table.clone(), &of.rules.to_sql());
            }
        }
    }
    filters
}

/// Whether a table of a statement, whose unqualified names mean `schema`, is the table of a dataset. A
/// dataset without a schema lies in the database's default one.
fn is_same(
    dialect: Dialect,
    table: &TableName,
    schema: &str,
    dataset_schema: Option<&str>,
    dataset_table: &str,
) -> bool {
    let dataset_schema = dataset_schema
        .filter(|name| !name.is_empty())
        .unwrap_or(dialect.default_schema());
    let dataset = TableName::stored(dialect, Some(dataset_schema), dataset_table);
    let table = table.or_schema(dialect, schema);
    table.schema == dataset.schema && table.table == dataset.table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_table(dialect: Dialect, sql: &str) -> TableName {
        let script = Script::parse(dialect, sql).unwrap();
        script.tables().into_iter().next().unwrap().clone()
    }

    #[test]
    fn a_table_is_a_dataset_by_schema_and_name_as_the_database_compares_them() {
        use Dialect::{PostgreSql, Sqlite};
        for (dialect, sql, schema, dataset_schema, dataset, expected) in [
            (
                PostgreSql,
                "select * from Sales",
                "public",
                Some("public"),
                "sales",
                true,
            ),
            (
                PostgreSql,
                "select * from sales",
                "public",
                None,
                "sales",
                true,
            ),
            (
                PostgreSql,
                "select * from public.sales",
                "other",
                None,
                "sales",
                true,
            ),
            (
                PostgreSql,
                "select * from sales",
                "other",
                None,
                "sales",
                false,
            ),
            (
                PostgreSql,
                "select * from \"Sales\"",
                "public",
                None,
                "sales",
                false,
            ),
            (
                PostgreSql,
                "select * from \"Sales\"",
                "public",
                None,
                "Sales",
                true,
            ),
            (
                PostgreSql,
                "select * from db.public.sales",
                "public",
                None,
                "sales",
                true,
            ),
            (Sqlite, "select * from [SALES]", "main", None, "sales", true),
            (
                Sqlite,
                "select * from main.sales",
                "main",
                Some("main"),
                "Sales",
                true,
            ),
        ] {
            let table = only_table(dialect, sql);
            assert_eq!(
                expected,
                is_same(dialect, &table, schema, dataset_schema, dataset),
                "{sql} {schema} {dataset_schema:?} {dataset}"
            );
        }
    }
}
