//! What a statement names, and what of it a caller may use.

use std::collections::{BTreeMap, BTreeSet};

use super::classify::StatementKind;
use super::grammar::OutsideNames;
use super::place::Placement;
use super::{GuardError, Policy};
use crate::catalogue::{Catalogue, FunctionFacts, Named, OperatorFacts, RelationKind, TypeFacts};
use crate::dialect::is_known_operator;
use crate::name::TableName;

/// What PostgreSQL brings lies there.
pub(super) const SYSTEM_SCHEMA: &str = "pg_catalog";

/// What the walk over a statement found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Tables that are read, changed or made; not common table expressions.
    pub(super) tables: BTreeSet<TableName>,
    /// Those of them that must be there.
    pub(super) existing: BTreeSet<TableName>,
    /// Those that the statement makes, with the table that gets this name where it is one.
    pub(super) created: BTreeMap<TableName, Option<TableName>>,
    pub(super) denied_functions: BTreeSet<String>,
    pub(super) denied_tables: BTreeSet<String>,
    /// What tells of tables, whoever may see them: functions and types.
    pub(super) catalogue: BTreeSet<String>,
    /// What tells of rows that a rule may hide: functions and tables.
    pub(super) statistics: BTreeSet<String>,
    /// Functions that are not the server's own.
    pub(super) other_functions: BTreeSet<TableName>,
    /// Fields of values, or functions in their place: `(x).f` is `f(x)`.
    pub(super) attributes: BTreeSet<TableName>,
    /// Types that are not the server's own; each table has one.
    pub(super) other_types: BTreeSet<TableName>,
    /// Collations that not every server has.
    pub(super) other_collations: BTreeSet<TableName>,
    /// Operators.
    pub(super) operators: BTreeSet<TableName>,
    /// Schemas before operators, and before tables of columns.
    pub(super) schemas: BTreeSet<String>,
    /// The same with the name of a database.
    pub(super) schemas_of_databases: BTreeSet<String>,
    /// Whether things change that the statement does not name.
    pub(super) cascades: bool,
    /// Whether nothing happens where something that need not be open has the name.
    pub(super) skips_taken_names: bool,
    /// The first part that is never allowed.
    pub(super) forbidden: Option<&'static str>,
    /// The first part that changes rows, inside of a query.
    pub(super) writes: Option<&'static str>,
}

impl Findings {
    /// Refuses what `policy` does not allow of what was found.
    pub(super) fn check(&self, policy: Policy) -> Result<(), GuardError> {
        let names = |names: &BTreeSet<String>| names.iter().cloned().collect();
        if !self.denied_functions.is_empty() {
            return Err(GuardError::Functions(names(&self.denied_functions)));
        }
        if !self.denied_tables.is_empty() {
            return Err(GuardError::Tables(names(&self.denied_tables)));
        }
        if !self.catalogue.is_empty() && !policy.sees_all_tables {
            return Err(GuardError::Catalogue(names(&self.catalogue)));
        }
        if policy.sees_all_tables {
            // Others are told first that the table is closed to them.
            self.check_statistics(policy)?;
        }
        if self.cascades && !(policy.sees_all_tables && policy.sees_all_rows) {
            return Err(GuardError::Forbidden(
                "CASCADE, which changes what the statement does not name,",
            ));
        }
        if self.skips_taken_names && !policy.sees_all_tables {
            return Err(GuardError::Forbidden(
                "CREATE INDEX IF NOT EXISTS, which succeeds without an index where another table's has the name,",
            ));
        }
        Ok(())
    }

    /// Puts the schemas in that the catalogue knows.
    pub(super) fn place(&mut self, catalogue: &Catalogue) -> Placement {
        let mut placement = Placement {
            tables: BTreeMap::new(),
            creation_schema: catalogue.creation_schema.clone(),
        };
        for table in self.existing.iter().filter(|table| table.schema.is_none()) {
            if let Some(facts) = catalogue.tables.get(table) {
                placement.tables.insert(table.clone(), facts.name.clone());
            }
        }
        self.existing = self
            .existing
            .iter()
            .map(|table| placement.full(table))
            .collect();
        let created = std::mem::take(&mut self.created).into_iter();
        self.created = created
            .map(|(table, altered)| match altered {
                Some(altered) => {
                    let altered = placement.full(&altered);
                    (
                        TableName {
                            table: table.table,
                            ..altered.clone()
                        },
                        Some(altered),
                    )
                }
                None => (placement.created(&table), None),
            })
            .collect();
        self.tables = self
            .existing
            .iter()
            .chain(self.created.keys())
            .cloned()
            .collect();
        placement
    }

