//! Looking for something in a statement. The syntax tree has so many kinds of nodes that each type of visitor is half a
//! megabyte of code: those that only look share this one.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Statement, Visit, Visitor};

/// A part of a statement.
pub(super) enum Part<'a> {
    Query,
    Expr(&'a Expr),
}

/// Whether some part is meant. Stops at the first.
pub(super) fn any(statement: &Statement, is_meant: &mut dyn FnMut(Part<'_>) -> bool) -> bool {
    statement.visit(&mut Looking(is_meant)).is_break()
}

struct Looking<'f>(&'f mut dyn FnMut(Part<'_>) -> bool);

impl Looking<'_> {
    fn look(&mut self, part: Part<'_>) -> ControlFlow<()> {
        if (self.0)(part) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Visitor for Looking<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.look(Part::Query)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.look(Part::Expr(expr))
    }
}
