//! Functions in a FROM whose rows are no rows: the name of one that gives single values stands for the value, and
//! `name.f` is then the call `f(name)` (PostgreSQL manual §8.16.5) unless the name has a column `f`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Ident, Statement, TableAlias, TableFactor, Visit, Visitor};

use crate::Dialect;
use crate::dialect::Feature;
use crate::name::{TableName, fold_ident};

/// The names by which a statement knows the functions of its FROMs, wherever they stand.
pub(super) struct FunctionRows {
    dialect: Dialect,
    found: Vec<FunctionRow>,
}

struct FunctionRow {
    name: String,
    columns: BTreeSet<String>,
}

impl FunctionRows {
    pub(super) fn of(dialect: Dialect, statement: &Statement) -> Self {
        let mut rows = Self {
            dialect,
            found: Vec::new(),
        };
        if dialect.has(Feature::FieldFunctions) {
            let _ = statement.visit(&mut rows);
        }
        rows
    }

    /// Whether `qualifier.name` may be a call of the function `name`.
    pub(super) fn may_call(&self, qualifier: &Ident, name: &Ident) -> bool {
        let (qualifier, name) = (
            fold_ident(self.dialect, qualifier),
            fold_ident(self.dialect, name),
        );
        let is_call = |row: &FunctionRow| row.name == qualifier && !row.columns.contains(&name);
        self.found.iter().any(is_call)
    }

    fn add(&mut self, function: Option<String>, alias: Option<&TableAlias>) {
        let fold = |ident: &Ident| fold_ident(self.dialect, ident);
        let name = alias.map(|alias| fold(&alias.name)).or(function);
        let columns = alias
            .map(|alias| alias.columns.as_slice())
            .unwrap_or_default();
        let columns = columns.iter().map(|column| fold(&column.name)).collect();
        if let Some(name) = name {
            self.found.push(FunctionRow { name, columns });
        }
    }
}

impl Visitor for FunctionRows {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table {
                name,
                args: Some(_),
                alias,
                ..
            }
            | TableFactor::Function { name, alias, .. } => {
                let name = TableName::parse(self.dialect, name).map(|name| name.table);
                self.add(name, alias.as_ref());
            }
            TableFactor::UNNEST { alias, .. } => {
                self.add(Some("unnest".to_owned()), alias.as_ref());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
