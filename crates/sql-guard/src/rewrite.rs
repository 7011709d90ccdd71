//! Puts the conditions of row level security into a statement, as changes to its text.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, InTarget, ObjectName,
    Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor,
};

use super::GuardError;
use super::edits::Edits;
use super::expressions;
use super::fence::{Target, conjuncts};
use super::filter::refusal;
use super::frame::{Frame, TableItem};
use super::grammar::bytes_of;
use super::place::{Placement, place_of};
use super::scope::Scopes;
use super::visible::{Fence, OpenSelect, Visible};
use crate::Dialect;
use crate::catalogue::{Leakproof, TableFacts};
use crate::name::{TableName, fold_ident};

/// A rule, ready to be put in.
pub(super) struct Prepared {
    pub(super) condition: String,
    pub(super) facts: Option<Arc<TableFacts>>,
    /// Whether the condition reads other tables, which a plan would name.
    pub(super) reads_tables: bool,
}

/// What a statement is rewritten by.
pub(super) struct Task<'a> {
    pub(super) dialect: Dialect,
    pub(super) source: &'a str,
    /// Where the statement's first token starts.
    pub(super) start: usize,
    pub(super) placement: &'a Placement,
    pub(super) rules: &'a BTreeMap<TableName, Prepared>,
    pub(super) leakproof: &'a Leakproof,
    /// The tree says everything that the text says.
    pub(super) is_exact: bool,
}

/// What makes the filtered tables of a statement into subqueries of the rows that may be seen.
///
/// # Errors
/// `RowFilter`: a condition cannot be put where the table stands, or something of the table is used that the
/// subquery does not have.
pub(super) fn apply(task: Task<'_>, statement: &Statement) -> Result<Edits, GuardError> {
    let mut rewrite = Rewrite {
        scopes: Scopes::new(task.dialect),
        task,
        frames: Vec::new(),
        queries: Vec::new(),
        edits: Edits::default(),
        pending: 0,
        rewritten: 0,
    };
    if let Statement::Explain { .. } = statement {
        rewrite.explain(statement)?;
    }
    match statement.visit(&mut rewrite) {
        ControlFlow::Break(err) => Err(err),
        ControlFlow::Continue(()) if rewrite.pending != rewrite.rewritten => {
            let table = rewrite.task.rules.keys().next();
            let table = table.map_or_else(String::new, ToString::to_string);
            Err(GuardError::RowFilter {
                table,
                reason: "a table stands where no subquery can stand".to_owned(),
            })
        }
        ControlFlow::Continue(()) => Ok(rewrite.edits),
    }
}

/// Tables of one FROM. Each is compared with each other one and with every condition, and there is no end of them in
/// 200 KB.
const MAX_TABLES: usize = 256;

/// A query that the walk is in.
struct OpenQuery {
    /// How many frames there were before it.
    frames: usize,
    /// The address of the SELECT that is its body: ORDER BY, which comes later, sees the same names.
    body: Option<usize>,
}

pub(super) struct Rewrite<'a> {
    pub(super) task: Task<'a>,
    scopes: Scopes,
    /// The SELECTs around this place.
    pub(super) frames: Vec<OpenSelect>,
    queries: Vec<OpenQuery>,
    pub(super) edits: Edits,
    /// How many names of filtered tables the walk came by, and how many of them it put a subquery for.
    pending: usize,
    rewritten: usize,
}

pub(super) type Step = Result<(), GuardError>;

