//! Plans of tables under row level security: without what tells of hidden rows.

use sqlparser::ast::{SetExpr, Statement, UtilityOption};

use super::GuardError;
use super::fence::{Target, conjuncts};
use super::frame::Frame;
use super::rewrite::{Prepared, Rewrite, Step};
use super::walk::{self, Part};
use crate::catalogue::RelationKind;
use crate::dialect::Feature;

impl Rewrite<'_> {
    /// Guesses and counts of rows come from all rows of a table, so that a plan is shown without them.
    pub(super) fn explain(&mut self, statement: &Statement) -> Step {
        let Statement::Explain {
            analyze,
            verbose,
            options,
            statement: explained,
            ..
        } = statement
        else {
            return Ok(());
        };
        let is_known = |option: &UtilityOption| {
            let name = option.name.value.to_ascii_lowercase();
            matches!(name.as_str(), "format" | "verbose" | "generic_plan")
        };
        if *analyze || !options.iter().flatten().all(is_known) {
            return Err(GuardError::Forbidden(COUNTS));
        }
        if !self.task.dialect.has(Feature::SafePlans) {
            // With samples that ANALYZE left SQLite's planner knows single values, too, and nobody looks its keys up.
            return Err(GuardError::Forbidden(COUNTS));
        }
        if !self.is_look_up(explained) {
            return Err(GuardError::Forbidden(PLANS));
        }
        let start = self.task.start;
        let (word, rest) = match self.task.source.get(start..start + WORD) {
            Some(word) => (word, &self.task.source[start + WORD..]),
            None => return Err(GuardError::Forbidden(COUNTS)),
        };
        let space = rest.len() - rest.trim_start().len();
        let at = start + WORD + space;
        let next = &self.task.source[at..];
        if !word.eq_ignore_ascii_case("explain") {
            return Err(GuardError::Forbidden(COUNTS));
        }
        if options.is_some() {
            // Of two that contradict each other the last one counts, and no other is there.
            if !next.starts_with('(') {
                return Err(GuardError::Forbidden(COUNTS));
            }
            self.edits.replace(at + 1, at + 1, "COSTS OFF, ".to_owned());
        } else if *verbose {
            let length = "verbose".len();
            if !next
                .get(..length)
                .is_some_and(|word| word.eq_ignore_ascii_case("verbose"))
            {
                return Err(GuardError::Forbidden(COUNTS));
            }
            self.edits
                .replace(at, at + length, "(COSTS OFF, VERBOSE)".to_owned());
        } else {
            self.edits.replace(at, at, "(COSTS OFF) ".to_owned());
        }
        Ok(())
    }

    /// Whether a query finds one row by its key, so that its plan is the same for every value. Which way the planner takes
    /// otherwise it decides by how often a value stands in all rows, hidden ones among them.
    fn is_look_up(&self, statement: &Statement) -> bool {
        let Statement::Query(query) = statement else {
            return false;
        };
        let SetExpr::Select(select) = &*query.body else {
            return false;
        };
        let frame = Frame::of(self.task.dialect, select);
        let ([item], Some(condition)) = (frame.items.as_slice(), &select.selection) else {
            return false;
        };
        let rule = item.table.as_ref().and_then(|table| self.rule(table.name));
        let Some((
            _,
            Prepared {
                facts: Some(facts),
                reads_tables: false,
                ..
            },
        )) = rule
        else {
            return false;
        };
        let target = Target {
            dialect: self.task.dialect,
            facts,
            leakproof: self.task.leakproof,
            alias: item.effective.as_deref().unwrap_or_default(),
            is_alias_unique: true,
            has_bare_columns: true,
        };
        // A unique index says nothing of the rows of tables that inherit.
        facts.kind == RelationKind::Plain
            && has_one_select(statement)
            && conjuncts(condition)
                .into_iter()
                .all(|condition| target.is_key(condition))
    }
}

/// Whether there is no query in the query.
fn has_one_select(statement: &Statement) -> bool {
    let mut queries = 0;
    !walk::any(statement, &mut |part| {
        queries += usize::from(matches!(part, Part::Query));
        queries > 1
    })
}

const WORD: usize = "explain".len();
const COUNTS: &str = "EXPLAIN that tells of all rows of a table with row level security";
const PLANS: &str =
    "EXPLAIN of a table with row level security, but for one row looked up by its key,";
