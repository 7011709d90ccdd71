//! Changes of rows: which tables they change. Every field of a statement is named here, so that a new
//! one of the parser is looked at before it passes.

use sqlparser::ast::{
    Delete, FromTable, Insert, Merge, MergeAction, MergeClause, MergeInsertExpr, MergeInsertKind,
    MergeUpdateExpr, MergeUpdateKind, ObjectName, OnInsert, OutputClause, Statement, TableAlias,
    TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use crate::Dialect;
use crate::dialect::Feature;

const FOREIGN: &str = "a change with clauses of another database";

/// The table that the statement changes: always a table, whatever common table expressions there are.
/// `None` for statements that change no rows.
///
/// # Errors
/// What about the statement is not known.
pub(super) fn target(
    dialect: Dialect,
    statement: &Statement,
) -> Result<Option<&ObjectName>, &'static str> {
    match statement {
        Statement::Insert(insert) => of_insert(dialect, insert).map(Some),
        Statement::Update(update) => of_update(dialect, update).map(Some),
        Statement::Delete(delete) => of_delete(delete).map(Some),
        Statement::Merge(merge) => of_merge(dialect, merge).map(Some),
        _ => Ok(None),
    }
}

fn known(is_known: bool) -> Result<(), &'static str> {
    if is_known { Ok(()) } else { Err(FOREIGN) }
}

fn of_insert(dialect: Dialect, insert: &Insert) -> Result<&ObjectName, &'static str> {
    let Insert {
        insert_token: _,
        optimizer_hints,
        or,
        ignore,
        into,
        table,
        table_alias: _,
        by_name,
        columns: _,
        overwrite,
        overriding: _,
        source: _,
        assignments,
        partitioned,
        after_columns,
        has_table_keyword,
        on,
        returning: _,
        output,
        replace_into,
        priority,
        insert_alias,
        settings,
        format_clause,
        multi_table_insert_type,
        multi_table_into_clauses,
        multi_table_when_clauses,
        multi_table_else_clause,
    } = insert;
    let has_actions = dialect.has(Feature::ConflictActions);
    known(has_actions || (or.is_none() && !replace_into))?;
    known(*into && !ignore && !overwrite && !has_table_keyword && !by_name)?;
    known(optimizer_hints.is_empty() && assignments.is_empty() && after_columns.is_empty())?;
    known(partitioned.is_none() && output.is_none() && priority.is_none())?;
    known(insert_alias.is_none() && settings.is_none() && format_clause.is_none())?;
    known(multi_table_insert_type.is_none() && multi_table_else_clause.is_none())?;
    known(multi_table_into_clauses.is_empty() && multi_table_when_clauses.is_empty())?;
    known(matches!(on, None | Some(OnInsert::OnConflict(_))))?;
    match table {
        TableObject::TableName(name) => Ok(name),
        _ => Err(FOREIGN),
    }
}

fn of_update(dialect: Dialect, update: &Update) -> Result<&ObjectName, &'static str> {
    let Update {
        update_token: _,
        optimizer_hints,
        table,
        assignments: _,
        from,
        selection: _,
        returning: _,
        output,
        or,
        order_by,
        limit,
        on_cluster,
        settings,
    } = update;
    known(on_cluster.is_none() && settings.is_none())?;
    known(optimizer_hints.is_empty() && output.is_none())?;
    known(or.is_none() || dialect.has(Feature::ConflictActions))?;
    known(order_by.is_empty() && limit.is_none())?;
    known(matches!(
        from,
        None | Some(UpdateTableFromKind::AfterSet(_))
    ))?;
    alone(table)
}

fn of_delete(delete: &Delete) -> Result<&ObjectName, &'static str> {
    let Delete {
        delete_token: _,
        optimizer_hints,
        tables,
        from,
        using: _,
        selection: _,
        returning: _,
        output,
        order_by,
        limit,
        on_cluster,
        settings,
    } = delete;
    known(on_cluster.is_none() && settings.is_none())?;
    known(optimizer_hints.is_empty() && tables.is_empty() && output.is_none())?;
    known(order_by.is_empty() && limit.is_none())?;
    match from {
        FromTable::WithFromKeyword(from) => match from.as_slice() {
            [table] => alone(table),
            _ => Err(FOREIGN),
        },
        FromTable::WithoutKeyword(_) => Err(FOREIGN),
    }
}

fn of_merge(dialect: Dialect, merge: &Merge) -> Result<&ObjectName, &'static str> {
    let Merge {
        merge_token: _,
        optimizer_hints,
        into,
        table,
        source: _,
        on: _,
        clauses,
        output,
    } = merge;
    known(dialect.has(Feature::Merge) && *into && optimizer_hints.is_empty())?;
    known(matches!(
        output,
        None | Some(OutputClause::Returning { .. })
    ))?;
    for clause in clauses {
        of_merge_clause(clause)?;
    }
    plain(table)
}

fn of_merge_clause(clause: &MergeClause) -> Result<(), &'static str> {
    match &clause.action {
        MergeAction::Insert(MergeInsertExpr {
            insert_token: _,
            columns: _,
            kind_token: _,
            kind,
            insert_predicate,
        }) => known(matches!(kind, MergeInsertKind::Values(_)) && insert_predicate.is_none()),
        MergeAction::Update(MergeUpdateExpr {
            update_token: _,
            kind,
            update_predicate,
            delete_predicate,
        }) => known(
            matches!(kind, MergeUpdateKind::Set(_))
                && update_predicate.is_none()
                && delete_predicate.is_none(),
        ),
        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => Ok(()),
    }
}

/// A table that nothing is joined to.
fn alone(table: &TableWithJoins) -> Result<&ObjectName, &'static str> {
    known(table.joins.is_empty())?;
    plain(&table.relation)
}

fn plain(table: &TableFactor) -> Result<&ObjectName, &'static str> {
    let TableFactor::Table {
        name,
        alias,
        args: None,
        with_hints,
        version: None,
        with_ordinality: false,
        partitions,
        json_path: None,
        sample: None,
        index_directives,
        inheritance: _,
    } = table
    else {
        return Err(FOREIGN);
    };
    known(with_hints.is_empty() && partitions.is_empty() && index_directives.is_empty())?;
    known(match alias {
        None => true,
        Some(TableAlias { columns, at, .. }) => columns.is_empty() && at.is_none(),
    })?;
    Ok(name)
}
