//! What a database's catalogue says of the names in a statement. The guard asks nobody: whoever checks
//! rights looks the names up, and hands on what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::TableName;

/// Names that a statement uses and that only the database can tell about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamesInUse {
    /// Tables and views.
    pub tables: BTreeSet<TableName>,
    /// Types that are not the server's own.
    pub types: BTreeSet<TableName>,
    /// Functions that are not the server's own.
    pub functions: BTreeSet<TableName>,
    /// Collations that not every server has.
    pub collations: BTreeSet<TableName>,
    /// Operators: the server's own as well, since people may make others of the same name.
    pub operators: BTreeSet<TableName>,
    /// Whether tables are made, in the schema where the database makes them.
    pub creates: bool,
}

impl NamesInUse {
    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        !self.creates && !self.needs_answers()
    }

    /// Whether any of them is to be looked up.
    pub fn needs_answers(&self) -> bool {
        !(self.tables.is_empty()
            && self.types.is_empty()
            && self.functions.is_empty()
            && self.collations.is_empty()
            && self.operators.is_empty())
    }

    /// Takes in others.
    pub fn extend(&mut self, others: Self) {
        self.tables.extend(others.tables);
        self.types.extend(others.types);
        self.functions.extend(others.functions);
        self.collations.extend(others.collations);
        self.operators.extend(others.operators);
        self.creates |= others.creates;
    }
}

/// A table or view as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// With its schema.
    pub name: TableName,
    /// What kind of relation it is.
    pub kind: RelationKind,
    /// The columns, by stored name.
    pub columns: BTreeMap<String, ColumnFacts>,
}

/// What stands behind the name of a table, as far as plans and rules differ by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RelationKind {
    /// A table of which a plan names nothing but itself and its indexes: neither a view, nor made of other tables, nor
    /// under a policy of the database's own.
    Plain,
    /// A sequence: how many rows were ever made.
    Sequence,
    /// Anything else.
    #[default]
    Other,
}

/// A column, as far as it can be compared without telling anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnFacts {
    /// Its place in the table (`pg_attribute.attnum`). 0 in SQLite, where nobody asks for it.
    pub number: i16,
    /// Whether no two rows have the same value, by an index of this column alone: how many rows a value finds depends on
    /// no value. False in SQLite.
    pub is_unique: bool,
    /// The type that operators see: PostgreSQL's own name of it, `int4`, and that of its base for a domain.
    /// `None`: a type that is not the server's own, or SQLite, where values have types and columns do not.
    pub data_type: Option<String>,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeFacts {
    /// Neither a table's row nor a name in the catalogue.
    Plain,
    /// The row of this table, or an array of them.
    RowOf(TableName),
    /// A text that names something in the catalogue, such as `regclass`.
    CatalogueName,
}

/// What all functions of a name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionFacts {
    /// Made by a person or an extension, and it neither takes nor gives a name of the catalogue.
    Plain,
    /// The server's own, or one that takes or gives a name of the catalogue.
    Catalogue,
}

/// What all operators of a name are that are not the server's own: the last of these that one of them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorFacts {
    /// Of an extension.
    Extension,
    /// Made by people, for types that are not the server's own.
    OnOwnTypes,
    /// Made by people for the server's own types.
    Own,
    /// The same, and it takes or gives a name of the catalogue.
    Catalogue,
}

/// Comparisons that tell nothing of the values they compare (`pg_proc.proleakproof`): operator, type on its
/// left, type on its right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leakproof(BTreeSet<(String, String, String)>);

impl Leakproof {
    /// Whether the operator is known to tell nothing.
    pub fn contains(&self, operator: &str, left: &str, right: &str) -> bool {
        self.0
            .contains(&(operator.to_owned(), left.to_owned(), right.to_owned()))
    }
}

impl FromIterator<(String, String, String)> for Leakproof {
    fn from_iter<I: IntoIterator<Item = (String, String, String)>>(operators: I) -> Self {
        Self(operators.into_iter().collect())
    }
}

/// Something other than a table that goes by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<F> {
    /// What it is.
    pub facts: F,
    /// The schemas that people made and in which it, or what it is made from, was found. What an extension brought is
    /// in none.
    pub schemas: BTreeSet<String>,
}

/// What was found of [`NamesInUse`]. What was not found is not there.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// By the name as it was asked for.
    pub tables: BTreeMap<TableName, Arc<TableFacts>>,
    /// By the name as it was asked for.
    pub types: BTreeMap<TableName, Named<TypeFacts>>,
    /// Those of the types that have columns, of a table or their own: `(x).t` turns no value into one of them.
    pub types_with_columns: BTreeSet<TableName>,
    /// By the name as it was asked for.
    pub functions: BTreeMap<TableName, Named<FunctionFacts>>,
    /// By the name as it was asked for.
    pub collations: BTreeMap<TableName, Named<()>>,
    /// Those that are not the server's own, by the name as it was asked for. The schemas are those of the operators and
    /// of the functions that they call.
    pub operators: BTreeMap<TableName, Named<OperatorFacts>>,
    /// Where a table without a schema is made.
    pub creation_schema: Option<String>,
    /// Which comparisons may be made on rows that nobody may see.
    pub leakproof: Arc<Leakproof>,
}

impl Catalogue {
    /// Whether `(x).name` turns a value into a type of this name.
    pub(crate) fn converts_to(&self, name: &TableName) -> bool {
        self.types.contains_key(name) && !self.types_with_columns.contains(name)
    }

    /// What is known of a table, by the name that was asked for or by its full one.
    pub(crate) fn table(&self, name: &TableName) -> Option<&Arc<TableFacts>> {
        let by_full_name = || self.tables.values().find(|facts| facts.name == *name);
        self.tables.get(name).or_else(by_full_name)
    }
}