    fn check_statistics(&self, policy: Policy) -> Result<(), GuardError> {
        if self.statistics.is_empty() || policy.sees_all_rows {
            return Ok(());
        }
        Err(GuardError::HiddenRows(
            self.statistics.iter().cloned().collect(),
        ))
    }

    /// Takes in what the tree does not show.
    pub(super) fn note(&mut self, outside: OutsideNames) {
        for name in outside.operator_schemas {
            let database = name.schema.as_deref();
            self.schema(database, name.table.clone());
        }
        let is_other = |name: &TableName| name.schema.as_deref() != Some(SYSTEM_SCHEMA);
        let operators = outside.operators.into_iter();
        self.operators.extend(operators.filter(is_other));
        let is_other = |name: &TableName| {
            name.schema.as_deref() != Some(SYSTEM_SCHEMA)
                && !matches!(name.table.as_str(), "default" | "C" | "POSIX")
                || name.catalog.is_some()
        };
        let collations = outside.collations.into_iter();
        self.other_collations.extend(collations.filter(is_other));
    }

    /// A schema that stands before something else than a table.
    pub(super) fn schema(&mut self, database: Option<&str>, schema: String) {
        match database {
            Some(database) => {
                let name = format!("{database}.{schema}");
                self.schemas_of_databases.insert(name);
            }
            None if schema == SYSTEM_SCHEMA => {}
            None => {
                self.schemas.insert(schema);
            }
        }
    }

    /// The schemas that the statement names beside those of its tables, or in which the database finds what it names.
    pub(super) fn schemas(&self, catalogue: &Catalogue) -> BTreeSet<String> {
        let mut schemas = self.schemas.clone();
        let named = [
            &self.other_functions,
            &self.other_types,
            &self.other_collations,
        ];
        schemas.extend(
            named
                .into_iter()
                .flatten()
                .filter_map(|name| name.schema.clone()),
        );
        let types = catalogue
            .types
            .iter()
            .filter(|(name, _)| catalogue.converts_to(name) || self.other_types.contains(*name));
        let types = types.map(|(_, named)| &named.schemas);
        let functions = catalogue.functions.values().map(|named| &named.schemas);
        let collations = catalogue.collations.values().map(|named| &named.schemas);
        let operators = catalogue.operators.iter();
        let operators = operators.filter(|(name, named)| is_own(name, named));
        let operators = operators.map(|(_, named)| &named.schemas);
        let found = types.chain(functions).chain(collations).chain(operators);
        schemas.extend(found.flatten().cloned());
        schemas
    }

