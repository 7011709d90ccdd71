//! Which tables a script may touch, and which of their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate_metastore::DatasetOfTable;
use tidegate_sql_guard::{
    Catalogue, Dialect, GuardError, NamesInUse, Policy, RelationKind, RowFilters, Script,
    TableFacts, TableName, check_condition,
};

use super::names::Names;
use super::open::OpenDatabase;
use super::{failure, nearest};
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

/// Refuses a script that reaches what is not open to the caller, and gives the conditions that hold for the rest. SQL
/// statements on the metastore: one for tables that no right to a schema opens, one for types that are the rows of such
/// tables, and one for each schema that the script names beside those of its tables, up to the first that is closed.
/// The database is asked where it alone can tell what a name is: of types, functions and collations that are not its
/// own, of tables whose plan is shown, and of tables where a rule holds for the caller.
pub(super) async fn secure(
    context: &CallContext,
    database: &OpenDatabase,
    policy: Policy,
    script: &mut Script,
    names: &Names,
) -> Result<RowFilters, ToolFailure> {
    let filters = row_filters(context, database, script, names)?;
    let mut asked = script.names(policy);
    let dialect = database.engine.dialect();
    if !dialect.has_custom_objects() {
        // It has no types and functions but its own.
        (asked.types, asked.functions) = Default::default();
    }
    if filters.is_empty() {
        asked.creates = false;
        if !script.needs_relations(policy) {
            asked.tables.clear();
        }
    }
    let mut catalogue = describe(database, names.path(), &asked).await?;
    check_tables(context, database, script, names).await?;
    if dialect.has_custom_objects() {
        let named = script.schemas(policy, &catalogue);
        let seen = seen_schemas(context, database, script, names, named).await?;
        let rows = script.check_names(policy, &catalogue, &seen);
        check_types(context, database, &rows.map_err(failure::guard)?, names).await?;
    }
    let relations = script.check_relations(policy, &catalogue);
    relations.map_err(failure::guard)?;
    if filters.is_empty() {
        // They were asked for this check alone.
        catalogue.tables.clear();
    }
    if !dialect.has_one_schema() {
        found_where_checked(script, names, &mut catalogue)?;
    }
    if filters.is_empty() && catalogue.tables.is_empty() {
        return Ok(filters);
    }
    script.place(&catalogue).map_err(failure::guard)?;
    if filters.is_empty() {
        return Ok(filters);
    }
    let mut filters = row_filters(context, database, script, names)?;
    let read = filters.tables(dialect).map_err(failure::guard)?;
    let read = NamesInUse {
        tables: read
            .into_iter()
            .filter(|table| table.schema.is_none())
            .collect(),
        ..NamesInUse::default()
    };
    // A rule means the same tables whatever the call says.
    let home = describe(database, names.own_path(), &read).await?;
    filters
        .place(dialect, &catalogue, &home)
        .map_err(failure::guard)?;
    Ok(filters)
}

/// Has every unqualified table of the script be the one whose rights were checked, whatever is renamed or made before
/// PostgreSQL looks the name up: it does so once more when it had to wait for a lock.
///
/// # Errors
/// `Busy`: a name has come to mean another table already.
fn found_where_checked(
    script: &Script,
    names: &Names,
    catalogue: &mut Catalogue,
) -> Result<(), ToolFailure> {
    for table in script.tables() {
        let (None, Some(schema)) = (&table.schema, names.schema_of(table)) else {
            continue;
        };
        let found = catalogue.tables.entry(table.clone()).or_insert_with(|| {
            Arc::new(TableFacts {
                name: TableName {
                    schema: Some(schema.to_owned()),
                    ..table.clone()
                },
                kind: RelationKind::default(),
                columns: BTreeMap::new(),
            })
        });
        if found.name.schema.as_deref() != Some(schema) {
            return Err(ToolFailure::Busy {
                message: format!("{table} came to mean another table meanwhile; try again"),
                retry_after_secs: 1,
            });
        }
    }
    Ok(())
}

async fn describe(
    database: &OpenDatabase,
    path: &[String],
    names: &NamesInUse,
) -> Result<Catalogue, ToolFailure> {
    if names.is_empty() {
        return Ok(Catalogue::default());
    }
    let dialect = database.engine.dialect().as_str();
    let catalogue = database.engine.describe(database.user, path, names).await;
    catalogue.map_err(|err| failure::query(err, dialect, &database.connection))
}

