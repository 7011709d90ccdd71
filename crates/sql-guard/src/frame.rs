//! What a query's FROM makes visible, as far as row level security needs to know it.

use std::ops::Range;

use sqlparser::ast::{
    Expr, Join, JoinConstraint, JoinOperator, ObjectName, Select, TableAlias, TableFactor,
    TableWithJoins,
};

use crate::Dialect;
use crate::name::{TableName, fold_ident};

/// What one SELECT reads from.
#[derive(Default)]
pub(super) struct Frame<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Conditions that every row of the result meets, with the items that can be named in them.
    pub(super) conditions: Vec<(&'a Expr, Range<usize>)>,
    /// Whether a join makes one column of two.
    pub(super) merges_columns: bool,
    /// Whether it does so with all columns of one name.
    pub(super) is_natural: bool,
}

/// One table, subquery or function.
pub(super) struct Item<'a> {
    /// What columns of it are called by, folded.
    pub(super) effective: Option<String>,
    /// A table that stands there by its name.
    pub(super) table: Option<TableItem<'a>>,
    /// Whether its columns may be null where it has no row.
    pub(super) is_nullable: bool,
    /// Whether it is a part of a JOIN.
    pub(super) is_joined: bool,
}

pub(super) struct TableItem<'a> {
    pub(super) name: &'a ObjectName,
    pub(super) table: TableName,
    pub(super) has_alias: bool,
    /// Whether the alias gives the columns other names.
    pub(super) renames_columns: bool,
    pub(super) factor: &'a TableFactor,
}

impl TableItem<'_> {
    /// The names that the alias gives the first columns, folded.
    pub(super) fn column_aliases(&self, dialect: Dialect) -> Vec<String> {
        match self.factor {
            TableFactor::Table {
                alias: Some(alias), ..
            } => {
                let columns = alias.columns.iter();
                let names = columns.map(|column| fold_ident(dialect, &column.name));
                names.collect()
            }
            _ => Vec::new(),
        }
    }
}

impl<'a> Frame<'a> {
    pub(super) fn of(dialect: Dialect, select: &'a Select) -> Self {
        let mut frame = Self::default();
        for from in &select.from {
            frame.chain(dialect, from);
        }
        if let Some(condition) = &select.selection {
            frame.conditions.push((condition, 0..frame.items.len()));
        }
        frame
    }

    fn chain(&mut self, dialect: Dialect, from: &'a TableWithJoins) {
        let start = self.items.len();
        self.factor(dialect, &from.relation);
        for Join {
            relation,
            join_operator,
            ..
        } in &from.joins
        {
            let right = self.items.len();
            self.factor(dialect, relation);
            let (constraint, nullable) = match join_operator {
                JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                    (Some(on), right..right)
                }
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
                    (Some(on), right..self.items.len())
                }
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (Some(on), start..right),
                JoinOperator::FullOuter(on) => (Some(on), start..self.items.len()),
                _ => (None, start..self.items.len()),
            };
            let is_inner = nullable.is_empty();
            for item in &mut self.items[nullable] {
                item.is_nullable = true;
            }
            match constraint {
                Some(JoinConstraint::On(condition)) if is_inner => {
                    // What stands further on, or outside of the parentheses, is not visible there.
                    let visible = start..self.items.len();
                    self.conditions.push((condition, visible));
                }
                Some(JoinConstraint::On(_) | JoinConstraint::None) => {}
                Some(JoinConstraint::Using(_) | JoinConstraint::UsingAlias(..)) => {
                    self.merges_columns = true;
                }
                Some(JoinConstraint::Natural) | None => {
                    self.merges_columns = true;
                    self.is_natural = true;
                }
            }
        }
        if !from.joins.is_empty() {
            for item in &mut self.items[start..] {
                item.is_joined = true;
            }
        }
    }

    fn factor(&mut self, dialect: Dialect, factor: &'a TableFactor) {
        let folded = |alias: &TableAlias| fold_ident(dialect, &alias.name);
        let (effective, table) = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let table = TableName::parse(dialect, name);
                let effective = alias.as_ref().map(folded);
                let effective = effective.or_else(|| Some(table.as_ref()?.table.clone()));
                let table = table.map(|table| TableItem {
                    name,
                    table,
                    has_alias: alias.is_some(),
                    renames_columns: alias
                        .as_ref()
                        .is_some_and(|alias| !alias.columns.is_empty()),
                    factor,
                });
                (effective, table)
            }
            TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                let own = own.map(|name| fold_ident(dialect, name));
                (alias.as_ref().map(folded).or(own), None)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => return self.chain(dialect, table_with_joins),
            TableFactor::XmlTable { alias, .. } => {
                let own = || "xmltable".to_owned();
                (alias.as_ref().map(folded).or_else(|| Some(own())), None)
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => (alias.as_ref().map(folded), None),
            // Refused by the classification.
            _ => (None, None),
        };
        self.items.push(Item {
            effective,
            table,
            is_nullable: false,
            is_joined: false,
        });
    }

    /// The items that a name before a column means.
    pub(super) fn called(&self, name: &str) -> impl Iterator<Item = usize> {
        let is_called = move |item: &Item<'_>| item.effective.as_deref() == Some(name);
        let items = self.items.iter().enumerate();
        items
            .filter(move |(_, item)| is_called(item))
            .map(|(index, _)| index)
    }
}
