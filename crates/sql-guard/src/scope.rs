//! Which names are common table expressions where, and so which are tables.

use std::ptr;

use sqlparser::ast::Query;

use crate::Dialect;
use crate::name::{TableName, fold_ident};

/// Follows a walk over a statement: call `enter` and `leave` for each query that the walk visits.
///
/// A name is taken for a common table expression only where the SQL standard says that it is one, so
/// that where a database sees fewer or more of them we err on the side of a table, which is checked.
pub(super) struct Scopes {
    dialect: Dialect,
    open: Vec<Scope>,
}

struct Scope {
    /// Names and the address of the query that each stands for. Addresses tell the parts of a `WITH`
    /// from one another while the tree is walked in place; they are compared, never followed.
    tables: Vec<(String, usize)>,
    /// How many of `tables` are known at this point of the walk.
    visible: usize,
    is_recursive: bool,
}

fn address(query: &Query) -> usize {
    ptr::from_ref(query).addr()
}

impl Scopes {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            open: Vec::new(),
        }
    }

    pub(super) fn enter(&mut self, query: &Query) {
        // Entering the body of the n-th table of the WITH around it: it sees those before it. The
        // parts of a WITH are walked in their order, so `visible` needs no setting back.
        let with = query.with.as_ref();
        let tables: Vec<_> = with
            .iter()
            .flat_map(|with| &with.cte_tables)
            .map(|cte| {
                let name = fold_ident(self.dialect, &cte.alias.name);
                (name, address(&cte.query))
            })
            .collect();
        let is_recursive = with.is_some_and(|with| with.recursive);
        self.open.push(Scope {
            visible: if is_recursive { tables.len() } else { 0 },
            tables,
            is_recursive,
        });
    }

    pub(super) fn leave(&mut self, query: &Query) {
        self.open.pop();
        if let Some(outer) = self.open.last_mut()
            && !outer.is_recursive
            && let Some(index) = outer
                .tables
                .iter()
                .position(|(_, body)| *body == address(query))
        {
            outer.visible = index + 1;
        }
    }

    /// Whether an unqualified name stands for a common table expression here.
    pub(super) fn is_common_table(&self, name: &TableName) -> bool {
        name.schema.is_none()
            && self.open.iter().any(|scope| {
                scope.tables[..scope.visible]
                    .iter()
                    .any(|(table, _)| *table == name.table)
            })
    }
}