/// Refuses a schema that is none that the caller may see; the same words whether it is there or not. One SQL
/// statement where the schema is not the default one.
pub(super) async fn check_schema(
    context: &CallContext,
    database: &OpenDatabase,
    schema: Option<&str>,
) -> Result<(), ToolFailure> {
    let Some(schema) = schema else {
        return Ok(());
    };
    if is_seen(context, database, schema).await? {
        return Ok(());
    }
    Err(ToolFailure::argument(
        "request.schema",
        format!("{schema:?} is no schema that you may see; leave it out for the default one"),
    ))
}

/// Whether the caller may know of the schema.
async fn is_seen(
    context: &CallContext,
    database: &OpenDatabase,
    schema: &str,
) -> Result<bool, ToolFailure> {
    let dialect = database.engine.dialect();
    if schema == dialect.default_schema() {
        return Ok(true);
    }
    if !is_peoples(schema) {
        return Ok(false);
    }
    if database.is_wholly_open {
        let schemas = database.engine.schemas(database.user).await;
        let schemas =
            schemas.map_err(|err| failure::query(err, dialect.as_str(), &database.connection))?;
        return Ok(schemas.iter().any(|own| own == schema));
    }
    let (id, name) = (database.connection.id, &database.connection.database_name);
    let access = &context.access;
    if access.can_access_schema(id, name, None, Some(schema)) {
        return Ok(true);
    }
    let datasets = context.workspace.metastore.datasets();
    let found = datasets.has_open_one_in(access, id, schema).await;
    found.map_err(ToolFailure::from)
}

/// Those of the schemas that the caller may know of, up to the first that is none of them: one is enough to refuse the
/// script. What its tables lie in is open already.
async fn seen_schemas(
    context: &CallContext,
    database: &OpenDatabase,
    script: &Script,
    names: &Names,
    schemas: BTreeSet<String>,
) -> Result<BTreeSet<String>, ToolFailure> {
    let tables = script.tables();
    let of_tables: BTreeSet<_> = tables
        .iter()
        .filter_map(|table| names.schema_of(table))
        .collect();
    let mut seen = BTreeSet::new();
    for schema in schemas {
        if !of_tables.contains(&*schema) && !is_seen(context, database, &schema).await? {
            break;
        }
        seen.insert(schema);
    }
    Ok(seen)
}

/// Whether a schema of this name is one that people make: `$user` stands for the role's own, and names with `pg_`
/// are the server's, of which the temporary ones belong to one connection.
fn is_peoples(schema: &str) -> bool {
    schema != "$user" && !schema.starts_with("pg_") && schema != "information_schema"
}

/// Refuses types that are rows of closed tables, in the words for types that are not there.
async fn check_types(
    context: &CallContext,
    database: &OpenDatabase,
    rows: &BTreeMap<TableName, TableName>,
    names: &Names,
) -> Result<(), ToolFailure> {
    let closed = closed_tables(context, database, rows.values().collect(), names).await?;
    let named = rows.iter().filter(|(_, table)| closed.contains(table));
    let named: Vec<_> = named.map(|(name, _)| name.to_string()).collect();
    if named.is_empty() {
        Ok(())
    } else {
        Err(failure::guard(GuardError::UnknownNames("types", named)))
    }
}

/// Closed tables for which the nearest open one is named.
const MAX_HINTS: usize = 3;

/// Refuses tables that are not open to the caller, by Superset's rules: the whole database, the schema, or
/// a dataset on the table must be. At most one SQL statement, none where the whole database is open.
async fn check_tables(
    context: &CallContext,
    database: &OpenDatabase,
    script: &Script,
    names: &Names,
) -> Result<(), ToolFailure> {
    let closed = closed_tables(context, database, script.tables(), names).await?;
    if closed.is_empty() {
        return Ok(());
    }
    let unknown = closed.iter().map(|table| table.table.as_str());
    let nearest = nearest::tables(context, database, names, unknown.take(MAX_HINTS)).await;
    let hint = if nearest.is_empty() {
        String::new()
    } else {
        format!("did you mean {}? ", nearest.join(", "))
    };
    let closed: Vec<_> = closed.into_iter().map(ToString::to_string).collect();
    // The same words whether the table exists or not: what is near is looked for among open ones.
    Err(ToolFailure::Forbidden(format!(
        "access denied: you need access to the following tables: {}; {hint}list_datasets shows what you may query",
        closed.join(", ")
    )))
}

