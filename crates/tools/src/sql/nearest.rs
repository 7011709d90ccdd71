//! What a name in SQL that does not exist most likely meant: the nearest table or column that the caller may read.

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_engines::{ColumnInfo, QueryError, UnknownName};
use tidegate_sql_guard::{Dialect, TableName};
use tidegate_types::beginning;

use super::names::Names;
use super::open::OpenDatabase;
use crate::CallContext;
use crate::arguments::nearest;

/// How long it may take to find out. The failure waits for it, and is told without it when it takes longer.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Schemas that are looked through for a table.
const MAX_SCHEMAS: usize = 20;

/// Tables that a name is compared with.
const MAX_CANDIDATES: usize = 5_000;

/// Tables of a statement whose columns are looked up, and of which those that are listed.
const MAX_TABLES: usize = 10;
const MAX_LISTED: usize = 3;

/// Bytes of the columns of one table. Longer lists are cut, and say so.
const MAX_LIST_BYTES: usize = 400;

/// What to add to a failure about a name that the database does not know. Asks the database a few times, and only after
/// such a failure. `tables` are those of the statement: all are open to the caller.
pub(super) async fn hint(
    context: &CallContext,
    database: &OpenDatabase,
    tables: &BTreeSet<&TableName>,
    schema: Option<&str>,
    err: &QueryError,
) -> Option<String> {
    let unknown = database.engine.unknown_name(err)?;
    let search = async {
        let names = Names::resolve(database, tables, schema).await;
        let names = names.ok()?;
        match unknown {
            UnknownName::Table(name) => {
                let readable = readable(context, database, &names).await;
                let table = table(database.engine.dialect(), &readable, &names, &name)?;
                Some(format!("did you mean {table}?"))
            }
            UnknownName::Column(name) => columns(database, tables, &names, name.as_deref()).await,
        }
    };
    let found = tokio::time::timeout(TIME_LIMIT, search).await;
    found.unwrap_or(None)
}

/// For names of tables that are closed to the caller or not there, which makes no difference: the nearest ones that are
/// open, as SQL names them. One statement on the metastore, and on the database one for each schema that is open.
pub(super) async fn tables(
    context: &CallContext,
    database: &OpenDatabase,
    names: &Names,
    unknown: impl Iterator<Item = &str>,
) -> Vec<String> {
    let readable = readable(context, database, names);
    let readable = tokio::time::timeout(TIME_LIMIT, readable).await;
    let readable = readable.unwrap_or_default();
    let dialect = database.engine.dialect();
    let near: BTreeSet<_> = unknown
        .filter_map(|name| table(dialect, &readable, names, name))
        .collect();
    near.into_iter().collect()
}

fn table(dialect: Dialect, readable: &[TableName], names: &Names, name: &str) -> Option<String> {
    // The same name elsewhere is nearer than any other; then come those where it was looked up, but for a dataset that
    // names a table that is no more.
    let (on_path, elsewhere): (Vec<_>, Vec<_>) = readable
        .iter()
        .partition(|table| is_found_bare(names, table));
    let near = |tables: &[&TableName]| {
        nearest(name, tables.iter().map(|table| table.table.as_str())).map(str::to_owned)
    };
    let is_elsewhere = elsewhere.iter().any(|table| table.table == name);
    if let Some(near) = near(&on_path).filter(|near| !is_elsewhere && near != name) {
        return Some(dialect.written(&near));
    }
    let near = near(&elsewhere)?;
    let table = elsewhere.into_iter().find(|table| table.table == near)?;
    Some(table.written(dialect))
}

fn is_found_bare(names: &Names, table: &TableName) -> bool {
    let schema = table.schema.as_ref();
    schema.is_none_or(|schema| names.path().contains(schema))
}

/// The tables that the caller may read, by their stored names: of the schemas that are open as a whole, and of datasets.
/// What cannot be asked is left out.
async fn readable(context: &CallContext, database: &OpenDatabase, names: &Names) -> Vec<TableName> {
    let (id, name) = (database.connection.id, &database.connection.database_name);
    let access = &context.access;
    let mut schemas: Vec<String> = names.path().to_vec();
    let others = database
        .engine
        .schemas(database.user)
        .await
        .unwrap_or_default();
    schemas.extend(
        others
            .into_iter()
            .filter(|schema| !names.path().contains(schema)),
    );
    let is_open = |schema: &&String| {
        database.is_wholly_open || access.can_access_schema(id, name, None, Some(schema))
    };
    let mut tables = Vec::new();
    for schema in schemas.iter().filter(is_open).take(MAX_SCHEMAS) {
        if tables.len() > MAX_CANDIDATES {
            break;
        }
        let found = database
            .engine
            .tables(database.user, schema)
            .await
            .unwrap_or_default();
        tables.extend(found.into_iter().map(|table| TableName {
            catalog: None,
            schema: Some(schema.clone()),
            table: table.name,
        }));
    }
    if !database.is_wholly_open {
        let datasets = context.workspace.metastore.datasets();
        let datasets = datasets.of_database(access, id).await.unwrap_or_default();
        let physical = datasets
            .into_iter()
            .filter(|dataset| dataset.is_open && dataset.sql.is_none());
        tables.extend(physical.map(|dataset| TableName {
            catalog: None,
            schema: dataset.schema,
            table: dataset.table_name,
        }));
    }
    tables.truncate(MAX_CANDIDATES);
    tables
}

/// The nearest column of the statement's tables, and all columns of these. Where the nearest bears the very name, it is
/// in another place than it was looked for, such as behind another table's alias: the columns alone tell where.
async fn columns(
    database: &OpenDatabase,
    tables: &BTreeSet<&TableName>,
    names: &Names,
    name: Option<&str>,
) -> Option<String> {
    let dialect = database.engine.dialect();
    let mut found: Vec<(&TableName, Vec<ColumnInfo>)> = Vec::new();
    for table in tables.iter().take(MAX_TABLES) {
        let schema = if dialect.has_one_schema() {
            Some(dialect.default_schema())
        } else {
            names.schema_of(table)
        };
        let Some(schema) = schema else { continue };
        let columns = database
            .engine
            .columns(database.user, schema, &table.table)
            .await;
        let columns = columns.unwrap_or_default();
        if !columns.is_empty() {
            found.push((table, columns));
        }
    }
    let all = found.iter().flat_map(|(_, columns)| columns);
    let near = name.and_then(|name| nearest(name, all.map(|column| column.name.as_str())));
    let near = near.filter(|near| Some(*near) != name);
    let mut sentences: Vec<String> = near
        .map(|near| format!("did you mean {}?", dialect.written(near)))
        .into_iter()
        .collect();
    // Those that have it first.
    let has_it = |columns: &[ColumnInfo]| {
        near.is_some_and(|near| columns.iter().any(|column| column.name == near))
    };
    let mut listed: Vec<_> = found.iter().collect();
    listed.sort_by_key(|(_, columns)| !has_it(columns));
    for (table, columns) in listed.into_iter().take(MAX_LISTED) {
        let list: Vec<_> = columns
            .iter()
            .map(|column| dialect.written(&column.name))
            .collect();
        sentences.push(format!(
            "columns of {}: {}",
            table.written(dialect),
            beginning(&list.join(", "), MAX_LIST_BYTES)
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
