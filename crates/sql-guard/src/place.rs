//! Where the tables of a statement lie. Names without a schema get the one that the database itself finds them
//! in, so that what rights were checked for is what is read, whatever is made or set in between.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, Statement, TableFactor, Visit, Visitor};

use super::GuardError;
use super::change;
use super::definition::{self, DefinitionKind, NameRole};
use super::edits::Edits;
use super::grammar::bytes_of;
use super::scope::Scopes;
use crate::Dialect;
use crate::name::TableName;

/// What names without a schema mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) tables: BTreeMap<TableName, TableName>,
    pub(super) creation_schema: Option<String>,
}

impl Placement {
    /// The name with its schema, where that is known.
    pub(super) fn full(&self, table: &TableName) -> TableName {
        self.tables.get(table).unwrap_or(table).clone()
    }

    /// The name of a table that is made.
    pub(super) fn created(&self, table: &TableName) -> TableName {
        match &self.creation_schema {
            Some(schema) if table.schema.is_none() => TableName {
                schema: Some(schema.clone()),
                ..table.clone()
            },
            _ => table.clone(),
        }
    }
}

/// What writes the schemas into a statement, but for names of tables that `is_left_out`.
///
/// # Errors
/// `Ambiguous`: it is not known where a name stands.
pub(super) fn edits(
    dialect: Dialect,
    statement: &Statement,
    source: &str,
    placement: &Placement,
    is_left_out: &dyn Fn(&TableName) -> bool,
) -> Result<Edits, GuardError> {
    let mut placing = Placing {
        dialect,
        source,
        placement,
        is_left_out,
        scopes: Scopes::new(dialect),
        is_function: false,
        edits: Edits::default(),
        done: BTreeSet::new(),
        is_failed: false,
    };
    if DefinitionKind::of(statement).is_some()
        && let Ok(found) = definition::look_through(statement)
    {
        for (role, name) in found.names {
            match role {
                NameRole::Existing => placing.existing(name),
                NameRole::Created => placing.created(name),
                NameRole::Renamed => {}
            }
        }
    }
    let _ = statement.visit(&mut placing);
    if placing.is_failed {
        return Err(GuardError::Ambiguous);
    }
    Ok(placing.edits)
}

struct Placing<'a> {
    dialect: Dialect,
    source: &'a str,
    placement: &'a Placement,
    is_left_out: &'a dyn Fn(&TableName) -> bool,
    scopes: Scopes,
    /// The next relation is the name of a table function.
    is_function: bool,
    edits: Edits,
    /// Where the names stand that were seen.
    done: BTreeSet<usize>,
    /// A name stands nobody knows where.
    is_failed: bool,
}

impl Placing<'_> {
    fn existing(&mut self, name: &ObjectName) {
        if let Some(table) = TableName::parse(self.dialect, name) {
            let full = self.placement.full(&table);
            self.write(name, &table, &full);
        }
    }

    fn created(&mut self, name: &ObjectName) {
        if let Some(table) = TableName::parse(self.dialect, name) {
            let full = self.placement.created(&table);
            self.write(name, &table, &full);
        }
    }

    fn write(&mut self, name: &ObjectName, table: &TableName, full: &TableName) {
        let (None, Some(schema)) = (&table.schema, &full.schema) else {
            return;
        };
        let Some((start, _, _)) = place_of(self.source, name) else {
            self.is_failed = true;
            return;
        };
        if !self.done.insert(start) || (self.is_left_out)(full) {
            return;
        }
        let text = format!("{}.", self.dialect.quote(schema));
        self.edits.replace(start, start, text);
    }
}

impl Visitor for Placing<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        // No common table expression hides it.
        if let Ok(Some(name)) = change::target(self.dialect, statement) {
            self.existing(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        self.is_function = matches!(factor, TableFactor::Table { args: Some(_), .. });
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if std::mem::take(&mut self.is_function) {
            return ControlFlow::Continue(());
        }
        let table = TableName::parse(self.dialect, name);
        if table.is_some_and(|table| !self.scopes.is_common_table(&table)) {
            self.existing(name);
        }
        ControlFlow::Continue(())
    }
}

/// The bytes in which a name stands, and its last part as written.
pub(super) fn place_of<'a>(source: &'a str, name: &ObjectName) -> Option<(usize, usize, &'a str)> {
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
