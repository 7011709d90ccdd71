//! Names of tables that PostgreSQL does not take for names.
//!
//! The parser takes some words for a table where PostgreSQL sees a keyword: `FROM user` calls the
//! function, `ONLY` is a mark on the table behind it. The text is sent as it was written, so such a word
//! has to stand in quotes.

use std::ops::ControlFlow;

use sqlparser::ast::{Ident, ObjectName, Statement, TableFactor, TableInheritance, Visit, Visitor};

use super::{GuardError, definition};
use crate::Dialect;
use crate::dialect::Feature;

/// Whether a name, in lower case, must stand in quotes. Of SQLite's words more are told than it insists on.
pub(crate) fn is_reserved(dialect: Dialect, word: &str) -> bool {
    WORDS.contains(&word) || dialect.rules().reserved_words().contains(&word)
}

/// Words that are reserved, those that may name a function or type included (`gram.y`, 12 to 17).
const WORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// What a look over the names of the relations found.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// A reserved word that stands for a table or a column that is defined.
    pub(super) reserved: Option<String>,
    /// How many tables are marked with `ONLY`.
    pub(super) only_count: usize,
    is_function: bool,
}

impl Relations {
    pub(super) fn of(dialect: Dialect, statement: &Statement) -> Self {
        let mut found = Self::default();
        if !dialect.has(Feature::KeywordTables) {
            return found;
        }
        let _ = statement.visit(&mut found);
        // The walk does not show most names of a definition.
        if let Ok(definition) = definition::look_through(statement) {
            for (_, name) in definition.names {
                found.name(name);
            }
            for column in definition::column_names(statement) {
                found.ident(column);
            }
        }
        found
    }

    fn name(&mut self, name: &ObjectName) {
        // Behind a period every word is a name.
        if let Some(first) = name.0.first().and_then(|part| part.as_ident()) {
            self.ident(first);
        }
    }

    fn ident(&mut self, ident: &Ident) {
        let word = ident.value.to_ascii_lowercase();
        if ident.quote_style.is_none() && WORDS.binary_search(&word.as_str()).is_ok() {
            self.reserved.get_or_insert(word);
        }
    }

    /// # Errors
    /// `Syntax`: a reserved word stands for a name.
    pub(super) fn check(&self) -> Result<(), GuardError> {
        match &self.reserved {
            None => Ok(()),
            Some(word) => Err(GuardError::Syntax(format!(
                "{word} is a keyword of PostgreSQL; as a name it is written \"{word}\""
            ))),
        }
    }
}

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table {
                args, inheritance, ..
            } => {
                self.is_function = args.is_some();
                if matches!(inheritance, Some(TableInheritance::Only { .. })) {
                    self.only_count += 1;
                }
            }
            TableFactor::Function { .. } => self.is_function = true,
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if !std::mem::take(&mut self.is_function) {
            self.name(name);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        assert!(WORDS.is_sorted());
    }
}
