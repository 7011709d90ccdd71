//! Puts every name of a relation in quotes.
//!
//! The parser takes some words for names that a database takes for keywords: of `FROM only secret` it
//! makes a table `only` with the alias `secret`, PostgreSQL the table `secret`. In quotes a name is a
//! name for everybody, so that what was checked is what is read.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query, Statement, TableAlias, TableFactor, VisitMut,
    VisitorMut,
};

use super::definition;
use crate::Dialect;
use crate::name::fold_ident;

pub(super) fn relations(dialect: Dialect, statement: &mut Statement) {
    for (_, name) in definition::names_mut(statement) {
        quote_name(dialect, name);
    }
    for name in definition::column_names_mut(statement) {
        quote(dialect, name);
    }
    let _ = statement.visit(&mut Quoting { dialect });
}

struct Quoting {
    dialect: Dialect,
}

impl Quoting {
    fn alias(&self, alias: Option<&mut TableAlias>) {
        if let Some(alias) = alias {
            alias.explicit = true;
            quote(self.dialect, &mut alias.name);
        }
    }
}

impl VisitorMut for Quoting {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            quote(self.dialect, &mut cte.alias.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &mut ObjectName) -> ControlFlow<()> {
        quote_name(self.dialect, name);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Function { name, alias, .. } => {
                quote_name(self.dialect, name);
                self.alias(alias.as_mut());
            }
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => {
                self.alias(alias.as_mut());
            }
            // Refused by the classification.
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn quote_name(dialect: Dialect, name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            quote(dialect, ident);
        }
    }
}

fn quote(dialect: Dialect, ident: &mut Ident) {
    let folded = fold_ident(dialect, ident);
    // The parser runs without unescaping: a quote inside stands doubled in the tree.
    ident.value = folded.replace('"', "\"\"");
    ident.quote_style = Some('"');
}