    /// Refuses functions, types, collations and schemas that are not open to the caller, `seen` being the schemas that
    /// are, and gives those types that are the rows of a table, with the table.
    pub(super) fn check_names(
        &self,
        policy: Policy,
        catalogue: &Catalogue,
        seen: &BTreeSet<String>,
    ) -> Result<BTreeMap<TableName, TableName>, GuardError> {
        let mut rows = BTreeMap::new();
        if policy.sees_all_tables && policy.sees_all_rows {
            return Ok(rows);
        }
        let is_open = |schema: &String| policy.sees_all_tables || seen.contains(schema);
        let is_refused = |name: &&TableName| match catalogue.functions.get(*name) {
            Some(found) => {
                found.facts == FunctionFacts::Catalogue || !lies_open(name, found, is_open)
            }
            // A field; a function by this name would be known.
            None => !self.attributes.contains(*name),
        };
        let functions = self.other_functions.iter().chain(&self.attributes);
        refuse("functions", functions.filter(is_refused))?;
        let is_refused = |name: &&TableName| match catalogue.operators.get(*name) {
            Some(found) => {
                found.facts == OperatorFacts::Catalogue
                    || is_own(name, found) && !lies_open(name, found, is_open)
            }
            None => name.schema.is_some() || !is_known_operator(&name.table),
        };
        refuse("operators", self.operators.iter().filter(is_refused))?;
        if policy.sees_all_tables {
            return Ok(rows);
        }
        let mut refused = Vec::new();
        let conversions = self.attributes.iter();
        let conversions = conversions.filter(|name| catalogue.converts_to(name));
        for name in self.other_types.iter().chain(conversions) {
            match catalogue.types.get(name) {
                Some(found) if !lies_open(name, found, is_open) => refused.push(name),
                Some(Named {
                    facts: TypeFacts::Plain,
                    ..
                }) => {}
                Some(Named {
                    facts: TypeFacts::RowOf(table),
                    ..
                }) => {
                    rows.insert(name.clone(), table.clone());
                }
                _ => refused.push(name),
            }
        }
        refuse("types", refused.into_iter())?;
        let is_refused = |name: &&TableName| {
            let found = catalogue.collations.get(*name);
            found.is_none_or(|found| !lies_open(name, found, is_open))
        };
        refuse(
            "collations",
            self.other_collations.iter().filter(is_refused),
        )?;
        let closed = self.schemas.iter().filter(|schema| !is_open(schema));
        refuse("schemas", closed.chain(&self.schemas_of_databases))?;
        Ok(rows)
    }

    /// Refuses what tells more of a table than its rows: a plan, of what lies under a view; a sequence, of rows that a
    /// rule hides.
    pub(super) fn check_relations(
        &self,
        policy: Policy,
        kind: StatementKind,
        catalogue: &Catalogue,
    ) -> Result<(), GuardError> {
        let kinds = self.existing.iter().map(|table| {
            let facts = catalogue.table(table);
            (table, facts.map_or(RelationKind::Other, |facts| facts.kind))
        });
        if kind == StatementKind::Explain && !policy.sees_all_tables {
            let is_plain = kinds.clone().all(|(_, kind)| kind == RelationKind::Plain);
            let mut attributes = self.attributes.iter();
            let mut operators = self.operators.iter();
            let calls = !self.other_functions.is_empty()
                || attributes.any(|name| catalogue.functions.contains_key(name))
                || operators.any(|name| {
                    let found = catalogue.operators.get(name);
                    found.is_some_and(|found| is_own(name, found))
                });
            if !is_plain || calls {
                return Err(GuardError::Forbidden(
                    "EXPLAIN of anything but tables, whose plan names what lies under a view or in a function,",
                ));
            }
        }
        if policy.sees_all_rows {
            return Ok(());
        }
        self.check_statistics(policy)?;
        let sequences = kinds.filter(|(_, kind)| *kind == RelationKind::Sequence);
        let sequences: Vec<_> = sequences.map(|(table, _)| table.to_string()).collect();
        if sequences.is_empty() {
            Ok(())
        } else {
            Err(GuardError::HiddenRows(sequences))
        }
    }
}

/// Whether an operator is looked at as a function is. One for types of people's own is not, if the server has others of the
/// name: an `=` for one type in a closed schema would close every `=`.
fn is_own(name: &TableName, found: &Named<OperatorFacts>) -> bool {
    match found.facts {
        OperatorFacts::Extension => false,
        OperatorFacts::OnOwnTypes => name.schema.is_some() || !is_known_operator(&name.table),
        OperatorFacts::Own | OperatorFacts::Catalogue => true,
    }
}

/// Whether something is in schemas that are open, by its name and by what the database says of it.
fn lies_open<F>(name: &TableName, found: &Named<F>, is_open: impl Fn(&String) -> bool) -> bool {
    name.catalog.is_none() && name.schema.iter().chain(&found.schemas).all(is_open)
}

fn refuse<N: ToString>(
    what: &'static str,
    names: impl Iterator<Item = N>,
) -> Result<(), GuardError> {
    let names: Vec<_> = names.map(|name| name.to_string()).collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(GuardError::UnknownNames(what, names))
    }
}
