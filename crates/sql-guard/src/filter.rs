//! Row level security: every reference of a table becomes a subquery of the rows that may be seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rewrite::Prepared;
use super::script::predicate;
use super::{GuardError, Script, StatementKind};
use crate::Dialect;
use crate::catalogue::{Catalogue, Leakproof, TableFacts};
use crate::name::TableName;

/// For each table the condition that its rows must meet, as SQL text, already combined.
///
/// Keys must be the names that [`SqlStatement::tables`](super::SqlStatement::tables) gives: the caller
/// decides which of them mean which dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilters {
    by_table: BTreeMap<TableName, Rule>,
    leakproof: Arc<Leakproof>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    predicate: String,
    facts: Option<Arc<TableFacts>>,
}

impl RowFilters {
    /// No table is filtered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition; a second one for the same table narrows further.
    pub fn add(&mut self, table: TableName, predicate: &str) {
        self.by_table
            .entry(table)
            // A comment at its end must not swallow what follows, hence the new lines.
            .and_modify(|rule| {
                rule.predicate = format!("({}\n) AND ({predicate}\n)", rule.predicate);
            })
            .or_insert_with(|| Rule {
                predicate: predicate.to_owned(),
                facts: None,
            });
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.by_table.is_empty()
    }

    /// Whether the table is filtered.
    pub fn contains(&self, table: &TableName) -> bool {
        self.by_table.contains_key(table)
    }

    /// The tables that the conditions read besides.
    ///
    /// # Errors
    /// `RowFilter`: a condition does not parse.
    pub fn tables(&self, dialect: Dialect) -> Result<BTreeSet<TableName>, GuardError> {
        let mut found = BTreeSet::new();
        for (table, rule) in &self.by_table {
            let script = in_a_query(dialect, table, &rule.predicate)?;
            found.extend(script.tables().into_iter().cloned());
        }
        Ok(found)
    }

    pub(super) fn leakproof(&self) -> &Leakproof {
        &self.leakproof
    }

    /// The rules of these tables.
    pub(super) fn prepared(
        &self,
        dialect: Dialect,
        tables: &BTreeSet<TableName>,
    ) -> Result<Rules, GuardError> {
        let mut rules = Rules {
            by_table: BTreeMap::new(),
            tables: BTreeSet::new(),
        };
        for table in tables {
            let Some(rule) = self.by_table.get(table) else {
                continue;
            };
            let script = in_a_query(dialect, table, &rule.predicate)?;
            rules.tables.extend(script.tables().into_iter().cloned());
            refuse_row(table, rule, &script)?;
            let condition = condition_of(&script).map_err(|reason| refusal(table, &reason))?;
            let prepared = Prepared {
                condition,
                facts: rule.facts.clone(),
                reads_tables: !script.tables().is_empty(),
            };
            rules.by_table.insert(table.clone(), prepared);
        }
        Ok(rules)
    }

    /// Says of the tables in the conditions where they lie, so that no name of the query comes before them, and
    /// takes in what is known of the filtered tables. `home` knows the tables of the conditions, which are not
    /// looked up where the caller says.
    ///
    /// # Errors
    /// `RowFilter`: a condition reads a table that `home` does not know.
    pub fn place(
        &mut self,
        dialect: Dialect,
        catalogue: &Catalogue,
        home: &Catalogue,
    ) -> Result<(), GuardError> {
        self.leakproof = catalogue.leakproof.clone();
        for (table, rule) in &mut self.by_table {
            rule.facts = catalogue.table(table).cloned();
            let mut script = in_a_query(dialect, table, &rule.predicate)?;
            for read in script.tables() {
                if read.schema.is_none() && !home.tables.contains_key(read) {
                    let reason = format!("it reads {read}, which does not exist");
                    return Err(refusal(table, &reason));
                }
            }
            for statement in script.statements_mut() {
                statement.place(home)?;
            }
            rule.predicate = condition_of(&script).map_err(|reason| refusal(table, &reason))?;
        }
        Ok(())
    }
}

/// The rules of a statement's tables, ready to be put in.
pub(super) struct Rules {
    pub(super) by_table: BTreeMap<TableName, Prepared>,
    /// What they read besides.
    pub(super) tables: BTreeSet<TableName>,
}

impl Rules {
    /// Each condition as a query of its table alone.
    pub(super) fn alone(&self, dialect: Dialect) -> Vec<(TableName, String)> {
        let of_table = |(name, rule): (&TableName, &Prepared)| {
            let table = name.or_main(dialect).to_sql(dialect);
            let alone = format!("SELECT 1 FROM {table} WHERE ({})", rule.condition);
            (name.clone(), alone)
        };
        self.by_table.iter().map(of_table).collect()
    }
}

/// A table's name alone is its row, but only where no column of the query around has the name, and that query is the
/// caller's.
fn refuse_row(table: &TableName, rule: &Rule, condition: &Script) -> Result<(), GuardError> {
    let has_column = |facts: &Arc<TableFacts>| facts.columns.contains_key(&table.table);
    let mut statements = condition.statements().iter();
    if !rule.facts.as_ref().is_some_and(has_column)
        && statements.any(|statement| statement.has_bare_name(&table.table))
    {
        return Err(refusal(
            table,
            "it takes the table's whole row by the table's name",
        ));
    }
    Ok(())
}

const BEFORE: &str = "SELECT 1 WHERE (";
const BEHIND: &str = "\n)";

/// A condition as a query of its own.
fn in_a_query(dialect: Dialect, table: &TableName, predicate: &str) -> Result<Script, GuardError> {
    let condition =
        self::predicate(dialect, predicate).map_err(|reason| refusal(table, &reason))?;
    let text = format!("{BEFORE}{condition}{BEHIND}");
    let script = Script::parse(dialect, &text).map_err(|err| refusal(table, &err.to_string()))?;
    match script.statements() {
        [statement] if statement.kind() == StatementKind::Read => Ok(script),
        _ => Err(refusal(table, "it is more than a condition")),
    }
}

/// The condition out of [`in_a_query`].
fn condition_of(script: &Script) -> Result<String, String> {
    let [statement] = script.statements() else {
        return Err("it is more than a condition".to_owned());
    };
    let sql = statement.sql().map_err(|err| err.to_string())?;
    let condition = sql
        .strip_prefix(BEFORE)
        .and_then(|rest| rest.strip_suffix(BEHIND));
    condition
        .map(str::to_owned)
        .ok_or_else(|| "it cannot be put together".to_owned())
}

pub(super) fn refusal(table: &TableName, reason: &str) -> GuardError {
    GuardError::RowFilter {
        table: table.to_string(),
        reason: reason.to_owned(),
    }
}
