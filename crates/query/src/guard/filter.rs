//! Row level security: every reference of a table becomes a subquery of the rows that may be seen.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, InTarget, ObjectName, Query, Statement, TableFactor, Visit, Visitor};

use super::GuardError;
use super::edits::Edits;
use super::grammar::bytes_of;
use super::scope::Scopes;
use super::script::predicate;
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

/// What makes the filtered tables of a statement into subqueries of the rows that may be seen.
///
/// # Errors
/// `RowFilter`: a condition does not parse, or cannot be put where the table stands.
pub(super) fn apply(
    dialect: Dialect,
    statement: &Statement,
    source: &str,
    filters: &RowFilters,
) -> Result<Edits, GuardError> {
    let mut conditions = BTreeMap::new();
    for (table, text) in &filters.by_table {
        let condition = predicate(dialect, text).map_err(|reason| refusal(table, &reason))?;
        conditions.insert(table.clone(), condition);
    }
    let mut rewrite = Rewrite {
        dialect,
        source,
        scopes: Scopes::new(dialect),
        conditions,
        edits: Edits::default(),
        pending: 0,
        rewritten: 0,
    };
    if let ControlFlow::Break(err) = statement.visit(&mut rewrite) {
        return Err(err);
    }
    Ok(rewrite.edits)
}

fn refusal(table: &TableName, reason: &str) -> GuardError {
    GuardError::RowFilter {
        table: table.to_string(),
        reason: reason.to_owned(),
    }
}

struct Rewrite<'a> {
    dialect: Dialect,
    source: &'a str,
    scopes: Scopes,
    conditions: BTreeMap<TableName, String>,
    edits: Edits,
    /// How many names of filtered tables the walk came by, and how many of them it put a subquery for.
    pending: usize,
    rewritten: usize,
}

impl Rewrite<'_> {
    /// The condition that holds where the name stands.
    fn condition(&self, name: &ObjectName) -> Option<(TableName, &str)> {
        let table = TableName::parse(self.dialect, name)?;
        let condition = self.conditions.get(&table)?;
        (!self.scopes.is_common_table(&table)).then_some((table, condition))
    }

    /// Puts the subquery in the place of the name, with `alias` behind it.
    fn replace(&mut self, name: &ObjectName, is_named: bool) -> Result<(), GuardError> {
        let Some((table, condition)) = self.condition(name) else {
            return Ok(());
        };
        let Some((start, end, last)) = place_of(self.source, name) else {
            return Err(refusal(&table, "it is not known where its name stands"));
        };
        let written = &self.source[start..end];
        let alias = if is_named { "" } else { " AS " };
        let last = if is_named { "" } else { last };
        let text = format!("(SELECT * FROM {written} WHERE ({condition})){alias}{last}");
        self.edits.replace(start, end, text);
        self.rewritten += 1;
        Ok(())
    }
}

impl Visitor for Rewrite<'_> {
    type Break = GuardError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<GuardError> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<GuardError> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<GuardError> {
        if self.condition(name).is_some() {
            self.pending += 1;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, _: &Statement) -> ControlFlow<GuardError> {
        if self.pending == self.rewritten {
            return ControlFlow::Continue(());
        }
        let table = self.conditions.keys().next();
        let table = table.map_or_else(String::new, ToString::to_string);
        ControlFlow::Break(GuardError::RowFilter {
            table,
            reason: "a table stands where no subquery can stand".to_owned(),
        })
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<GuardError> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_ordinality,
            sample,
            inheritance,
            index_directives,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let is_marked = sample.is_some()
            || *with_ordinality
            || inheritance.is_some()
            || !index_directives.is_empty();
        if is_marked && let Some((table, _)) = self.condition(name) {
            let reason = "the table stands with ONLY, TABLESAMPLE, WITH ORDINALITY or INDEXED BY";
            return ControlFlow::Break(refusal(&table, reason));
        }
        match self.replace(name, alias.is_some()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(err) => ControlFlow::Break(err),
        }
    }

    /// SQLite's `a IN t`.
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<GuardError> {
        if let Expr::In {
            target: InTarget::Table { name, args: None },
            ..
        } = expr
            && let Err(err) = self.replace(name, true)
        {
            return ControlFlow::Break(err);
        }
        ControlFlow::Continue(())
    }
}

/// The bytes in which a name stands, and its last part as written.
fn place_of<'a>(source: &'a str, name: &ObjectName) -> Option<(usize, usize, &'a str)> {
    let mut place = None;
    for part in &name.0 {
        let ident = part.as_ident()?;
        let (start, end) = bytes_of(ident.span)?;
        let written = source.get(start..end)?;
        let is_same = match ident.quote_style {
            None => written == ident.value,
            Some(open) => {
                let close = if open == '[' { ']' } else { open };
                written
                    .strip_prefix(open)
                    .and_then(|rest| rest.strip_suffix(close))
                    == Some(&ident.value)
            }
        };
        if !is_same {
            return None;
        }
        let (first, _, _) = place.unwrap_or((start, end, written));
        place = Some((first, end, written));
    }
    place
}
