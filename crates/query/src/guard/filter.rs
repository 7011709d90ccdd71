//! Row level security: every reference of a table becomes a subquery of the rows that may be seen.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, SetExpr, Statement, TableAlias, TableFactor, VisitMut,
    VisitorMut,
};

use super::GuardError;
use super::scope::Scopes;
use super::script::{one_query, predicate, with_stack};
use crate::Dialect;
use crate::name::TableName;

/// For each table the condition that its rows must meet, as SQL text, already combined.
///
/// Keys must be the names that [`SqlStatement::tables`](super::SqlStatement::tables) gives: the caller
/// decides which of them mean which dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilters {
    by_table: BTreeMap<TableName, String>,
}

impl RowFilters {
    /// No table is filtered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition; a second one for the same table narrows further.
    pub fn add(&mut self, table: TableName, predicate: &str) {
        self.by_table
            .entry(table)
            // A comment at its end must not swallow what follows, hence the new lines.
            .and_modify(|other| *other = format!("({other}\n) AND ({predicate}\n)"))
            .or_insert_with(|| predicate.to_owned());
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.by_table.is_empty()
    }

    /// Whether the table is filtered.
    pub fn contains(&self, table: &TableName) -> bool {
        self.by_table.contains_key(table)
    }
}

/// The levels of a subquery around its condition.
const SUBQUERY_LEVELS: usize = 4;

/// Replaces every filtered table in the statement, which has at most `depth` levels, and gives how many
/// levels it may have more than before.
pub(super) fn apply(
    dialect: Dialect,
    statement: &mut Statement,
    filters: &RowFilters,
    depth: usize,
) -> Result<usize, GuardError> {
    let mut parsed = BTreeMap::new();
    let mut added = 0;
    for (table, text) in &filters.by_table {
        let (condition, levels) =
            predicate(dialect, text).map_err(|reason| GuardError::RowFilter {
                table: table.to_string(),
                reason,
            })?;
        added = added.max(levels + SUBQUERY_LEVELS);
        parsed.insert(table.clone(), condition);
    }
    let mut rewrite = Rewrite {
        dialect,
        scopes: Scopes::new(dialect),
        // Parsed once; each use is a copy with the table and the condition put in.
        template: one_query(dialect, "SELECT * FROM t WHERE true")?,
        filters: parsed,
    };
    // Moved in, so that the conditions are dropped there as well.
    with_stack(depth + added, move || match statement.visit(&mut rewrite) {
        ControlFlow::Continue(()) => Ok(added),
        ControlFlow::Break(err) => Err(err),
    })
}

struct Rewrite {
    dialect: Dialect,
    scopes: Scopes,
    template: Query,
    filters: BTreeMap<TableName, Expr>,
}

impl Rewrite {
    fn subquery(&self, table: TableFactor, condition: &Expr) -> Option<Box<Query>> {
        let mut query = self.template.clone();
        let SetExpr::Select(select) = query.body.as_mut() else {
            return None;
        };
        select.from.first_mut()?.relation = table;
        select.selection = Some(Expr::Nested(Box::new(condition.clone())));
        Some(Box::new(query))
    }
}

impl VisitorMut for Rewrite {
    type Break = GuardError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<GuardError> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<GuardError> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<GuardError> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_ordinality,
            sample,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let Some(table) = TableName::parse(self.dialect, name) else {
            return ControlFlow::Continue(());
        };
        let Some(condition) = self.filters.get(&table) else {
            return ControlFlow::Continue(());
        };
        if self.scopes.is_common_table(&table) {
            return ControlFlow::Continue(());
        }
        let refuse = |reason: &str| {
            ControlFlow::Break(GuardError::RowFilter {
                table: table.to_string(),
                reason: reason.to_owned(),
            })
        };
        if sample.is_some() || *with_ordinality {
            return refuse("the table stands with TABLESAMPLE or WITH ORDINALITY");
        }
        let Some(last) = last_ident(name) else {
            return refuse("its name is computed");
        };
        let alias = alias.take().unwrap_or(TableAlias {
            explicit: true,
            name: last,
            columns: Vec::new(),
            at: None,
        });
        let inner = plain_table(name.clone());
        let Some(subquery) = self.subquery(inner, condition) else {
            return refuse("the subquery could not be built");
        };
        *factor = TableFactor::Derived {
            lateral: false,
            subquery,
            alias: Some(alias),
            sample: None,
        };
        ControlFlow::Continue(())
    }
}

fn last_ident(name: &ObjectName) -> Option<Ident> {
    name.0.last()?.as_ident().cloned()
}

fn plain_table(name: ObjectName) -> TableFactor {
    TableFactor::Table {
        name,
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}