impl Rewrite<'_> {
    /// The rule for the table that the name means here, and its name in full.
    pub(super) fn rule(&self, name: &ObjectName) -> Option<(TableName, &Prepared)> {
        let table = TableName::parse(self.task.dialect, name)?;
        if self.scopes.is_common_table(&table) {
            return None;
        }
        let table = self.task.placement.full(&table);
        let rule = self.task.rules.get(&table)?;
        Some((table, rule))
    }

    /// Rules of the tables that the SELECT reads from, and the names that it makes visible.
    fn select(&mut self, select: &Select) -> Step {
        let frame = Frame::of(self.task.dialect, select);
        if frame.items.len() > MAX_TABLES {
            return Err(GuardError::TooComplex(
                "one FROM has too many tables beside row level security",
            ));
        }
        let mut visible = Vec::with_capacity(frame.items.len());
        for (index, item) in frame.items.iter().enumerate() {
            let mut entry = Visible {
                effective: item.effective.clone(),
                is_joined: item.is_joined,
                ..Visible::default()
            };
            if let Some(table) = &item.table {
                let is_common = self.scopes.is_common_table(&table.table);
                let full = self.task.placement.full(&table.table);
                entry.is_table = !is_common;
                entry.table = (!table.has_alias && !is_common).then_some(full);
                if let Some((full, rule)) = self.rule(table.name) {
                    entry.facts.clone_from(&rule.facts);
                    entry.renamed = self.other_alias(&frame, index, &full);
                    let conditions = self.conditions(&frame, index, rule);
                    entry.fence =
                        Some(self.fence(table, full, entry.renamed.as_deref(), conditions)?);
                }
            }
            visible.push(entry);
        }
        self.frames.push(OpenSelect {
            visible,
            merges_columns: frame.merges_columns,
            is_natural: frame.is_natural,
            stars: Vec::new(),
        });
        let mut projection = select.projection.iter();
        projection.try_for_each(|item| self.star(item))
    }

    /// Two tables of one name in different schemas may stand side by side; two subqueries may not.
    fn other_alias(&self, frame: &Frame<'_>, index: usize, full: &TableName) -> Option<String> {
        let own = &frame.items[index];
        if own.table.as_ref().is_none_or(|table| table.has_alias) {
            return None;
        }
        let name = own.effective.as_deref()?;
        let has_other = frame.called(name).any(|other| {
            let table = frame.items[other].table.as_ref();
            other != index
                && table.is_some_and(|table| {
                    !table.has_alias && self.task.placement.full(&table.table) != *full
                })
        });
        has_other.then(|| self.task.dialect.quote(&full.to_string()))
    }

    /// The conditions of the query that may be tried on all rows of the table.
    fn conditions(&self, frame: &Frame<'_>, index: usize, rule: &Prepared) -> Vec<String> {
        let item = &frame.items[index];
        let (Some(facts), Some(table), Some(alias)) = (&rule.facts, &item.table, &item.effective)
        else {
            return Vec::new();
        };
        if !self.task.is_exact || item.is_nullable || table.renames_columns {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (condition, visible) in &frame.conditions {
            if !visible.contains(&index) {
                continue;
            }
            let is_filtered = |other: &usize| {
                let table = frame.items[*other].table.as_ref();
                table.is_some_and(|table| self.rule(table.name).is_some())
            };
            let target = Target {
                dialect: self.task.dialect,
                facts,
                leakproof: self.task.leakproof,
                alias,
                is_alias_unique: frame.called(alias).count() == 1,
                has_bare_columns: !frame.merges_columns
                    && visible.clone().filter(is_filtered).count() == 1,
            };
            let conjuncts = conjuncts(condition);
            found.extend(conjuncts.iter().filter_map(|expr| target.condition(expr)));
        }
        found
    }

    /// The subquery that will stand in the place of the table's name.
    fn fence(
        &self,
        item: &TableItem<'_>,
        full: TableName,
        renamed: Option<&str>,
        conditions: Vec<String>,
    ) -> Result<Fence, GuardError> {
        let TableFactor::Table {
            with_ordinality: false,
            sample: None,
            inheritance: None,
            index_directives,
            ..
        } = item.factor
        else {
            return Err(refusal(&full, MARKED));
        };
        if !index_directives.is_empty() {
            return Err(refusal(&full, MARKED));
        }
        let Some((start, end, last)) = place_of(self.task.source, item.name) else {
            return Err(refusal(&full, NOWHERE));
        };
        let alias = match (item.has_alias, renamed) {
            (true, _) => String::new(),
            (false, Some(renamed)) => format!(" AS {renamed}"),
            (false, None) => format!(" AS {last}"),
        };
        Ok(Fence {
            full,
            start,
            end,
            conditions,
            alias,
            column_aliases: item.column_aliases(self.task.dialect),
            system_columns: BTreeSet::new(),
            is_row_used: false,
        })
    }

    /// Puts the subqueries of the innermost SELECT in the places of its tables, now that all that names them is known.
    fn close(&mut self) -> Step {
        self.stars()?;
        let visible = self.frames.pop().into_iter().flat_map(|open| open.visible);
        for fence in visible.filter_map(|visible| visible.fence) {
            let subquery = self.subquery(&fence.full, &fence.conditions, &fence.system_columns);
            let text = subquery + &fence.alias;
            self.edits.replace(fence.start, fence.end, text);
            self.rewritten += 1;
        }
        Ok(())
    }

    /// The rows that may be seen, as a query that the database evaluates by itself.
    ///
    /// PostgreSQL merges a subquery with the query around it, and tries conditions in the order of their cost,
    /// so that a condition of the caller which fails on a value would tell of hidden rows: `OFFSET 0` prevents
    /// it. Its planner also tries some operators on the column's most common values, hidden or not, to guess
    /// how many rows they leave; it does not look for these values through a `UNION`. SQLite merges no subquery
    /// with a `LIMIT` into a query with conditions.
    fn subquery(
        &self,
        full: &TableName,
        conditions: &[String],
        system_columns: &BTreeSet<&'static str>,
    ) -> String {
        let dialect = self.task.dialect;
        let table = full.or_main(dialect).to_sql(dialect);
        let rule = self
            .task
            .rules
            .get(full)
            .map_or("false", |rule| &rule.condition);
        let own = conditions
            .iter()
            .fold(String::new(), |text, own| text + " AND " + own);
        let more = system_columns.iter();
        let more = more.fold(String::new(), |text, name| text + ", " + name);
        let condition = format!("({rule}){own}");
        dialect.rules().visible_rows(&table, &condition, &more)
    }

    /// The innermost SELECT in which `is_meant` finds something, and the SELECTs within it.
    pub(super) fn innermost(&self, is_meant: impl Fn(&Visible) -> bool) -> Option<(usize, usize)> {
        let mut frames = self.frames.iter().enumerate().rev();
        frames.find_map(|(depth, frame)| Some((depth, frame.visible.iter().position(&is_meant)?)))
    }

    /// What a name before a column means.
    pub(super) fn meant(&self, qualifier: &[&Ident]) -> Option<(usize, usize)> {
        let folded = |ident: &Ident| fold_ident(self.task.dialect, ident);
        match qualifier {
            [name] => {
                let name = folded(name);
                self.innermost(|visible| visible.effective.as_ref() == Some(&name))
            }
            [.., schema, name] => {
                let (schema, table) = (folded(schema), folded(name));
                self.innermost(|visible| {
                    visible.table.as_ref().is_some_and(|own| {
                        own.table == table && own.schema.as_ref() == Some(&schema)
                    })
                })
            }
            [] => None,
        }
    }

    /// A name before columns, or before `*`: of a table with its schema, which a subquery does not have, or
    /// one that meant two tables.
    pub(super) fn name_of_columns(&mut self, name: &ObjectName) -> Step {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        match parts {
            Some(parts) => self.qualifier(&parts),
            None => Ok(()),
        }
    }

    /// The same of a place where the whole row stands.
    fn row(&mut self, name: &ObjectName) -> Step {
        let parts: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        self.use_row(&parts);
        self.name_of_columns(name)
    }

    fn qualifier(&mut self, parts: &[&Ident]) -> Step {
        match parts {
            [name] => self.refuse_renamed(&fold_ident(self.task.dialect, name)),
            parts => match self.meant(parts) {
                Some((depth, index)) => self.without_schema(parts, depth, index),
                None => Ok(()),
            },
        }
    }

    /// `schema.table` before a column becomes the name of the subquery.
    fn without_schema(&mut self, parts: &[&Ident], depth: usize, index: usize) -> Step {
        let own = &self.frames[depth].visible[index];
        let (Some(_), Some(table)) = (&own.fence, &own.table) else {
            return Ok(());
        };
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
            return Ok(());
        };
        let (Some((start, _)), Some((_, end))) = (bytes_of(first.span), bytes_of(last.span)) else {
            return Err(refusal(table, NOWHERE));
        };
        let text = if let Some(renamed) = &own.renamed {
            renamed.clone()
        } else {
            let is_hidden = self.frames[depth..]
                .iter()
                .enumerate()
                .any(|(above, frame)| {
                    let mut others = frame.visible.iter().enumerate();
                    others.any(|(other, visible)| {
                        (above, other) != (0, index)
                            && visible.effective.as_ref() == Some(&table.table)
                    })
                });
            if is_hidden {
                return Err(refusal(
                    table,
                    "its name with the schema stands where something else has the name too; give it an alias",
                ));
            }
            self.task.dialect.quote(&table.table)
        };
        self.edits.replace(start, end, text);
        Ok(())
    }

    /// Where a table had to get another name, the short one meant both.
    fn refuse_renamed(&self, name: &str) -> Step {
        let is_meant = |visible: &Visible| visible.effective.as_deref() == Some(name);
        let Some((depth, _)) = self.innermost(is_meant) else {
            return Ok(());
        };
        let mut meant = self.frames[depth]
            .visible
            .iter()
            .filter(|visible| is_meant(visible));
        match meant.find(|visible| visible.renamed.is_some()) {
            Some(Visible {
                table: Some(table), ..
            }) => Err(refusal(
                table,
                "two tables of this name stand side by side; give each an alias",
            )),
            _ => Ok(()),
        }
    }

    fn column(&mut self, parts: &[&Ident]) -> Step {
        let [qualifier @ .., column] = parts else {
            return Ok(());
        };
        self.system_column(qualifier, column)?;
        if qualifier.is_empty() {
            // A table's name alone is its row.
            self.use_row(&[column]);
            return self.refuse_renamed(&fold_ident(self.task.dialect, column));
        }
        self.call_with_row(qualifier, column);
        self.qualifier(qualifier)
    }

    /// `count(schema.table.*)`.
    fn arguments(&mut self, function: &Function) -> Step {
        let FunctionArguments::List(list) = &function.args else {
            return Ok(());
        };
        for argument in &list.args {
            let (FunctionArg::Unnamed(value)
            | FunctionArg::Named { arg: value, .. }
            | FunctionArg::ExprNamed { arg: value, .. }) = argument;
            if let FunctionArgExpr::QualifiedWildcard(name) = value {
                self.row(name)?;
            }
        }
        Ok(())
    }

    /// SQLite's `a IN t`.
    fn set_of_rows(&mut self, name: &ObjectName) -> Step {
        let Some((full, _)) = self.rule(name) else {
            return Ok(());
        };
        let Some((start, end, _)) = place_of(self.task.source, name) else {
            return Err(refusal(&full, NOWHERE));
        };
        let subquery = self.subquery(&full, &[], &BTreeSet::new());
        self.edits.replace(start, end, subquery);
        self.rewritten += 1;
        Ok(())
    }
}

