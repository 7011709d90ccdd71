//! What names mean within a SELECT, while row level security is put into it.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::ObjectName;

use crate::catalogue::TableFacts;
use crate::name::TableName;

/// A SELECT that the walk is in.
pub(super) struct OpenSelect {
    /// What stands in its FROM, in order.
    pub(super) visible: Vec<Visible>,
    /// Whether a join makes one column of two.
    pub(super) merges_columns: bool,
    /// Whether it does so with all columns of one name.
    pub(super) is_natural: bool,
    pub(super) stars: Vec<Star>,
}

/// What a name in a query may mean.
#[derive(Default)]
pub(super) struct Visible {
    pub(super) effective: Option<String>,
    /// Whether it is a table or view, with an alias or without.
    pub(super) is_table: bool,
    /// Whether it is a part of a JOIN, of which PostgreSQL knows system columns by the table's name alone.
    pub(super) is_joined: bool,
    /// A table that stands there without an alias.
    pub(super) table: Option<TableName>,
    /// What the subquery in its place is called, quoted, where that is not its own name.
    pub(super) renamed: Option<String>,
    pub(super) facts: Option<Arc<TableFacts>>,
    /// The subquery that takes its place, where a rule holds for it.
    pub(super) fence: Option<Fence>,
}

/// The subquery that takes the place of a table under a rule.
pub(super) struct Fence {
    pub(super) full: TableName,
    /// The bytes in which the table's name stands.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The caller's conditions that may be tried on all rows.
    pub(super) conditions: Vec<String>,
    /// What stands behind it: `AS sales`, or nothing where the text has an alias.
    pub(super) alias: String,
    /// The names that the alias gives the first columns.
    pub(super) column_aliases: Vec<String>,
    /// The system columns that the statement reads of the table.
    pub(super) system_columns: BTreeSet<&'static str>,
    /// Whether the row stands somewhere as one value.
    pub(super) is_row_used: bool,
}

/// `*`, `sales.*` among the columns of a SELECT.
pub(super) struct Star {
    /// The bytes in which it stands, with the name before it. `None`: it is not known where.
    pub(super) place: Option<(usize, usize)>,
    /// The item of the FROM that is meant, by the name before the star. `None`: all of them.
    pub(super) of: Option<(usize, ObjectName)>,
}