/// Those of the tables that are not open to the caller.
async fn closed_tables<'t>(
    context: &CallContext,
    database: &OpenDatabase,
    tables: BTreeSet<&'t TableName>,
    names: &Names,
) -> Result<Vec<&'t TableName>, ToolFailure> {
    if database.is_wholly_open {
        return Ok(Vec::new());
    }
    let dialect = database.engine.dialect();
    let (id, name) = (database.connection.id, &database.connection.database_name);
    let access = &context.access;
    let closed: Vec<&TableName> = tables
        .into_iter()
        .filter(|table| {
            // A name that means nothing is in no schema that could be open.
            let Some(schema) = names.schema_of(table) else {
                return true;
            };
            let catalog = table.catalog.as_deref();
            !access.can_access_schema(id, name, catalog, Some(schema))
        })
        .collect();
    let tables: BTreeSet<&str> = closed.iter().map(|table| table.table.as_str()).collect();
    let tables: Vec<&str> = tables.into_iter().collect();
    let datasets = context.workspace.metastore.datasets();
    let datasets = datasets
        .of_tables(access, id, &tables)
        .await
        .map_err(ToolFailure::from)?;
    let is_closed = |table: &&TableName| {
        let is_open = |dataset: &DatasetOfTable| {
            // The name of a virtual dataset is no table's.
            dataset.is_open
                && dataset.sql.is_none()
                && names.schema_of(table).is_some_and(|schema| {
                    let of = dataset.schema.as_deref();
                    is_same(dialect, table, schema, of, &dataset.table_name, names)
                })
        };
        !datasets.iter().any(is_open)
    };
    Ok(closed.into_iter().filter(is_closed).collect())
}

/// The conditions that hold for the caller on the script's tables (Superset's `RLS_IN_SQLLAB`).
///
/// # Errors
/// A rule with a template: what it means is not known.
fn row_filters(
    context: &CallContext,
    database: &OpenDatabase,
    script: &Script,
    names: &Names,
) -> Result<RowFilters, ToolFailure> {
    let dialect = database.engine.dialect();
    let mut filters = RowFilters::new();
    let limited: Vec<_> = context
        .access
        .limited_tables()
        .iter()
        .filter(|of| of.database_id == database.connection.id)
        .collect();
    if limited.is_empty() {
        return Ok(filters);
    }
    for table in script.tables() {
        for of in &limited {
            let is_in = |schema: &str| {
                let dataset = of.schema.as_deref();
                is_same(dialect, table, schema, dataset, &of.table_name, names)
            };
            let is_filtered = if let Some(schema) = names.schema_of(table) {
                is_in(schema)
            } else {
                // Should it come into being before the query runs, it may be any of these.
                let same_name = of.schema.as_deref().is_none_or(str::is_empty)
                    && TableName::stored(dialect, None, &of.table_name).table == table.table;
                same_name || names.path().iter().any(|schema| is_in(schema))
            };
            if is_filtered {
                if of.rules.has_template() {
                    return Err(failure::guard(GuardError::RowFilter {
                        table: table.to_string(),
                        reason: TEMPLATE.to_owned(),
                    }));
                }
                for clause in of.rules.groups().iter().flatten() {
                    // Parentheses that are put around them would make one of `a) OR (b`.
                    check_condition(dialect, clause).map_err(|reason| {
                        let table = table.to_string();
                        failure::guard(GuardError::RowFilter { table, reason })
                    })?;
                }
                filters.add(table.clone(), &of.rules.to_sql());
            }
        }
    }
    Ok(filters)
}

const TEMPLATE: &str = "it has a template such as {{ current_user_id() }}, which is not filled in here yet; an \
                        administrator can write the rule without one";

/// Whether the names of a call's script have to be looked up: what it may read depends on them.
pub(super) fn depend_on_names(context: &CallContext, database: &OpenDatabase) -> bool {
    let limited = context.access.limited_tables();
    !database.is_wholly_open
        || limited
            .iter()
            .any(|of| of.database_id == database.connection.id)
}

/// Whether a table of a statement, which is found in `schema`, is the table of a dataset. A dataset without a schema
/// is what the connection by itself means by its name.
fn is_same(
    dialect: Dialect,
    table: &TableName,
    schema: &str,
    dataset_schema: Option<&str>,
    dataset_table: &str,
    names: &Names,
) -> bool {
    let table = table.or_schema(dialect, schema);
    let dataset_schema = dataset_schema.filter(|name| !name.is_empty());
    let dataset = TableName::stored(dialect, dataset_schema, dataset_table);
    table.table == dataset.table
        && match (&table.schema, &dataset.schema) {
            (Some(schema), None) => names.is_at_home(dialect, &table.table, schema),
            (schema, dataset) => schema == dataset,
        }
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
            let home = if dialect == Sqlite { "main" } else { "public" };
            let names = Names::at_home(&table.table, home);
            assert_eq!(
                expected,
                is_same(dialect, &table, schema, dataset_schema, dataset, &names),
                "{sql} {schema} {dataset_schema:?} {dataset}"
            );
        }
    }
}