const NOWHERE: &str = "it is not known where its name stands";
const MARKED: &str = "the table stands with ONLY, TABLESAMPLE, WITH ORDINALITY or INDEXED BY";

fn flow(step: Step) -> ControlFlow<GuardError> {
    match step {
        Ok(()) => ControlFlow::Continue(()),
        Err(err) => ControlFlow::Break(err),
    }
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

impl Visitor for Rewrite<'_> {
    type Break = GuardError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<GuardError> {
        self.scopes.enter(query);
        let body = match &*query.body {
            SetExpr::Select(select) => Some(address::<Select>(select)),
            _ => None,
        };
        self.queries.push(OpenQuery {
            frames: self.frames.len(),
            body,
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<GuardError> {
        self.scopes.leave(query);
        if let Some(open) = self.queries.pop() {
            while self.frames.len() > open.frames {
                flow(self.close())?;
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<GuardError> {
        flow(self.select(select))
    }

    fn post_visit_select(&mut self, select: &Select) -> ControlFlow<GuardError> {
        let body = self.queries.last().and_then(|open| open.body);
        if body == Some(address(select)) {
            return ControlFlow::Continue(());
        }
        flow(self.close())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<GuardError> {
        if self.rule(name).is_some() {
            self.pending += 1;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<GuardError> {
        flow(match expr {
            Expr::Identifier(column) => self.column(&[column]),
            Expr::CompoundIdentifier(parts) => self.column(&parts.iter().collect::<Vec<_>>()),
            Expr::CompoundFieldAccess { .. } => self.column(&expressions::column(expr)),
            Expr::QualifiedWildcard(name, _) => self.row(name),
            Expr::Function(function) => self.arguments(function),
            Expr::In {
                target: InTarget::Table { name, args: None },
                ..
            } => self.set_of_rows(name),
            _ => Ok(()),
        })
    }
}
